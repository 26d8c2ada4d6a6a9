import Foundation
import Preferences

/// Reads the prompts that a refresh answers.
enum RefreshPrompts {
    static let name = "prompts.jsonl"

    /// - Throws: an error that names the line: wrong JSON, a prompt that leaves no room for a response, an id twice.
    static func read(_ file: URL, policy: LoadedPolicy) throws -> [RolloutCollector.Prompt] {
        let name = file.lastPathComponent
        var prompts: [RolloutCollector.Prompt] = []
        var seen = Set<String>()
        try JSONLines.forEach(PromptLine.self, in: try Data(contentsOf: file), file: name) { number, line in
            guard seen.insert(line.id).inserted else {
                throw PolicyError.badLine(file: name, line: number, reason: "the id \(line.id) stands there twice")
            }
            do {
                prompts.append(
                    .init(
                        id: line.id, text: line.prompt.plainText,
                        tokens: try policy.tokens(of: line.prompt, named: line.id)))
            } catch {
                throw PolicyError.badLine(file: name, line: number, reason: "\(error)")
            }
        }
        guard !prompts.isEmpty else {
            throw PolicyError.nothingToLearn(
                file: name, reason: "holds no prompt; give at least one prompt the use PPO")
        }
        return prompts
    }
}
