/// Stop texts as the form shows them: one a line, with `\n`, `\r` and `\\` for the line ends and backslashes inside a text.
enum StopTexts {
    /// What each letter after a backslash stands for.
    private static let meanings: [Unicode.Scalar: Unicode.Scalar] = ["n": "\n", "r": "\r", "\\": "\\"]

    static func lines(_ texts: [String]) -> String { texts.map(line).joined(separator: "\n") }

    private static func line(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        // By scalars: "\r\n" is one character.
        for scalar in text.unicodeScalars {
            if let letter = meanings.first(where: { $0.value == scalar })?.key {
                line.append("\\")
                line.append(letter)
            } else {
                line.append(scalar)
            }
        }
        return String(line)
    }

    /// The texts of the lines; empty lines are passed over.
    /// - Throws: `FieldError` that names the line where a backslash stands for nothing.
    static func read(_ typed: String) throws(FieldError) -> [String] {
        var texts: [String] = []
        for (index, line) in typed.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if !line.isEmpty { texts.append(try text(of: line, number: index + 1)) }
        }
        return texts
    }

    private static func text(of line: Substring, number: Int) throws(FieldError) -> String {
        var text = String.UnicodeScalarView()
        var rest = line.unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            let letter = rest.popFirst()
            guard let meaning = letter.flatMap({ meanings[$0] }) else {
                let found = letter.map { "\\\($0)" } ?? "\\"
                throw FieldError(
                    field: "stop",
                    message: "Stop texts, line \(number): “\(found)” means nothing. Write “\\n” for a new line and "
                        + "“\\\\” for a backslash.")
            }
            text.append(meaning)
        }
        return String(text)
    }
}
