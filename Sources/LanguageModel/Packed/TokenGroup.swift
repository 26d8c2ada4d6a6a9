/// A prompt and its responses as token ids: the unit of sampling, training and scoring.
///
/// A plain document is a group with a prompt and no response.
public struct TokenGroup: Sendable, Equatable {
    public var prompt: [Int32]
    public var responses: [[Int32]]

    public init(prompt: [Int32], responses: [[Int32]] = []) {
        self.prompt = prompt
        self.responses = responses
    }

    /// Rows that the group takes in a pass.
    public var tokenCount: Int { responses.reduce(prompt.count) { $0 + $1.count } }
}

/// Cuts groups, in order, into passes of at most `tokenBudget` rows; a larger group gets a pass of its own.
/// - Returns: ranges of group indices that cover all groups.
public func passes(of groups: [TokenGroup], tokenBudget: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, group) in groups.enumerated() {
        if index > start && tokens + group.tokenCount > tokenBudget {
            ranges.append(start..<index)
            start = index
            tokens = 0
        }
        tokens += group.tokenCount
    }
    if start < groups.count { ranges.append(start..<groups.count) }
    return ranges
}
