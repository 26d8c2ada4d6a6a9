import Foundation
import LanguageModel
public import Preferences
import RewardModel

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

    /// Prompt and response of every line, the response with its end token.
    /// - Returns: the groups, and how many lines were too long for the context and passed over.
    /// - Throws: an error that names the line.
    static func groups(
        in file: URL, template: PromptTemplate, contextLength: Int, skipTooLong: Bool
    ) throws -> (groups: [TokenGroup], skipped: Int) {
        let name = file.lastPathComponent
        var groups: [TokenGroup] = []
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
                groups.append(group)
            }
        }
        guard !groups.isEmpty else {
            throw PolicyError.nothingToLearn(file: name, reason: "holds no demonstration to learn from")
        }
        return (groups, skipped)
    }

    /// Demonstrations of one prompt together, prompts in the order of their first demonstration.
    static func byPrompt(_ groups: [TokenGroup]) -> [[TokenGroup]] {
        var places: [[Int32]: Int] = [:]
        var prompts: [[TokenGroup]] = []
        for group in groups {
            if let place = places[group.prompt] {
                prompts[place].append(group)
            } else {
                places[group.prompt] = prompts.count
                prompts.append([group])
            }
        }
        return prompts
    }
}
