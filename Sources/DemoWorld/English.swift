/// The little grammar that turns the phrases of a subject into the forms that sentences need.
enum English {
    /// "cat" → "a cat", "owl" → "an owl".
    static func withArticle(_ noun: String) -> String {
        guard let first = noun.first else { return noun }
        return ("aeiou".contains(first) ? "an " : "a ") + noun
    }

    /// "a long tail" → "long tail", "soft paws" → "soft paws": what follows "its" or "the".
    static func withoutArticle(_ phrase: String) -> String {
        for article in ["a ", "an ", "the "] where phrase.hasPrefix(article) {
            return String(phrase.dropFirst(article.count))
        }
        return phrase
    }

    static func plural(_ noun: String) -> String {
        if noun.hasSuffix("y"), let before = noun.dropLast().last, !"aeiou".contains(before) {
            return noun.dropLast() + "ies"
        }
        return endsInHiss(noun) ? noun + "es" : noun + "s"
    }

    /// "sleep in the sun" → "sleeps in the sun": the first word of the phrase is its verb.
    static func thirdPerson(_ phrase: String) -> String {
        inflect(phrase) { verb in
            if verb.hasSuffix("y"), let before = verb.dropLast().last, !"aeiou".contains(before) {
                return verb.dropLast() + "ies"
            }
            return endsInHiss(verb) || verb.hasSuffix("o") ? verb + "es" : verb + "s"
        }
    }

    /// "sleep in the sun" → "slept in the sun".
    static func past(_ phrase: String) -> String {
        inflect(phrase) { verb in
            if let irregular = irregularPasts[verb] { return irregular }
            if verb.hasSuffix("e") { return verb + "d" }
            if verb.hasSuffix("y"), let before = verb.dropLast().last, !"aeiou".contains(before) {
                return verb.dropLast() + "ied"
            }
            if doubled.contains(verb), let last = verb.last { return verb + "\(last)ed" }
            return verb + "ed"
        }
    }

    private static func inflect(_ phrase: String, _ change: (String) -> String) -> String {
        let parts = phrase.split(separator: " ", maxSplits: 1)
        guard let verb = parts.first else { return phrase }
        let changed = change(String(verb))
        return parts.count == 2 ? changed + " " + parts[1] : changed
    }

    private static func endsInHiss(_ word: String) -> Bool {
        ["s", "x", "z", "ch", "sh"].contains { word.hasSuffix($0) }
    }

    private static let irregularPasts: [String: String] = [
        "beat": "beat", "bend": "bent", "blow": "blew", "bring": "brought", "build": "built", "burn": "burned",
        "catch": "caught", "creep": "crept", "cost": "cost", "cut": "cut", "dig": "dug", "draw": "drew",
        "drink": "drank", "eat": "ate",
        "fall": "fell", "feed": "fed", "find": "found", "fit": "fitted", "fly": "flew", "freeze": "froze",
        "get": "got", "give": "gave", "go": "went", "hide": "hid", "hold": "held", "keep": "kept", "lay": "laid",
        "lead": "led",
        "leave": "left", "lend": "lent", "let": "let", "light": "lit", "lose": "lost", "make": "made", "ring": "rang",
        "rise": "rose", "run": "ran",
        "say": "said", "sell": "sold", "send": "sent", "set": "set", "shake": "shook", "shine": "shone",
        "show": "showed", "shrink": "shrank", "sing": "sang", "sink": "sank", "sleep": "slept", "spend": "spent",
        "stand": "stood", "stay": "stayed", "steal": "stole", "stick": "stuck", "strike": "struck", "sweep": "swept",
        "swim": "swam", "take": "took", "teach": "taught", "tell": "told", "throw": "threw", "wake": "woke",
        "wear": "wore", "weep": "wept", "win": "won", "wind": "wound",
    ]

    /// Verbs that double their last letter before "ed".
    private static let doubled: Set<String> = [
        "chat", "dip", "drip", "drop", "drum", "flip", "hop", "hum", "nod", "pat", "rub", "slip", "stop", "tap",
        "travel", "trim",
        "trot", "wag",
    ]
}
