extension SentenceForm {
    static let describeForms = forms(
        .describeOpening,
        [
            "{S} is {kind}[, and it has {part}|, {look} and {look}|, and it is {look}|].",
            "{S} is {look} and {look}[, and it has {part}|, and it {acts}|].",
            "{S} is <bit> like {like}, [only {look}|but {look}|but it has {part}].",
            "When I [think of|picture|remember] {S}, I [think of|see|remember] {part}[ and {part}|].",
            "{S} [often|always|sometimes] {acts}[, and it is {look}|].",
            "{S} has {part} and {part}[, and it is {look}|].",
            "[Picture|Imagine|Think of] {part}, [{part} and something {look}|and something {look}]: "
                + "that is {S}.",
        ])

    static let explainForms =
        forms(
            .explainHook,
            [
                "Have you ever [thought about|wondered about|looked closely at|dreamed of] {S}?",
                "[Come, let us|Let us] [talk|think] about {S}.",
                "Do you know what {S} is?",
            ])
        + forms(
            .explainOpening,
            [
                "{S} is {kind}[, and it {acts}|, and it {uses}|, and it has {part}|].",
                "[Imagine|Picture|Think of] {like}: {S} is [a bit|a little|almost|rather] like that.",
                "{S} is [a bit|a little|almost] like {like}, [only {look}|but {look}|but it {acts}].",
                "{S} is {kind}, {look}[ and {look}|].",
            ])
        + forms(
            .explainClosing,
            [
                "[So, the next time|The next time|When] you [think of|come across|hear about] {S}, "
                    + "[remember that it {uses}|remember its {own}|give it a smile|say hello].",
                "[Now you know|And that is|So that is] why [people|children|we] [like|love|need] {all}.",
            ])
}
