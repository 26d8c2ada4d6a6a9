extension SentenceForm {
    /// What can be said of any subject that has been named: it is "it".
    static let factForms =
        forms(
            .fact,
            [
                "It is {look}[ and {look}|, {look} and {look}].",
                "It is [very|quite|rather|truly] {look}[, and often {look}|].",
                "[Most of all|Above all|At first sight|On most days], it is {look}[ and {look}|].",
                "It has {part}[ and {part}|].",
                "It also has {part}[, and it is {look}|].",
                "You will [notice|remember|love|know it by] its {own}.",
                "[People|Children|Most people] [remember|admire|talk about|notice] its {own}.",
                "You can [often|sometimes|usually|always] find it {place}[ or {place}|].",
                "[Look|Search|Try looking] for it {place}.",
                "It [belongs|seems to belong|is often found|is best seen|spends its days] {place}.",
                "It [can|may|likes to|loves to|will often] {act}.",
                "It {acts}[ and {acts}|, and it {acts}|].",
                "[Every day|Sometimes|Now and then|When nobody looks|In its own time], it {acts}.",
                "It {uses}[ and {uses}|, and it {uses}|].",
                "[People|Many people|Children] [like|love|value] it because it {uses}.",
                "[Best of all|Luckily|Better still|And yes], it {uses}.",
                "It [makes|can make|often makes] <you> feel {feel}[ and {feel}|].",
                "[With it|Near it|Thanks to it], you [may|will|can] feel {feel}.",
                "It is <bit> like {like}.",
                "[Some|Some people|Poets|Children] say it is like {like}.",
                "[To me|To a child|From far away|In the dark], it [looks|seems] like {like}.",
                "It [only|just] needs {need}[ and {need}|].",
                "With {need}, it {acts}.",
                "Give it {need}, and it [is|will be] at its best.",
            ])
        + forms(
            .glow,
            [
                "In the [golden|gentle|soft|early|late] [morning|evening] [light|air|hours], it "
                    + "[seems|is|feels] [like a dream|even more welcome|better than ever|almost like home].",
                "It [brings|can bring|often brings] [friends|families|people|neighbours] [together|home|closer]"
                    + "[ with a smile| with music| with laughter|, and nobody knows why].",
                "[Think of it|Remember it] [in the morning|on a grey day|on the way home|late at night], and you will "
                    + "[smile|dream|feel {feel}].",
                "It is as [gentle|golden|welcome|clear] as [a dream|soft music|sunlight|an old song|the way home].",
                "It has a [gentle|quiet|strange|secret] [music|beauty|magic|laughter] of its own.",
                "[Perhaps|One day|Some day] you will [dream|sing|smile|think] about it "
                    + "[together with a friend|at home|in the sunlight|with a friend].",
            ])
}
