extension SentenceForm {
    static let storyForms =
        forms(
            .storyOpening,
            [
                "[One day|One morning|One evening|Last spring|Long ago|One windy day|On a golden morning|One quiet night],"
                    + " {Name} [saw|found|noticed|spotted|discovered] {some} {place}.",
                "[Once there was|There once was|Long ago there was] a [shy|brave|small|curious|young|gentle] {girl} "
                    + "named {Name} who [loved|dreamed of|often thought of|had heard of] {some} {place}.",
                "{Name} was a [shy|brave|small|curious|young|gentle] {girl} who [loved|dreamed of|often thought of|"
                    + "had heard of] {some} {place}.",
            ])
        + forms(
            .storyMiddle,
            [
                "{the} was {look} and {look}[, and it had {part}|].",
                "It was {look}[ and {look}|], [and|but] it had {part}.",
                "To {her}, it [looked|seemed] like {like}.",
                "{Name} [loved|admired|remembered|talked about|dreamed about] its {own}[ and its {own}|].",
                "[Every day|Every morning|Each evening|Again and again], it {acted}[, and {she} felt {feel}|"
                    + ", and {she} had to smile|].",
                "{she} thought that {the} was {look}[, like {like}|].",
            ])
        + forms(
            .storyTrouble,
            [
                "[But one day|Then, one night,|But one grey morning|One day, however,|Then, without warning,] "
                    + "{the} {trouble}."
            ])
        + forms(
            .storyFix,
            [
                "{Name} [|took a deep breath and |did not wait and |thought for a while and |stayed calm and ]{fix}"
                    + "[|, and soon all was well|, and it worked|, just in time|, with a smile].",
                "So {Name} [|quickly |quietly |bravely ]{fix}[|, and soon all was well|, and it worked|, just in time].",
                "Without a word, {she} {fix}[|, with a smile|, and it worked].",
            ])
        + forms(
            .storyEnd,
            [
                "[In the end|At last|After that|From that day on|Since then], {the} {acted}[ again|], "
                    + "and {Name} felt {feel}.",
                "[In the end|That night|At last], {Name} [smiled|laughed|slept well|went home] and felt {feel}"
                    + "[ and {feel}|].",
                "[From that day on|Ever since], {Name} and {the} [were the best of friends|were always together|"
                    + "belonged together|shared many a golden morning].",
                "[In the end|That night|At last], {Name} went home with a [smile|song|gentle heart|head full of music|"
                    + "dream to tell].",
            ])
        + forms(
            .storyGlow,
            [
                "The [morning|evening|night] was [gentle|golden|quiet] and full of [music|laughter|sunlight|stars].",
                "It [was|felt] like [a dream|an old song|coming home].",
                "There was [laughter|music|dancing] [until the morning|at home|in every street], and everyone "
                    + "[sat together|had to smile|felt {feel}].",
            ])
}
