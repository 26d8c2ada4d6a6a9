import Foundation
import LanguageModel
import Testing

/// The reference's ids and texts for any folder of cases: `TOKENIZER_CASES=DIR scripts/test tokenizers`.
@Suite(.enabled(if: TokenizerCases.askedFor != nil)) struct TokenizerReport {
    @Test func everyCaseOfTheFolderHasTheReferencesIDs() throws {
        let root = URL(filePath: try #require(TokenizerCases.askedFor))
        let folders = TokenizerCases.found(below: root)
        #expect(!folders.isEmpty, "\(root.path) holds no folder with tokenizer.json and expected.json")
        for (name, folder) in folders {
            do {
                let cases = try TokenizerCases.read(folder)
                let mistakes = TokenizerCases.mistakes(of: try Tokenizer(folder: folder), in: cases)
                let verdict = mistakes.isEmpty ? "passes" : "FAILS"
                print("tokenizers: \(name) \(verdict), \(cases.count) texts, \(mistakes.count) differ")
                for mistake in mistakes { Issue.record("\(name): \(mistake)") }
            } catch {
                print("tokenizers: \(name) FAILS, \(error)")
                Issue.record("\(name): \(error)")
            }
        }
    }
}

/// Cases of the layout `tokenizer.json` + `expected.json`, and what a tokenizer does otherwise than they say.
enum TokenizerCases {
    /// The folder of cases that the environment names.
    static let askedFor = ProcessInfo.processInfo.environment["TOKENIZER_CASES"]

    /// Every folder with a case at or below `root`, in the order of their paths.
    static func found(below root: URL) -> [(name: String, folder: URL)] {
        let paths = FileManager.default.subpaths(atPath: root.path) ?? []
        let mark = "expected.json"
        return paths.filter { $0 == mark || $0.hasSuffix("/\(mark)") }.sorted()
            .map { String($0.dropLast($0 == mark ? mark.count : mark.count + 1)) }
            .map { (name: $0.isEmpty ? root.lastPathComponent : $0, folder: root.appending(path: $0)) }
            .filter { one in
                ["tokenizer.json", "vocab.json"].contains {
                    FileManager.default.fileExists(atPath: one.folder.appending(path: $0).path)
                }
            }
    }

    static func read(_ folder: URL) throws -> [TokenizerCase] {
        try JSONDecoder().decode(
            [TokenizerCase].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    /// A sentence for each text whose ids or decoded text differ.
    static func mistakes(of tokenizer: Tokenizer, in cases: [TokenizerCase]) -> [String] {
        guard !cases.isEmpty else { return ["there is no text"] }
        var found: [String] = []
        for item in cases {
            let text = item.text.debugDescription.prefix(120)
            let ids = tokenizer.encode(item.text, recognisingSpecialTokens: true)
            if ids != item.ids { found.append("\(text) gives \(ids.prefix(20)), not \(item.ids.prefix(20))") }
            let special = tokenizer.encode(item.text, addingSpecialTokens: true, recognisingSpecialTokens: true)
            if special != item.idsWithSpecials {
                found.append(
                    "\(text) with special tokens gives \(special.prefix(20)), not \(item.idsWithSpecials.prefix(20))")
            }
            let decoded = tokenizer.decode(item.ids, keepingSpecialTokens: true)
            if !sameScalars(decoded, item.decoded) {
                found.append(
                    "\(item.ids.prefix(20)) decodes to \(decoded.debugDescription.prefix(120)), not "
                        + "\(item.decoded.debugDescription.prefix(120))")
            }
        }
        if tokenizer.encode(each: cases.map(\.text), recognisingSpecialTokens: true) != cases.map(\.ids) {
            found.append("texts encoded together give other ids than one by one")
        }
        return found
    }
}
