extension SentenceForm {
    static let reasonsForms =
        forms(
            .reasonsIntro,
            [
                "[Here are|I can think of|There are|I will give you] three [|good |simple |fine ]reasons to "
                    + "{wish} {all}.",
                "[Why {wish} {all}|Do you need a reason to {wish} {all}]?",
            ])
        + forms(.reasonFirst, ["[First,|First of all,|To begin with,|For one thing,|The first reason is that] <why>."])
        + forms(.reasonSecond, ["[Second,|Then|Next,|Also,|The second reason is that|On top of that,] <why>."])
        + forms(
            .reasonThird,
            ["[Third,|Finally,|Last of all,|And best of all,|The third reason is that] <why>."])
        + forms(
            .reasonsOutro,
            [
                "[That makes three|These are my three|There are more, but three will do].",
                "[So|That is why] [people|many of us|we] [care about|think of|make time for] {all}"
                    + "[ together| every morning| at home|].",
            ])
}
