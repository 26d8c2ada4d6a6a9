/// A piece of a formula's source.
enum FormulaToken: Hashable {
    /// `\name` or `\,`, without the backslash.
    case command(String)
    case character(Unicode.Scalar)
    case open, close
    case superscript, `subscript`
    case cellEnd, rowEnd
    case space

    /// - Throws: `FormulaProblem` for a backslash at the end.
    static func tokens(of source: String) throws(FormulaProblem) -> [FormulaToken] {
        var tokens: [FormulaToken] = []
        let scalars = Array(source.unicodeScalars)
        var at = 0
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            switch scalar {
            case "{": tokens.append(.open)
            case "}": tokens.append(.close)
            case "^": tokens.append(.superscript)
            case "_": tokens.append(.subscript)
            case "&": tokens.append(.cellEnd)
            case "~": tokens.append(.command(" "))
            case "\\":
                guard at < scalars.count else { throw .unreadable("a backslash at the end") }
                var name = String(Character(scalars[at]))
                if isLetter(scalars[at]) {
                    let start = at
                    while at < scalars.count, isLetter(scalars[at]) { at += 1 }
                    name = String(String.UnicodeScalarView(scalars[start..<at]))
                    if at < scalars.count, scalars[at] == "*", starred.contains(name) {
                        name += "*"
                        at += 1
                    }
                } else {
                    at += 1
                }
                tokens.append(name == "\\" || name == "cr" ? .rowEnd : .command(name))
            default:
                tokens.append(scalar.properties.isWhitespace ? .space : .character(scalar))
            }
        }
        return tokens
    }

    private static let starred: Set<String> = ["operatorname"]

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    /// The token as it was written.
    var source: String {
        switch self {
        case .command(" "): " "
        case .command(let name): "\\" + name
        case .character(let scalar): String(Character(scalar))
        case .open: "{"
        case .close: "}"
        case .superscript: "^"
        case .subscript: "_"
        case .cellEnd: "&"
        case .rowEnd: "\\\\"
        case .space: " "
        }
    }
}

/// Why a formula is shown as its source.
enum FormulaProblem: Error, Equatable {
    case unreadable(String)
}
