import Foundation
import JSON
import Policy
import RewardModel
import Testing

/// Each setting of a run stands in docs/methods.md once, with the default that the code has, a reason and a source.
@Suite struct SettingsDocumentationTests {
    /// One setting's row.
    private struct Row {
        /// By run: the second column, in the last table also the third. Empty where a run has no such setting.
        var defaults: [String]
        var reason: String
        var source: String
    }

    /// The names, and what the row says of each, of a table under a heading; with the rows' `, …` left off.
    private func rows(under heading: String, defaults: Int = 1) throws -> [(name: String, row: Row)] {
        let text = try String(contentsOf: packageRoot().appending(path: "docs/methods.md"), encoding: .utf8)
        let start = try #require(text.range(of: "\n### \(heading)\n"))
        let section = text[start.upperBound...]
        let end = section.range(of: "\n### ")?.lowerBound ?? section.endIndex
        return try section[..<end].split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == 3 + defaults, "\(line)")
            let names = cells[0].split(separator: ",").map { $0.trimmingCharacters(in: .init(charactersIn: " `")) }
                .filter { $0 != "…" }
            return names.enumerated().map { place, name in
                let own = cells[1...defaults].map { cell in
                    let values = cell.components(separatedBy: ", ")
                    return names.count > 1 && values.count == names.count ? values[place] : cell
                }
                return (name, Row(defaults: own, reason: cells[1 + defaults], source: cells[2 + defaults]))
            }
        }
    }

    /// Those whose default is said in words.
    private static let inWords: Set = ["unsafe_flags", "newest_policy", "model"]

    private func agree(_ cell: String, _ value: JSONValue) -> Bool {
        let bare = cell.trimmingCharacters(in: .init(charactersIn: "`"))
        let written = (try? JSONValue(json: Data(bare.utf8))) ?? .string(bare)
        if let number = written.doubleValue, let own = value.doubleValue { return number == own }
        return written == value
    }

    private func check(
        _ documented: [(name: String, row: Row)], column: Int = 0, against settings: some Encodable,
        besides: Set<String> = []
    ) throws {
        let values = try #require(try JSONValue(encoding: settings).objectValue)
        let rows = documented.filter { !$0.row.defaults[column].isEmpty }
        let names = rows.map(\.name)
        #expect(Set(names).count == names.count, "a setting has two rows")
        #expect(Set(names).union(besides) == Set(values.keys))
        for (name, row) in rows {
            #expect(!row.reason.isEmpty && !row.source.isEmpty, "\(name) needs a reason and a source")
            guard !Self.inWords.contains(name), let value = values[name] else { continue }
            let cell = row.defaults[column]
            #expect(agree(cell, value), "\(name) is \(cell) in the documentation and \(value) in the code")
        }
    }

    @Test func everySettingHasItsDefaultAReasonAndASource() throws {
        let training = try rows(under: "supervised and pretraining", defaults: 2)
        try check(training, column: 0, against: SupervisedSettings())
        try check(training, column: 1, against: PretrainingSettings())
        // What is said of them once holds for runs on preferences too.
        let tuning = Set(try #require(try JSONValue(encoding: TuningSettings()).objectValue).keys)
        try check(try rows(under: "reward-model"), against: RewardModelSettings())
        try check(try rows(under: "policy-refresh"), against: PolicyRefreshSettings(), besides: tuning)
        try check(try rows(under: "preference-tuning"), against: PreferenceTuningSettings(), besides: tuning)
    }
}
