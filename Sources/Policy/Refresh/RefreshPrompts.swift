import Foundation
import LanguageModel
import Preferences

/// The prompts that a refresh answers.
struct RefreshPrompts {
    static let name = "prompts.jsonl"

    /// In the order of the file, those apart that the policy cannot take.
    private(set) var usable: [RolloutCollector.Prompt] = []
    /// Why each of the others cannot be taken, with its line.
    private(set) var refusals: [String] = []

    /// Reads a file. A prompt that the policy cannot take, as it leaves no room for a response or as the chat template refuses
    /// it, is left out.
    /// - Throws: an error that names the line: wrong JSON, an id twice; and where no prompt is left.
    init(_ file: URL, policy: LoadedPolicy) throws {
        let name = file.lastPathComponent
        var seen = Set<String>()
        try JSONLines.forEach(PromptLine.self, in: try Data(contentsOf: file), file: name) { number, line in
            guard seen.insert(line.id).inserted else {
                throw PolicyError.badLine(file: name, line: number, reason: "the id \(line.id) stands there twice")
            }
            do {
                usable.append(
                    .init(
                        id: line.id, text: line.prompt.plainText,
                        tokens: try policy.tokens(of: line.prompt, named: line.id),
                        isAboutSafety: line.isAboutSafety ?? false))
            } catch let error as TokenizerError where error.isOfTemplate {
                // Not of this prompt, but of all that go through the template.
                throw PolicyError.badLine(file: name, line: number, reason: "\(error)")
            } catch {
                refusals.append("line \(number): \(error)")
            }
        }
        guard !usable.isEmpty else {
            throw PolicyError.nothingToLearn(
                file: name,
                reason: refusals.first.map { "holds no prompt that the policy can take (\($0))" }
                    ?? "holds no prompt; give at least one prompt the use PPO")
        }
    }

    /// What people should know of the prompts that were left out; nil where none was.
    var note: String? {
        guard let first = refusals.first else { return nil }
        let count = refusals.count
        return
            "\(count) of \(usable.count + count) prompts \(Wording.word(count, "was", "were")) left out, because the "
            + "policy cannot take \(Wording.word(count, "it", "them")) (\(count > 1 ? "the first, " : "")\(first))."
    }
}

extension TokenizerError {
    /// Whether it is the model's chat template that cannot be used at all.
    fileprivate var isOfTemplate: Bool {
        if case .unknownChatTemplate = self { true } else { false }
    }
}
