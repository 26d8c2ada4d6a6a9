/// Where each token of a pass lies: groups one after the other, each as prompt, response 1, …, response K.
public struct PackedLayout: Sendable, Equatable {
    /// Rows of the pass.
    public let tokenCount: Int
    /// Row ranges by group.
    private let prompts: [Range<Int>]
    private let responses: [[Range<Int>]]
    /// By row.
    let tokens: [Int32]
    let positions: [Int32]
    /// Vectors before each group's prompt, counted among its prompt's rows.
    private let promptVectors: Int

    init(
        tokenCount: Int, prompts: [Range<Int>], responses: [[Range<Int>]], tokens: [Int32], positions: [Int32]
    ) {
        promptVectors = 0
        self.tokenCount = tokenCount
        self.prompts = prompts
        self.responses = responses
        self.tokens = tokens
        self.positions = positions
    }

    public var groupCount: Int { prompts.count }
    public func responseCount(_ group: Int) -> Int { responses[group].count }

    /// - Parameter promptVectors: rows before each group's prompt, with ids from the vocabulary's size on.
    /// - Throws: `EngineError` for an empty pass, group or response, ids outside the vocabulary, too many positions.
    init(_ groups: [TokenGroup], _ configuration: ModelConfiguration, promptVectors: Int = 0) throws(EngineError) {
        guard !groups.isEmpty else { throw .emptyPass }
        var prompts: [Range<Int>] = []
        var responses: [[Range<Int>]] = []
        var tokens: [Int32] = []
        var positions: [Int32] = []
        for (index, group) in groups.enumerated() {
            try Self.check(group, index, configuration, promptVectors)
            let prompt = (0..<promptVectors).map { Int32(configuration.vocabularySize + $0) } + group.prompt
            prompts.append(tokens.count..<tokens.count + prompt.count)
            tokens += prompt
            positions += (0..<prompt.count).map { Int32($0) }
            var ranges: [Range<Int>] = []
            for response in group.responses {
                ranges.append(tokens.count..<tokens.count + response.count)
                tokens += response
                positions += (0..<response.count).map { Int32(prompt.count + $0) }
            }
            responses.append(ranges)
        }
        self.promptVectors = promptVectors
        self.prompts = prompts
        self.responses = responses
        self.tokens = tokens
        self.positions = positions
        tokenCount = tokens.count
    }

    /// Most positions of a sequence.
    var longestSequence: Int { Int(positions.max() ?? -1) + 1 }

    private static func check(
        _ group: TokenGroup, _ index: Int, _ configuration: ModelConfiguration, _ promptVectors: Int
    ) throws(EngineError) {
        guard !(group.prompt.isEmpty && group.responses.isEmpty) else { throw .emptyGroup(index: index) }
        if let empty = group.responses.firstIndex(where: { $0.isEmpty }) {
            throw .emptyResponse(group: index, response: empty)
        }
        let positions = promptVectors + group.prompt.count + (group.responses.map(\.count).max() ?? 0)
        guard positions <= configuration.contextLength else {
            throw .tooLong(group: index, positions: positions, contextLength: configuration.contextLength)
        }
        let size = configuration.vocabularySize
        for list in [group.prompt] + group.responses {
            if let token = list.first(where: { $0 < 0 || Int($0) >= size }) {
                throw .tokenOutsideVocabulary(token: token, group: index, vocabularySize: size)
            }
        }
    }

    /// Rows of the prompt's tokens.
    public func promptRows(_ group: Int) -> Range<Int> {
        prompts[group].lowerBound + promptVectors..<prompts[group].upperBound
    }

    /// The same with the vectors before them.
    func wholePromptRows(_ group: Int) -> Range<Int> { prompts[group] }
    public func responseRows(_ group: Int, _ response: Int) -> Range<Int> { responses[group][response] }

    /// Row of the response's last token: the reward's state.
    public func lastResponseRow(_ group: Int, _ response: Int) -> Int { responses[group][response].upperBound - 1 }

    /// Rows before each token of a response (the state that predicts it): the last prompt row, then the response's rows
    /// but the last. With an empty prompt nothing comes before the first token and the list is one shorter.
    public func statesBefore(_ group: Int, _ response: Int) -> [Int] {
        let rows = responses[group][response]
        let first = prompts[group].isEmpty ? [] : [prompts[group].upperBound - 1]
        return first + Array(rows.dropLast())
    }

    /// Every response token (with an empty prompt all but the first).
    public var responseTargets: PredictionTargets { targets(prompts: false) }

    /// Every token that has a token before it, prompts and responses: plain next-token prediction.
    public var allTargets: PredictionTargets { targets(prompts: true) }

    private func targets(prompts wantsPrompts: Bool) -> PredictionTargets {
        var rows: [Int] = []
        var ids: [Int32] = []
        var ranges: [[Range<Int>]] = []
        for group in prompts.indices {
            if wantsPrompts {
                for row in promptRows(group).dropLast() {
                    rows.append(row)
                    ids.append(tokens[row + 1])
                }
            }
            var own: [Range<Int>] = []
            for response in responses[group].indices {
                let states = statesBefore(group, response)
                let range = responses[group][response]
                own.append(rows.count..<rows.count + states.count)
                rows += states
                ids += tokens[(range.upperBound - states.count)..<range.upperBound]
            }
            ranges.append(own)
        }
        return PredictionTargets(rows: rows, tokens: ids, ranges: ranges)
    }
}

/// Tokens to predict, each from the row before it.
public struct PredictionTargets: Sendable, Equatable {
    /// Row whose state predicts each target.
    public let rows: [Int]
    public let tokens: [Int32]
    private let ranges: [[Range<Int>]]
    /// Distinct rows in ascending order; the targets of `distinctRows[i]` are `order[starts[i] ..< starts[i + 1]]`.
    let distinctRows: [Int]
    let starts: [Int]
    let order: [Int]

    public var count: Int { rows.count }

    /// Any selection of targets; `range(group:response:)` is for those that a layout makes.
    public init(rows: [Int], tokens: [Int32]) { self.init(rows: rows, tokens: tokens, ranges: []) }

    init(rows: [Int], tokens: [Int32], ranges: [[Range<Int>]]) {
        precondition(rows.count == tokens.count, "\(rows.count) rows and \(tokens.count) tokens")
        self.rows = rows
        self.tokens = tokens
        self.ranges = ranges
        let order = rows.indices.sorted { (rows[$0], $0) < (rows[$1], $1) }
        var distinct: [Int] = []
        var starts: [Int] = []
        for (place, target) in order.enumerated() where distinct.last != rows[target] {
            distinct.append(rows[target])
            starts.append(place)
        }
        self.order = order
        distinctRows = distinct
        self.starts = starts + [rows.count]
    }

    /// Targets of one response, in the order of its tokens.
    public func range(group: Int, response: Int) -> Range<Int> { ranges[group][response] }
}
