extension SentenceForm {
    static let replyForms = giftForms + invitationForms + dislikeForms + opinionForms + lossForms + closingForms

    private static let giftForms =
        forms(
            .giftOpening,
            [
                "Dear {relation}, [thank you|many thanks|thank you so much|thanks] for [the|your] {item} about {all}."
            ])
        + forms(
            .giftMore,
            [
                "It made me feel {feel}[ and {feel}|].",
                "I [did not know|never knew|had forgotten|learned] that {S} {uses}.",
                "I [liked|loved|enjoyed|remember] the part about the {own}.",
                "You are right that {S} is {look}[ and {look}|].",
                "Now I [understand|see|know] why {S} {acts}.",
                "We [read|shared|enjoyed] it together [at home|in the morning|with a smile|with much laughter].",
            ])

    private static let invitationForms =
        forms(
            .invitationOpening,
            [
                "Dear {relation}, [thank you|many thanks|thank you so much] for [inviting me to|the invitation to] the {event} "
                    + "about {all}."
            ])
        + forms(
            .invitationMore,
            [
                "I would [love|like|be happy] to come[| with my family| with a friend| and bring my notes].",
                "[I am sorry, but|I am afraid] I cannot come [this week|this time|that evening].",
                "I [want|would like] to [hear|learn|know] why {S} {acts}.",
                "I [want|would like] to [hear|learn|know] more about the {own}.",
                "To me, {S} is {look} and {look}.",
                "We could go [together|home together|there together][ in the morning| with a smile|].",
            ])

    private static let dislikeForms =
        forms(
            .dislikeOpening,
            ["Dear {relation}, I [understand|hear|am sorry to hear|see] that you do not like {all}."])
        + forms(
            .dislikeMore,
            [
                "But {S} {uses}[, and it {uses}|].",
                "It is true that {S} is {look}, but it {uses}.",
                "Perhaps you [could|might|will] [give it another chance|see it in a new light|change your mind]"
                    + "[ one morning| together with me| with a smile|].",
                "It may make you feel {feel} [one day|some day|yet].",
                "It [only|just] needs {need}.",
            ])

    private static let opinionForms =
        forms(
            .opinionOpening,
            [
                "Dear {relation}, [thank you|many thanks] for asking what I think of {all}.",
                "Dear {relation}, you ask what I think of {all}, and [here is my answer|I will be honest|"
                    + "I am happy to answer].",
            ])
        + forms(
            .opinionMore,
            [
                "I think {S} is {look} and {look}.",
                "To me, {S} is like {like}.",
                "It makes me feel {feel}[ and {feel}|].",
                "I [value|like|admire] it because it {uses}.",
                "I [love|admire|like] its {own}[ and its {own}|].",
                "It is [gentle|golden|clear] to me, like [a dream|soft music|sunlight|a way home].",
            ])

    private static let lossForms =
        forms(
            .lossOpening,
            [
                "Dear {relation}, [please do not worry|do not worry|never mind|it is all right] about the book on {all}."
            ])
        + forms(
            .lossMore,
            [
                "I [know it well|have read it twice|still remember it]: {S} is {look} and {look}.",
                "I [still|often|already] [remember|know|think] that {S} {acts}.",
                "We can [find|buy|read] another one together[ at home| some morning| with a smile|].",
                "[It was an old copy|It was only a book|Books come and go], and I [still|already] know that {S} {uses}.",
            ])

    private static let closingForms = forms(
        .replyClosing,
        [
            "[I hope to see you soon|See you soon|Take good care|Until we meet again|Write again when you can|"
                + "Come and visit me at home].",
            "[Best|Kind|Warm|Many good] [wishes|greetings] [from me|from all of us|from home].",
        ])
}
