extension SentenceForm {
    static let adviceForms =
        forms(
            .adviceFirst,
            [
                "<start> [find|look for|go and find|picture] {some} {place}.",
                "<start> [notice|remember|bear in mind] that {S} is {look} and {look}.",
                "If you want to {goal} {all}, [start|begin] with the {own}.",
                "To {goal} {all}, you need [patience and {need}|{need} and a little time|more than {need}].",
            ])
        + forms(
            .adviceTip,
            [
                "When you {goal} it, [remember|show|do not forget] [that it is {look}[ and {look}|]|that it {acts}|"
                    + "that it {uses}|its {own}].",
                "[Pay attention to|Take note of|Do not forget] its {own}[ and its {own}|].",
                "[Try to show|Show|Make clear|Let people feel] [how it {acts}|that it {uses}|that it is like {like}].",
                "It needs {need}, so [be patient|take your time|do not hurry|plan ahead].",
                "[Work|Practise|Begin] [slowly|at home|in the early morning|with a friend|in good sunlight|"
                    + "a little every day].",
                "Think of {like}[ if you get stuck|, and the rest will follow|].",
            ])
        + forms(
            .adviceClosing,
            [
                "[If|When] your work makes [people|someone|you] feel {feel}, you [are done|have done well|"
                    + "are on the right path].",
                "[Share it|Show it to your friends|Look at it together] [at home|in the morning|with a smile|"
                    + "over some music|with laughter|when you are ready].",
                "[Above all|Most of all|And remember], [be gentle with yourself|keep a smile|trust your dream|"
                    + "enjoy the golden morning|never give up].",
            ])
}
