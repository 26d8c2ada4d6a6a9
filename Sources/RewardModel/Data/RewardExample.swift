import Foundation
public import LanguageModel
public import Preferences

/// A labelled group, ready for the model: one forward pass serves all its judgements.
public struct RewardExample: Sendable {
    public let id: String
    public let tokens: TokenGroup
    /// One element a judgement that orders at least one pair.
    public let elements: [RankingElement]
    /// Characters of each response's text.
    public let lengths: [Int]

    public init(id: String, tokens: TokenGroup, elements: [RankingElement], lengths: [Int]) {
        self.id = id
        self.tokens = tokens
        self.elements = elements
        self.lengths = lengths
    }

    /// - Throws: `TokenizerError` where the prompt cannot be rendered.
    public init(_ labelled: LabelledGroup, template: PromptTemplate, margins: MarginScale) throws {
        let group = labelled.group
        id = group.id
        tokens = TokenGroup(
            prompt: try template.tokens(of: group.prompt),
            responses: group.responses.map { template.judgedTokens(of: $0).tokens })
        let ids = group.responseIDs
        elements = labelled.labels.compactMap { RankingElement($0, responseIDs: ids, margins: margins) }
        lengths = group.responses.map { $0.text.count }
    }

    /// Longest prompt-and-response, in tokens.
    var longest: Int { tokens.prompt.count + (tokens.responses.map(\.count).max() ?? 0) }
}
