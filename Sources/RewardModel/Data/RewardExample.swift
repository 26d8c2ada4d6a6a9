import Foundation
public import LanguageModel
public import Preferences

/// A labelled group, ready for the model: one forward pass serves all its judgements.
public struct RewardExample: Sendable {
    public let id: String
    public let tokens: TokenGroup
    /// How the prompt began: groups of one opening are no independent samples. Nil where only the tokens are known.
    public var opening: Prompt?
    /// One element a judgement that orders at least one pair.
    public internal(set) var elements: [RankingElement]
    /// Characters of each response's text.
    public let lengths: [Int]
    /// How many judgements there are, however they are merged.
    public private(set) var judgements: Int
    /// What labels say of single responses, where that is learnt.
    public var ratings: [ResponseMark] = []
    public var acceptability: [ResponseMark] = []
    public var safety: [ResponseMark] = []
    /// How often each member of an ensemble takes the group; empty where all take it once.
    public var draws: [Int] = []

    public init(id: String, tokens: TokenGroup, elements: [RankingElement], lengths: [Int]) {
        self.id = id
        self.tokens = tokens
        self.elements = elements
        self.lengths = lengths
        judgements = elements.count
    }

    /// - Throws: `TokenizerError` where the prompt cannot be rendered.
    public init(_ labelled: LabelledGroup, template: PromptTemplate, margins: MarginScale) throws {
        try self.init(labelled, template: template, reading: LabelReading(margins: margins))
    }

    /// - Throws: `TokenizerError` where the prompt cannot be rendered.
    public init(_ labelled: LabelledGroup, template: PromptTemplate, reading: LabelReading) throws {
        let group = labelled.group
        let ids = group.responseIDs
        self.init(
            id: group.id,
            tokens: TokenGroup(
                prompt: try template.tokens(of: group.prompt),
                responses: group.responses.map { template.judgedTokens(of: $0).tokens }),
            elements: labelled.labels.compactMap {
                RankingElement(
                    $0, responseIDs: ids, margins: reading.margins, keepsTies: reading.ties != .drop)
            }, lengths: group.responses.map { $0.text.count })
        opening = group.prompt.opening
        let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        ratings = labelled.labels.flatMap { reading.ratingMarks($0, places: places) }
        acceptability = labelled.labels.flatMap { reading.acceptabilityMarks($0, places: places) }
        safety = labelled.labels.flatMap { reading.safetyMarks($0, places: places) }
        for review in labelled.reviews {
            let marks = reading.marks(review, places: places)
            if let rating = marks.rating { ratings.append(rating) }
            if let mark = marks.safety { safety.append(mark) }
        }
    }

    /// What a figure counts its responses by: the mean of its labels' weights.
    var weight: Double {
        elements.isEmpty ? 1 : elements.reduce(0) { $0 + $1.weight } / Double(elements.count)
    }

    /// Nothing in it is learnt from.
    var isEmpty: Bool { elements.isEmpty && ratings.isEmpty && acceptability.isEmpty && safety.isEmpty }

    /// Whether further heads learn from it or can be measured on it.
    var hasMarks: Bool { !ratings.isEmpty || !safety.isEmpty }

    /// The same with all judgements merged into one, by shares of the votes.
    func merged() -> RewardExample {
        var merged = self
        merged.elements = RankingElement.merged(elements).map { [$0] } ?? []
        return merged
    }

    /// Longest prompt-and-response, in tokens.
    var longest: Int { tokens.prompt.count + (tokens.responses.map(\.count).max() ?? 0) }
}

/// What training groups have in common that an ensemble's member takes or leaves together.
enum DrawnTogether: Hashable {
    case opening(Prompt)
    case tokens([Int32])

    init(_ example: RewardExample) {
        self = example.opening.map(DrawnTogether.opening) ?? .tokens(example.tokens.prompt)
    }
}
