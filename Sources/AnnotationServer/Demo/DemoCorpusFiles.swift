import DemoWorld
import Foundation
import Preferences

/// The demo world's texts as the files that training reads.
struct DemoCorpusFiles: Sendable {
    let folder: URL

    var corpus: URL { folder.appending(path: "corpus.txt") }
    var demonstrations: URL { folder.appending(path: "demonstrations.jsonl") }

    func prompts(_ use: String) -> URL { folder.appending(path: "prompts-\(use).jsonl") }

    /// Writes everything; the same bytes for the same seed.
    func write(seed: UInt64) throws -> CorpusStatistics {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = DemoWorld().corpus(seed: seed)
        try Data(made.documents.joined(separator: "\n").utf8).write(to: corpus, options: .atomic)
        try Self.write(
            made.demonstrations.enumerated().map {
                DemonstrationLine(id: "\($0)", prompt: $1.prompt.text, response: $1.response)
            },
            to: demonstrations)
        for (use, prompts) in [
            ("supervised", made.prompts.supervised), ("ranking", made.prompts.ranking), ("ppo", made.prompts.ppo),
            ("held-out", made.prompts.heldOut),
        ] {
            try Self.write(
                prompts.enumerated().map { PromptLine(id: "\($0)", prompt: $1.text) }, to: self.prompts(use))
        }
        return made.statistics
    }

    private struct DemonstrationLine: Encodable {
        let id: String
        let prompt: String
        let response: String
    }

    private struct PromptLine: Encodable {
        let id: String
        let prompt: String
    }

    /// JSON Lines, whole or not at all.
    static func write(_ lines: [some Encodable], to file: URL) throws {
        try Data(try lines.map { try JSONLines.line($0) + "\n" }.joined().utf8).write(to: file, options: .atomic)
    }
}
