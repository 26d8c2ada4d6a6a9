import Foundation
import LanguageModel
public import Preferences
import RewardModel
import Runs

/// One line of `demonstrations.jsonl`: a prompt and the response that a model is to learn.
public struct DemonstrationLine: Sendable, Codable, Equatable {
    public var id: String
    public var prompt: Prompt
    public var response: String

    public init(id: String, prompt: Prompt, response: String) {
        self.id = id
        self.prompt = prompt
        self.response = response
    }
}

/// One line of `prompts.jsonl`: a prompt that a policy learns to answer.
public struct PromptLine: Sendable, Codable, Equatable {
    public var id: String
    public var prompt: Prompt
    /// Tagged as being about safety; nil is not.
    public var isAboutSafety: Bool?

    public init(id: String, prompt: Prompt, isAboutSafety: Bool? = nil) {
        self.id = id
        self.prompt = prompt
        self.isAboutSafety = isAboutSafety
    }

    private enum CodingKeys: String, CodingKey {
        case id, prompt
        case isAboutSafety = "about_safety"
    }
}

/// Demonstrations as tokens.
enum Demonstrations {
    static let name = "demonstrations.jsonl"

    /// One line: prompt and response, the response with its end token.
    struct Example {
        var line: Int
        var prompt: Prompt
        var tokens: TokenGroup
    }

    /// Every line's example.
    /// - Returns: the examples, and how many lines were too long for the context and passed over.
    /// - Throws: an error that names the line.
    static func read(
        _ file: URL, template: PromptTemplate, contextLength: Int, skipTooLong: Bool
    ) throws -> (examples: [Example], skipped: Int) {
        let name = file.lastPathComponent
        var examples: [Example] = []
        var skipped = 0
        try JSONLines.forEach(InstructionLine.self, in: try Data(contentsOf: file), file: name) { number, line in
            let policyPrompt: [Int32]
            do {
                policyPrompt = try template.tokens(of: line.prompt)
            } catch {
                throw PolicyError.badLine(file: name, line: number, reason: "prompt: \(error)")
            }
            guard !policyPrompt.isEmpty else {
                throw PolicyError.badLine(file: name, line: number, reason: "prompt: gives no token")
            }
            let group = TokenGroup(prompt: policyPrompt, responses: [template.response(text: line.response)])
            if group.tokenCount > contextLength {
                guard skipTooLong else {
                    throw PolicyError.badLine(
                        file: name, line: number,
                        reason: "prompt and response have \(group.tokenCount) tokens, more than the model's context of "
                            + "\(contextLength); shorten it, or set skip_too_long")
                }
                skipped += 1
            } else {
                examples.append(Example(line: number, prompt: line.prompt, tokens: group))
            }
        }
        guard !examples.isEmpty else {
            throw PolicyError.nothingToLearn(file: name, reason: "holds no demonstration to learn from")
        }
        return (examples, skipped)
    }

    /// The tokens alone.
    static func groups(
        in file: URL, template: PromptTemplate, contextLength: Int, skipTooLong: Bool
    ) throws -> (groups: [TokenGroup], skipped: Int) {
        let found = try read(file, template: template, contextLength: contextLength, skipTooLong: skipTooLong)
        return (found.examples.map(\.tokens), found.skipped)
    }

    /// Demonstrations of one prompt together, and of all turns of a conversation; prompts in the order of their first
    /// demonstration. The keys are those by which prompts are held out of reward models.
    static func sources(_ examples: [Example]) -> [TrainingSource] {
        TrainingSource.joined(
            examples.map { (Digest.data(Data($0.prompt.opening.canonicalBytes)), [$0.tokens]) })
    }
}
