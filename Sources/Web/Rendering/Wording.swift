import Preferences

extension Wording {
    /// An error's text as a sentence of its own. The store speaks in clauses, which the command line shows after a
    /// file's name; the name of a file or of a setting at the start of one (`foxes.jsonl`, `top_p`) stays as it is.
    static func sentence(_ clause: String) -> String {
        guard let first = clause.first, let last = clause.last else { return clause }
        let startsWithName = clause.prefix { $0 != " " && $0 != ":" }.contains { !$0.isLetter && !"'’".contains($0) }
        return (startsWithName ? String(first) : first.uppercased()) + clause.dropFirst()
            + (".!?…".contains(last) ? "" : ".")
    }

    /// “A, B and C”.
    static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
