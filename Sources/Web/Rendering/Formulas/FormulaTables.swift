/// Matrices, cases and aligned lines.
extension FormulaReader {
    /// Brackets around the environments that are matrices.
    private static let brackets: [String: (open: String, close: String)] = [
        "matrix": ("", ""), "smallmatrix": ("", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"),
        "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "array": ("", ""), "cases": ("{", ""),
        "rcases": ("", "}"), "substack": ("", ""),
    ]

    private static let lines: Set<String> = [
        "aligned", "align", "align*", "alignat", "alignat*", "split", "eqnarray", "eqnarray*", "equation", "equation*",
        "gather", "gather*", "gathered", "multline", "multline*", "displaymath", "math",
    ]

    mutating func environment() throws(FormulaProblem) -> Part {
        let name = try raw()
        if let (open, close) = Self.brackets[name] {
            let columns = name == "array" ? try raw().filter { "lcr".contains($0) } : ""
            let inner = try table(until: name, name: name, columns: columns)
            return Part(
                markup: "<mrow>\(Self.fence(open, form: "prefix", stretches: true))\(inner)"
                    + "\(Self.fence(close, form: "postfix", stretches: true))</mrow>")
        }
        guard Self.lines.contains(name) else { throw .unreadable("\\begin{\(name)}") }
        if name.hasPrefix("alignat") { _ = try raw() }
        return Part(markup: try table(until: name, name: name))
    }

    /// Rows and cells up to `\end{name}`, or to the end of the formula.
    /// - Parameters:
    ///   - columns: the alignment of each column as `array` writes it.
    ///   - isBare: one single cell is no table.
    mutating func table(
        until end: String?, name: String, columns: String = "", isBare: Bool = false
    ) throws(FormulaProblem) -> String {
        var rows: [[String]] = [[]]
        var lined: Set<Int> = []
        while true {
            skipSpace()
            while current == .command("hline") {
                at += 1
                lined.insert(rows.count - 1)
                skipSpace()
            }
            rows[rows.count - 1].append(try row())
            if current == .cellEnd {
                at += 1
            } else if current == .rowEnd {
                at += 1
                try skipRowSpace()
                rows.append([])
            } else {
                break
            }
        }
        if let end {
            guard current == .command("end") else { throw .unreadable("\\begin{\(end)} without its \\end") }
            at += 1
            guard try raw() == end else { throw .unreadable("\\begin{\(end)} with another \\end") }
        }
        if rows.count == 1, rows[0].count == 1, isBare || Self.lines.contains(name) { return rows[0][0] }
        // A line break at the end opens no row of its own.
        if let last = rows.last, last == ["<mrow></mrow>"], !lined.contains(rows.count - 1) { rows.removeLast() }
        return Self.table(rows, lined: lined, name: name, columns: Array(columns))
    }

    /// `\\[2pt]`: the space between rows is ours to choose.
    private mutating func skipRowSpace() throws(FormulaProblem) {
        guard current == .character("[") else { return }
        guard let close = tokens[at...].firstIndex(of: .character("]")), close - at <= 8 else { return }
        let isLength = tokens[(at + 1)..<close].allSatisfy {
            if case .character(let scalar) = $0 {
                "0123456789.-ptemx".unicodeScalars.contains(scalar)
            } else {
                $0 == .space
            }
        }
        if isLength { at = close + 1 }
    }

    private static func table(_ rows: [[String]], lined: Set<Int>, name: String, columns: [Character]) -> String {
        let isDisplay = lines.contains(name)
        let isGathered = name.hasPrefix("gather") || name.hasPrefix("multline")
        var markup = isDisplay ? "<mtable displaystyle=\"true\" class=\"lines\">" : "<mtable>"
        for (index, row) in rows.enumerated() {
            markup += lined.contains(index) ? "<mtr class=\"line\">" : "<mtr>"
            for (column, cell) in row.enumerated() {
                let side: String
                if column < columns.count {
                    side = columns[column] == "l" ? "left" : columns[column] == "r" ? "right" : ""
                } else if name.hasSuffix("cases") {
                    side = "left"
                } else {
                    side = isDisplay && !isGathered ? (column % 2 == 0 ? "right" : "left") : ""
                }
                markup += side.isEmpty ? "<mtd>\(cell)</mtd>" : "<mtd class=\"\(side)\">\(cell)</mtd>"
            }
            markup += "</mtr>"
        }
        return markup + "</mtable>"
    }
}
