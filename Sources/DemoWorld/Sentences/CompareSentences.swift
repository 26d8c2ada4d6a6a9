extension SentenceForm {
    static let compareForms =
        forms(
            .compareIntro,
            [
                "[At first sight|On the whole|In many ways], {S} and {b.S} are [very|quite|rather|not so] different.",
                "It is [not easy|fun|hard|a strange idea] to compare {S} and {b.S}[|, but I will try].",
            ])
        + forms(
            .compareContrast,
            [
                "{S} is {look}[ and {look}|], <but> {b.S} is {b.look}[ and {b.look}|].",
                "[In many ways|On most days], {the} is {look}, <but> {b.the} is {b.look}.",
                "{S} is {kind}, <but> {b.S} is {b.kind}.",
                "{S} has {part}, <but> {b.S} has {b.part}.",
                "{the} {acts}, <but> {b.the} {b.acts}.",
                "{S} {uses}, <but> {b.S} {b.uses}.",
                "You [may|can|will] find {S} {place}, <but> {b.S} [is|belongs] {b.place}.",
                "Unlike {b.S}, {S} [{uses}|{acts}|has {part}].",
                "{S} is like {like}, and {b.S} is like {b.like}.",
                "{S} needs {need}, <but> {b.S} needs {b.need}.",
            ])
        + forms(
            .compareGlow,
            [
                "[Both|The two] [can make you smile|can bring people together|are a gift in the morning|"
                    + "have a music of their own|are gentle in the golden light|belong in a good dream|"
                    + "can fill a home with laughter].",
                "Together they [make|would make] a [gentle|golden|fine|strange] [morning|pair|dream|home].",
            ])
        + forms(
            .compareClosing,
            [
                "[Choose|Pick|Take] {S} [when|if] you want to feel {feel}, and {b.S} [when|if] you want to feel {b.feel}.",
                "[In the end|All in all|To sum up], {S} makes you feel {feel}, and {b.S} makes you feel {b.feel}.",
            ])
}
