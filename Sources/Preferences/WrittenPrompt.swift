/// What people are asked to write a prompt from, as InstructGPT's labelers were (§3.2 of its paper).
public enum PromptStyle: String, Sendable, Hashable, Codable, CaseIterable {
    /// Any task of one's own.
    case plain
    /// An instruction with several pairs of an input and its output.
    case fewShot = "few_shot"
    /// A task for a use case that a user described.
    case useCase = "use_case"
}

/// A prompt as a person wrote it. JSON: `style`; `text`, or `instruction`, `examples` and `input`.
public struct WrittenPrompt: Sendable, Hashable {
    /// One worked example of a few-shot prompt.
    public struct Example: Sendable, Hashable, Codable {
        public var input: String
        public var output: String

        public init(input: String, output: String) {
            self.input = input
            self.output = output
        }
    }

    private enum Parts: Sendable, Hashable {
        case text(String)
        case fewShot(instruction: String, examples: [Example], input: String)
    }

    public let style: PromptStyle
    private let parts: Parts

    /// A few-shot prompt.
    public init(instruction: String, examples: [Example], input: String) {
        style = .fewShot
        parts = .fewShot(instruction: instruction, examples: examples, input: input)
    }

    /// A plain one, or one for a use case.
    public init(_ text: String, forUseCase: Bool = false) {
        style = forUseCase ? .useCase : .plain
        parts = .text(text)
    }

    public var text: String? {
        guard case .text(let text) = parts else { return nil }
        return text
    }

    public var fewShot: (instruction: String, examples: [Example], input: String)? {
        guard case .fewShot(let instruction, let examples, let input) = parts else { return nil }
        return (instruction, examples, input)
    }

    /// What the policy is given. Of a few-shot one: the instruction, each example after "Input:" and "Output:", and the
    /// last input with an empty "Output:", which the policy goes on with.
    public var prompt: Prompt {
        switch parts {
        case .text(let text): return .text(text)
        case .fewShot(let instruction, let examples, let input):
            let shown = examples.map { "Input: \($0.input)\nOutput: \($0.output)" }
            return .fewShot(([instruction] + shown + ["Input: \(input)\nOutput:"]).joined(separator: "\n\n"))
        }
    }

    /// - Throws: `FeedbackError` that says what is missing.
    public func validate() throws(FeedbackError) {
        func isEmpty(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
        switch parts {
        case .text(let text): if isEmpty(text) { throw .empty(.prompt) }
        case .fewShot(let instruction, let examples, let input):
            if isEmpty(instruction) { throw .noInstruction }
            if examples.isEmpty { throw .noExamples }
            for (index, example) in examples.enumerated() where isEmpty(example.input) || isEmpty(example.output) {
                throw .halfExample(number: index + 1)
            }
            if isEmpty(input) { throw .noInput }
        }
        try FeedbackError.check(length: prompt.plainText)
    }
}

extension WrittenPrompt: Codable {
    private enum CodingKeys: String, CodingKey { case style, text, instruction, examples, input }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(PromptStyle.self, forKey: .style) {
        case .fewShot:
            self.init(
                instruction: try container.decode(String.self, forKey: .instruction),
                examples: try container.decode([Example].self, forKey: .examples),
                input: try container.decode(String.self, forKey: .input))
        case let style: self.init(try container.decode(String.self, forKey: .text), forUseCase: style == .useCase)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(style, forKey: .style)
        switch parts {
        case .text(let text): try container.encode(text, forKey: .text)
        case .fewShot(let instruction, let examples, let input):
            try container.encode(instruction, forKey: .instruction)
            try container.encode(examples, forKey: .examples)
            try container.encode(input, forKey: .input)
        }
    }
}
