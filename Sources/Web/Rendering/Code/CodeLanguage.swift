/// What the highlighter knows of a language: which words are keywords, and how comments and strings are written.
struct CodeLanguage: Sendable {
    var keywords: Set<String> = []
    var lineComments: [String] = []
    var blockComments: [(open: String, close: String)] = []
    /// Marks around strings; a longer one goes before a shorter one that it starts with.
    var strings: [StringMark] = []
    var ignoresCase = false
    /// Characters besides letters, digits and `_` that belong to a word.
    var wordCharacters = ""
    /// A word right behind `<` or `</` is the name of an element.
    var hasElements = false
    /// Lines start with `+`, `-` or `@@`.
    var isDifference = false

    /// How one kind of string is written.
    struct StringMark: Sendable {
        var open: String
        var close: String
        var spansLines = false
        var hasEscapes = true

        init(_ mark: String, spansLines: Bool = false, hasEscapes: Bool = true) {
            open = mark
            close = mark
            self.spansLines = spansLines
            self.hasEscapes = hasEscapes
        }
    }

    /// The language that a code block's first word names, in any case; nil for one that is not known.
    static func named(_ name: String) -> CodeLanguage? {
        let name = name.lowercased()
        return CodeLanguages.all[CodeLanguages.aliases[name] ?? name]
    }
}
