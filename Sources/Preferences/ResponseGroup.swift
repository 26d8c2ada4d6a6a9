/// One answer to a prompt. A sampled one has token ids, policy, seed and temperature; others only what is known of them.
///
/// JSON: `id`, `text`, and where known `token_ids`, `token_ids_source`, `policy`, `seed`, `temperature`,
/// `log_probability`, `finished`.
public struct GroupResponse: Sendable, Hashable, Codable {
    /// Where token ids come from.
    public enum TokenIDsSource: String, Sendable, Hashable, Codable, CaseIterable {
        /// The ids that the sampler drew.
        case own
        /// The text was tokenized again afterwards; the sampler may have drawn other ids for the same text.
        case retokenised
    }

    /// Unique inside the group.
    public var id: String
    public var text: String
    public var tokenIDs: [Int32]?
    public var tokenIDsSource: TokenIDsSource?
    /// Name of the policy that wrote it.
    public var policy: String?
    /// Bit pattern of the generator's 64-bit seed.
    public var seed: Int64?
    public var temperature: Double?
    /// Sum over the response's tokens with the end token, in nats, at `temperature`.
    public var logProbability: Double?
    /// It ended with the end token; false where the token limit cut it, nil where that is not known.
    public var finished: Bool?

    public init(
        id: String, text: String, tokenIDs: [Int32]? = nil, tokenIDsSource: TokenIDsSource? = nil,
        policy: String? = nil, seed: Int64? = nil, temperature: Double? = nil, logProbability: Double? = nil,
        finished: Bool? = nil
    ) {
        self.id = id
        self.text = text
        self.tokenIDs = tokenIDs
        self.tokenIDsSource = tokenIDsSource
        self.policy = policy
        self.seed = seed
        self.temperature = temperature
        self.logProbability = logProbability
        self.finished = finished
    }

    private enum CodingKeys: String, CodingKey {
        case id, text, policy, seed, temperature, finished
        case tokenIDs = "token_ids"
        case tokenIDsSource = "token_ids_source"
        case logProbability = "log_probability"
    }
}

/// One prompt with its K responses: the unit of the whole system. JSON: `id`, `prompt`, `responses`.
public struct ResponseGroup: Sendable, Hashable, Codable {
    public var id: String
    public var prompt: Prompt
    public var responses: [GroupResponse]

    public init(id: String, prompt: Prompt, responses: [GroupResponse]) {
        self.id = id
        self.prompt = prompt
        self.responses = responses
    }

    public var responseIDs: [String] { responses.map(\.id) }

    /// The response with this id. Complexity: O(K).
    public func response(_ id: String) -> GroupResponse? { responses.first { $0.id == id } }

    /// - Throws: `GroupError` unless K is at least 2, or as few as are allowed, the ids are unique and the prompt can be answered.
    public func validate(fewestResponses: Int = 2) throws(GroupError) {
        do { try prompt.validate() } catch { throw .prompt(error) }
        guard responses.count >= fewestResponses else { throw .tooFewResponses(found: responses.count) }
        var seen = Set<String>()
        for (index, response) in responses.enumerated() {
            if response.id.isEmpty { throw .emptyResponseID(number: index + 1) }
            if !seen.insert(response.id).inserted { throw .responseIDTwice(id: response.id) }
        }
    }
}

/// Why a response group, or a line with its labels, cannot be used.
public enum GroupError: Error, Sendable, Hashable, CustomStringConvertible {
    case prompt(PromptError)
    case tooFewResponses(found: Int)
    case emptyResponseID(number: Int)
    case responseIDTwice(id: String)
    case label(id: String, problem: JudgementError)
    case review(label: String, response: String)
    case weight(label: String, found: Double)
    case samplingProbability(found: Double)

    public var description: String {
        switch self {
        case .prompt(let error): error.description
        case .tooFewResponses(let found): "the group has \(found) response\(found == 1 ? "" : "s"); it needs at least 2"
        case .emptyResponseID(let number): "response \(number) has an empty id"
        case .responseIDTwice(let id): "the response id '\(id)' is there twice; ids must be unique inside a group"
        case .label(let id, let problem): "label '\(id)': \(problem)"
        case .review(let label, let response):
            "label '\(label)': its response '\(response)' is not one of the group's"
        case .weight(let label, let found): "label '\(label)': its weight is \(found); it must be a number above 0"
        case .samplingProbability(let found): "its sampling_probability is \(found); it must be above 0 and at most 1"
        }
    }
}
