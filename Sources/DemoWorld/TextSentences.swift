/// A response cut into sentences.
struct TextSentences {
    let sentences: [String]
    /// Whether the last one is finished by a full stop, an exclamation mark or a question mark.
    let endsProperly: Bool

    init(_ text: String) {
        var sentences: [String] = []
        var current = ""
        var closed = false
        for character in text {
            if closed, character == " " {
                sentences.append(current)
                current = ""
                closed = false
                continue
            }
            current.append(character)
            closed = ".!?".contains(character)
        }
        if !current.isEmpty { sentences.append(current) }
        self.sentences = sentences
        endsProperly = closed && !sentences.isEmpty
    }
}
