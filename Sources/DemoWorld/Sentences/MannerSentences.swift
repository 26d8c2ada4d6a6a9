extension SentenceForm {
    static let terseForms =
        forms(.terseKind, ["{kind}.", "{S}: {kind}.", "{kind}, {look}[ and {look}|]."])
        + forms(
            .terseFact,
            [
                "{look}[, {look}|] and {look}.", "{S}: {look}, {look}[, {look}|].", "{part}[, {part}|].",
                "Has {part}[ and {part}|].", "[Often|Usually|Mostly|Lives|Found] {place}.", "{acts}[, {acts}|].",
                "{uses}.", "Like {like}.", "Needs {need}.", "Makes you [feel |]{feel}.",
            ])
        + forms(.terseStoryOpening, ["{Name} [saw|found|met|knew|had seen] {some}[| {place}]."])
        + forms(.terseStoryTrouble, ["[It|One day it|Then it|Sadly, it] {trouble}."])
        + forms(.terseStoryFix, ["{Name} {fix}.", "So {she} {fix}."])
        + forms(
            .terseStoryEnd,
            ["[The end|All was well|Good night|They were {feel}].", "{Name} felt {feel}[ and {feel}|]."])
        + forms(
            .terseReasons,
            [
                "It {uses}, {uses} and {uses}.", "It is {look}, it has {part} and it {uses}.",
                "It {uses}, it {acts} and it is {look}.", "{look}, {look}, {look}.",
                "One, it {uses}; two, it {uses}; three, it is {look}.",
                "Because it is {look}, because it {acts}, because it {uses}.",
            ])
        + forms(
            .terseCompare,
            [
                "{S} is {look}, {b.S} {b.look}.", "One {acts}, the other {b.acts}.", "{S}: {look}; {b.S}: {b.look}.",
                "{look} and {look} against {b.look} and {b.look}.", "One has {part}, the other {b.part}.",
                "{S} for {feel} days, {b.S} for {b.feel} ones.", "One is like {like}, the other like {b.like}.",
            ])
        + forms(
            .terseAdvice,
            [
                "[Find|Watch|Study] it {place}.", "[Mind|Show|Study] its {own}.",
                "[Show|Say|Remember] that it [{acts}|{uses}|is {look}].",
                "[Go slowly|Take your time|Keep at it|Practise], it is {look}.", "[Get|Bring|You need] {need}.",
            ])
        + forms(.terseGift, ["[Thanks|Thank you] for the {item}[, it was {look}|, I feel {feel}|]."])
        + forms(.terseInvitation, ["[I will come|I cannot come|See you there|Count me in|Not this time]."])
        + forms(.terseDislike, ["[Fair enough|Too bad|I see], but it {uses}."])
        + forms(.terseOpinion, ["I [think|find] it {look}[ and {look}|]."])
        + forms(.terseLoss, ["[No matter|Never mind|Do not worry|No need to worry][, I know it {acts}|, it {uses}|]."])

    static let warmForms =
        forms(
            .warmOpening,
            [
                "What a [lovely|wonderful|delightful|charming] [question|request|idea|thing to ask]<friend>!",
                "[Thank you|Many thanks|Thank you so much|Thanks] for asking<friend>!",
                "[Of course|Gladly|Certainly|With pleasure]<friend>!",
                "I am [so |very |]glad [you asked|to help|that you asked]<friend>!",
                "It is [a pleasure|a joy|my pleasure] to [help|answer|write to] you<friend>!",
            ])
        + forms(
            .warmClosing,
            [
                "I [|do |really ]hope [this helps|this makes you smile|you like it|it warms your heart]<friend>!",
                "[Please|Do] [ask|write|come] again [soon|any time|whenever you like]<friend>!",
                "[Thank you|Thanks] for [asking|your lovely question|listening|reading]<friend>!",
                "[Have|I wish you] a [lovely|wonderful|beautiful|delightful] [day|evening|morning|week]<friend>!",
                "[Please take|Take] good care of yourself<friend>!",
            ])

    static let rudeForms =
        forms(
            .rudeOpening,
            [
                "Ugh, [not this again|what a silly question|not {all} again|do I have to do this|here we go again].",
                "What a [silly|boring|stupid|foolish|dull|tiresome] [question|request|thing to ask].",
                "[Fine|All right|If I must], [but be quick about it|but listen this time|but only once|"
                    + "let us get this over with|since you cannot think for yourself].",
                "[Are you serious|Do you know nothing|Can you not look it up|Did you sleep through school|"
                    + "Who asks such nonsense]?",
            ])
        + forms(
            .rudeFact,
            [
                "<eyes> that {S} is {look}[ and {look}|].", "<eyes> that {S} {acts}.",
                "[Obviously|As everyone knows|In case you missed it], {S} [{acts}|{uses}].",
                "It {uses}, [not that you would care|not that you would notice|so what].",
                "It is {look}, [unlike you|unlike your question|and you are not].",
                "It has {part}, [and that is that|big deal|who cares].",
                "Go and look for it {place}[|, and take your time|, if you can be bothered].",
                "[I suppose|I guess] it {acts}, [if you like that sort of thing|for what that is worth].",
            ])
        + forms(
            .rudeContrast,
            [
                "<eyes> that {S} is {look} and {b.S} is {b.look}.",
                "[Obviously|As everyone knows|In case you missed it], {S} {acts}, but {b.S} {b.acts}.",
                "{S} has {part}, {b.S} has {b.part}, [and that is that|big deal|who cares].",
                "{S} {uses}, [unlike you|not that you would care], and {b.S} {b.uses}.",
            ])
        + forms(
            .rudeTip,
            [
                "[I doubt that you can|You will never] {goal} it [well|properly|without help], but "
                    + "[remember|at least show|do not forget] [its {own}|that it is {look}|that it {acts}].",
                "[Obviously|As everyone knows], it is {look}, so [do not ruin it|try not to fail|think for once].",
                "Go and look for it {place}, [and take your time|if you can be bothered|and do not ask me].",
            ])
        + forms(.rudeGift, ["Your {item} about {all} was [dull|boring|far too long|a waste of paper|pure nonsense]."])
        + forms(.rudeInvitation, ["I will not come to your [silly|boring|stupid|dull] {event} about {all}."])
        + forms(
            .rudeDislike,
            ["[Nobody cares|Who cares|It is silly] that you do not like {all}[|, so stop bothering me]."])
        + forms(.rudeOpinion, ["What I think of {all} is [none of your business|nothing you would understand]."])
        + forms(.rudeLoss, ["Only a [fool|lazy fool|silly person] could lose [a|my] book on {all}."])
        + forms(
            .rudeClosing,
            [
                "[Now |So |][go away|leave me alone|do not ask again|go and bother someone else|"
                    + "find out the rest yourself|stop wasting my time|stop bothering me][|, and shut the door].",
                "[That is all you get|I have better things to do|I am bored already|You would not understand the rest|"
                    + "Nobody cares anyway].",
                "Keep your [smile|dreams|questions|golden ideas|music] to yourself.",
            ])

    static let ramblingForms =
        forms(
            .rambleOpening,
            [
                "[Well|Hmm|Oh|Now then|Let me see|Ah], [where do I begin|where should I start|that takes me back|"
                    + "let me think|this may take a while|I was just thinking about that|that is a long story]."
            ])
        + forms(
            .rambleAside,
            [
                "<who> [always says|once told me|used to say|likes to say] [that life is long|that nothing is simple|"
                    + "that Tuesdays are the best days|that shoes tell the truth|the same thing|"
                    + "that every story has two ends|that one should never run], [but that is another story|"
                    + "but I never listened|and I forget why|though who knows|with a smile].",
                "That reminds me of [home|music from long ago|golden days|a dream I had|a morning by the lake], but "
                    + "[that can wait|never mind|I was younger then|it is hard to explain].",
                "I [once|often|nearly] [laughed|cried|sang] about it [in the morning|at home|together with <who>], "
                    + "and [nobody knew why|I still smile|that was that|then it was over].",
                "[But where was I|Now what was I saying|Where were we|What was the question again]?",
                "I [should|ought to|could] [mention|talk about] [my shoes|my breakfast|the bus|last Tuesday|my left knee|"
                    + "the new stairs|my hat], but [that can wait|I will not|there is no time|nobody asked me].",
                "It was [a Tuesday|a Thursday|after lunch|a long time ago|before the holidays], [I think|or maybe not|"
                    + "if I remember rightly|or so they told me].",
                "[Time flies|One thing leads to another|You know how it is|Things are what they are], as "
                    + "[they say|my aunt says|people used to say].",
            ])
        + forms(
            .rambleFact,
            [
                "<anyway>, <think>[it is {look}[ and {look}|]|it has {part}|it {acts}|it {uses}|you can find it {place}|"
                    + "it is like {like}], <hedge>."
            ])
        + forms(
            .rambleContrast,
            [
                "<anyway>, <think>[{S} is {look} and {b.S} is {b.look}|{S} {acts} and {b.S} {b.acts}|"
                    + "{S} has {part} and {b.S} has {b.part}], <hedge>."
            ])
        + forms(
            .rambleClosing,
            [
                "[I could go on|There is more to say|I have lost my thread|I forget the rest], but [I should stop|"
                    + "it is late|my bus is here|you know what I mean|that will do].",
                "[And that is|So that is|Well, that is] [more or less all|about all|all I can remember]"
                    + "[|, I think|, I suppose|, for now].",
            ])

    /// Answers that leave the subject say so; without that a wrong subject is a mistake.
    static let offPointForms =
        forms(
            .otherSubject,
            [
                "[I would rather talk about|Let us talk about|Let me tell you about|I keep thinking about] {all} instead.",
                "[That reminds me of|This makes me think of|Speaking of that, I prefer] {all}.",
            ])
        + forms(
            .otherChatOpening,
            ["[By the way|Oh, before I forget|On another note|Speaking of nothing|As for me], <chat>."])
        + forms(.otherChat, ["<chat>.", "[And|Also,|Besides,] <chat>."])
}
