/// What a label holds that is not an order over responses. JSON: `kind` and the fields of that kind.
public enum Feedback: Sendable, Hashable {
    /// The ideal answer to a prompt, written by a person.
    case demonstration(String)
    /// A response as a person would have written it: an ideal answer, and better than the response where they differ.
    case correction(String)
    /// An overall rating and flags of one response.
    case rating(ResponseReview)
    /// What is good and bad about one response, in free text.
    case criticism(String)
    /// A prompt that a person wrote.
    case prompt(WrittenPrompt)

    /// Names as in JSON and in the store.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case demonstration, correction, rating, criticism, prompt
    }

    /// More than anybody writes, in bytes of UTF-8.
    public static let longestText = 1 << 20

    public var kind: Kind {
        switch self {
        case .demonstration: .demonstration
        case .correction: .correction
        case .rating: .rating
        case .criticism: .criticism
        case .prompt: .prompt
        }
    }

    /// The text that a person wrote, in full; a rating gives its criticism, a prompt its plain text.
    public var text: String {
        switch self {
        case .demonstration(let text), .correction(let text), .criticism(let text): text
        case .rating(let review): review.criticism ?? ""
        case .prompt(let written): written.prompt.plainText
        }
    }

    /// - Throws: `FeedbackError` where something is missing, empty or too long.
    public func validate() throws(FeedbackError) {
        switch self {
        case .demonstration(let text), .correction(let text), .criticism(let text):
            if text.allSatisfy(\.isWhitespace) { throw .empty(kind) }
            try FeedbackError.check(length: text)
        case .rating(let review):
            if review.rating.overall == nil { throw .empty(.rating) }
            if let criticism = review.criticism { try FeedbackError.check(length: criticism) }
        case .prompt(let written): try written.validate()
        }
    }
}

/// What somebody thinks of one response: an overall rating, flags, and free text. JSON: `overall`, `flags`, `criticism`.
public struct ResponseReview: Sendable, Hashable, Codable {
    public let rating: ResponseRating
    /// Free text; nil where nothing was written.
    public let criticism: String?

    public init(rating: ResponseRating, criticism: String? = nil) {
        self.rating = rating
        self.criticism = criticism
    }

    private enum CodingKeys: String, CodingKey { case criticism }

    public init(from decoder: any Decoder) throws {
        rating = try ResponseRating(from: decoder)
        criticism = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .criticism)
    }

    public func encode(to encoder: any Encoder) throws {
        try rating.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(criticism, forKey: .criticism)
    }
}

extension Feedback: Codable {
    private enum CodingKeys: String, CodingKey { case kind, text, rating, prompt }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .demonstration: self = .demonstration(try container.decode(String.self, forKey: .text))
        case .correction: self = .correction(try container.decode(String.self, forKey: .text))
        case .rating: self = .rating(try container.decode(ResponseReview.self, forKey: .rating))
        case .criticism: self = .criticism(try container.decode(String.self, forKey: .text))
        case .prompt: self = .prompt(try container.decode(WrittenPrompt.self, forKey: .prompt))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .demonstration(let text), .correction(let text), .criticism(let text):
            try container.encode(text, forKey: .text)
        case .rating(let rating): try container.encode(rating, forKey: .rating)
        case .prompt(let written): try container.encode(written, forKey: .prompt)
        }
    }
}

/// Why feedback is not an answer.
public enum FeedbackError: Error, Sendable, Hashable, CustomStringConvertible {
    case empty(Feedback.Kind)
    case tooLong(bytes: Int)
    case noInstruction
    case noExamples
    case halfExample(number: Int)
    case noInput

    public var description: String {
        switch self {
        case .empty(.demonstration): "nothing is written yet; write the answer that you would like to get"
        case .empty(.correction): "the corrected text is empty; write the response as it should be"
        case .empty(.criticism): "nothing is written yet; say what is good and what is bad about the response"
        case .empty(.prompt): "the prompt is empty; write what you would ask"
        case .empty(.rating): "no rating is chosen; choose one from 1 to 7"
        case .tooLong(let bytes): "the text has \(bytes) bytes; at most \(Feedback.longestText) are taken"
        case .noInstruction: "the instruction is empty; write what is to be done"
        case .noExamples: "a few-shot prompt has at least one example; write an input and its output"
        case .halfExample(let number): "example \(number) needs both an input and an output, or neither"
        case .noInput: "the last input is empty; write the one that shall be answered"
        }
    }

    static func check(length text: String) throws(FeedbackError) {
        let bytes = text.utf8.count
        if bytes > Feedback.longestText { throw .tooLong(bytes: bytes) }
    }
}

/// What a label holds: an order over responses, or other feedback. JSON: either one's.
public enum LabelContent: Sendable, Hashable, Codable {
    case judgement(Judgement)
    case feedback(Feedback)

    private enum CodingKeys: String, CodingKey { case kind }

    public init(from decoder: any Decoder) throws {
        let kind = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .kind)
        if Feedback.Kind(rawValue: kind) != nil {
            self = .feedback(try Feedback(from: decoder))
        } else {
            self = .judgement(try Judgement(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .judgement(let judgement): try judgement.encode(to: encoder)
        case .feedback(let feedback): try feedback.encode(to: encoder)
        }
    }

    /// As the store's labels have it.
    public var kind: String {
        switch self {
        case .judgement(let judgement): judgement.kind.rawValue
        case .feedback(let feedback): feedback.kind.rawValue
        }
    }

    public var judgement: Judgement? {
        guard case .judgement(let judgement) = self else { return nil }
        return judgement
    }

    public var feedback: Feedback? {
        guard case .feedback(let feedback) = self else { return nil }
        return feedback
    }

    /// The same with other names for the responses; feedback names none.
    public func renamed(_ names: [String: String]) throws(JudgementError) -> LabelContent {
        switch self {
        case .judgement(let judgement): .judgement(try judgement.renamed(names))
        case .feedback: self
        }
    }
}
