/// Pieces that many sentence forms share, written `<name>` in a pattern.
enum Macros {
    private static let all: [(name: String, pattern: String)] = [
        // A macro may use those that stand below it.
        (
            "why",
            "[it {uses}|it {uses}[ and {uses}|]|it is {look}[ and {look}|]|it makes you feel {feel}|it has {part}|"
                + "it can {act}]"
        ),
        (
            "chat",
            "[I had <snack> for [breakfast|lunch|supper][ today| again| yesterday|]|"
                + "my [left|right|new|other] shoe is [too tight|wet|missing|full of sand][ again| today|]|"
                + "the bus was [late|full|early|empty][ again| this week| today|]|"
                + "<who> bought a [green|purple|huge|tiny] [hat|sofa|lamp|carpet][ today| last week|]|"
                + "I cannot find my [keys|glasses|socks|wallet][ anywhere| again|]|"
                + "my [left|right] knee [hurts|itches] [on Tuesdays|when I sit|in this chair]]"
        ),
        ("snack", "[noodles|cold beans|two radishes|a sandwich|leftover rice|pickles]"),
        ("who", "[my aunt|my uncle|my old neighbour|my cousin|my landlady|our postman|a man on the train]"),
        ("but", "[while|but|whereas]"),
        ("you", "[you|people|everyone|children]"),
        ("bit", "[a bit|a little|rather|almost|much]"),
        ("start", "[First,|To start,|To begin with,|Before anything else,]"),
        ("friend", "[||, my friend|, dear friend]"),
        ("hedge", "[or something like that|more or less|if I remember rightly|at least on most days|as far as I know]"),
        ("think", "[|I would say |I think |I believe |I suppose |they say ]"),
        ("anyway", "[Anyway|As I was saying|To get back to it|So|In any case|But yes|Now]"),
        ("eyes", "[Any fool|Everyone|Even a child|Anyone with eyes] [knows|can see]"),
    ]

    /// `pattern` with every macro replaced by what it stands for.
    static func expand(_ pattern: String) -> String {
        var pattern = pattern
        for macro in all where pattern.contains("<") {
            while let range = pattern.firstRange(of: "<\(macro.name)>") {
                pattern.replaceSubrange(range, with: macro.pattern)
            }
        }
        precondition(!pattern.contains("<"), "unknown macro in the pattern “\(pattern)”")
        return pattern
    }
}
