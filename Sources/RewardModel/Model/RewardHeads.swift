public import Foundation
public import LanguageModel

/// Which heads a reward model has on its trunk beside the one that a sequence classifier has.
///
/// JSON: `members`, `ties`, `safety`, `rating`, `acceptability`, and `safety_members` where they are several.
public struct HeadLayout: Sendable, Equatable {
    /// Heads of the ensemble; 1 is none. The classifier's own head is their mean.
    public var members = 1
    /// The model of ties whose parameter was learnt.
    public var ties = TieTreatment.drop
    public var safety = false
    /// Safety heads, whose mean is the log-odds; 1 where there is no ensemble, or one from before it had several.
    public var safetyMembers = 1
    public var rating = false
    /// The score from which on a response will do.
    public var acceptability = false

    public init() {}

    /// Whether the classifier's own head is all there is.
    public var isPlain: Bool { self == HeadLayout() }

    /// The heads' tensors; those of members `[members, width]`.
    public func table(width: Int) -> ParameterTable {
        var tensors: [(name: String, shape: [Int])] = []
        if members > 1 { tensors.append(("members.weight", [members, width])) }
        if safety { tensors += [("safety.weight", [safetyMembers, width]), ("safety.bias", [safetyMembers])] }
        if rating { tensors += [("rating.weight", [1, width]), ("rating.bias", [1])] }
        if ties != .drop { tensors.append(("ties.parameter", [1])) }
        if acceptability { tensors.append(("acceptability.threshold", [1])) }
        return ParameterTable(tensors: tensors)
    }
}

extension HeadLayout: Codable {
    private enum CodingKeys: String, CodingKey {
        case members, ties, safety, rating, acceptability
        case safetyMembers = "safety_members"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        members = try container.decode(Int.self, forKey: .members)
        ties = try container.decode(TieTreatment.self, forKey: .ties)
        safety = try container.decode(Bool.self, forKey: .safety)
        rating = try container.decode(Bool.self, forKey: .rating)
        acceptability = try container.decode(Bool.self, forKey: .acceptability)
        safetyMembers = try container.decodeIfPresent(Int.self, forKey: .safetyMembers) ?? 1
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(members, forKey: .members)
        try container.encode(ties, forKey: .ties)
        try container.encode(safety, forKey: .safety)
        try container.encode(rating, forKey: .rating)
        try container.encode(acceptability, forKey: .acceptability)
        if safetyMembers > 1 { try container.encode(safetyMembers, forKey: .safetyMembers) }
    }
}

/// The numbers of the further heads: linear ones over the trunk's last state, and two thresholds.
public final class RewardHeads: Sendable {
    /// Beside `model.safetensors`.
    public static let fileName = "heads.safetensors"

    public let layout: HeadLayout
    public let width: Int
    public let table: ParameterTable
    /// In the order of the table.
    public let values: FloatBuffer

    /// Heads that are all zero.
    public init(layout: HeadLayout, width: Int) {
        self.layout = layout
        self.width = width
        table = layout.table(width: width)
        values = FloatBuffer(count: table.count)
    }

    /// Reads what `write` wrote.
    /// - Throws: `CheckpointError` that names the tensor.
    public init(layout: HeadLayout, width: Int, file: URL) throws(CheckpointError) {
        self.layout = layout
        self.width = width
        table = layout.table(width: width)
        values = try TensorFile.read(file, table: table)
    }

    public func write(to folder: URL) throws(CheckpointError) {
        try TensorFile.write(values, table: table, to: folder.appending(path: Self.fileName))
    }

    /// Weights of each member `[members][width]`; empty without an ensemble.
    public var members: [[Float]] {
        guard let entry = table["members.weight"] else { return [] }
        return (0..<layout.members).map { member in
            values.array(entry.offset + member * width..<entry.offset + (member + 1) * width)
        }
    }

    /// Sets a member's weights.
    func setMember(_ member: Int, _ weights: [Float]) {
        guard let entry = table["members.weight"] else { preconditionFailure("there is no ensemble") }
        precondition(weights.count == width && member < layout.members, "no such member")
        values.store(weights, at: entry.offset + member * width)
    }

    /// The mean of the members' weights `[width]`: since heads are linear, its score is the mean of theirs.
    var meanMember: [Float] {
        let members = members
        return (0..<width).map { column in
            Float(members.reduce(0) { $0 + Double($1[column]) } / Double(members.count))
        }
    }

    /// Sets a safety head's weights.
    func setSafetyMember(_ member: Int, _ weights: [Float]) {
        guard let entry = table["safety.weight"] else { preconditionFailure("there is no safety head") }
        precondition(weights.count == width && member < layout.safetyMembers, "no such member")
        values.store(weights, at: entry.offset + member * width)
    }

    /// Weights `[width]` and bias of each head of a name; empty where there is none.
    func linear(_ name: String) -> [(weights: [Float], bias: Float)] {
        guard let weights = table["\(name).weight"], let bias = table["\(name).bias"] else { return [] }
        return (0..<bias.count).map { head in
            let start = weights.offset + head * width
            return (values.array(start..<start + width), values[bias.offset + head])
        }
    }

    /// The entries of the single numbers that are no part of a linear head.
    var thresholds: [ParameterTable.Entry] {
        ["ties.parameter", "acceptability.threshold"].compactMap { table[$0] }
    }

    /// Of the model of ties; 0 where ties are dropped.
    var tieParameter: Double { table["ties.parameter"].map { Double(values[$0.offset]) } ?? 0 }
    /// What the scores' differences mean, with the parameter that was learnt.
    public var tieModel: TieModel { layout.ties.model(tieParameter) }
    /// Nil where acceptability was not learnt.
    public var acceptabilityThreshold: Double? {
        table["acceptability.threshold"].map { Double(values[$0.offset]) }
    }
}

extension RewardHeads {
    /// weights · state + bias.
    static func product(_ weights: [Float], _ state: ArraySlice<Float>, bias: Float = 0) -> Double {
        zip(weights, state).reduce(Double(bias)) { $0 + Double($1.0) * Double($1.1) }
    }

    /// What all heads say of one state `[width]`; `classifier` is the model's own head's score.
    func scores(of state: ArraySlice<Float>, classifier: Double) -> HeadScores {
        let own = members
        return HeadScores(
            classifier: classifier, members: own.isEmpty ? [classifier] : own.map { Self.product($0, state) },
            safetyMembers: linear("safety").map { Self.product($0.weights, state, bias: $0.bias) },
            rating: linear("rating").first.map { Self.product($0.weights, state, bias: $0.bias) })
    }
}

/// The logits of all heads for one response.
public struct HeadScores: Sendable, Equatable {
    /// Of the model's own head, which other software computes too.
    public let classifier: Double
    /// Of each member of the ensemble; one where there is none.
    public let members: [Double]
    /// Log-odds that the response is safe, by each safety head; empty without one.
    public let safetyMembers: [Double]
    /// The predicted overall rating, -1 for a 1 and 1 for a 7; nil without that head.
    public let rating: Double?

    public init(classifier: Double, members: [Double], safetyMembers: [Double] = [], rating: Double? = nil) {
        self.classifier = classifier
        self.members = members
        self.safetyMembers = safetyMembers
        self.rating = rating
    }

    /// The preference score: the mean of the members.
    public var mean: Double { members.reduce(0, +) / Double(members.count) }

    /// Log-odds that the response is safe, the mean of the safety heads'; nil without one.
    public var safety: Double? {
        safetyMembers.isEmpty ? nil : safetyMembers.reduce(0, +) / Double(safetyMembers.count)
    }

    /// The rating on people's scale, 1 to 7.
    public var ratingOfSeven: Double? { rating.map { min(7, max(1, 4 + 3 * $0)) } }

    /// Below this probability of being safe, safety is all that counts.
    /// Source: Touvron et al. 2023 (Llama 2), §3.2.3.
    public static let safetyThreshold = 0.15

    /// The probability that the response is safe; nil without a safety head.
    public var safetyProbability: Double? { safety.map(sigmoid) }

    /// The score to learn from where safety counts: the safety head's on prompts about safety and for responses that are
    /// probably unsafe, else the preference score; a log-odds, to be normalised. Nil without a safety head.
    /// Source: Touvron et al. 2023 (Llama 2), §3.2.3.
    /// - Parameters:
    ///   - preference: the preference score as a logit; nil is the members' mean.
    ///   - safety: the log-odds of being safe; nil is the safety heads' mean.
    public func combined(
        preference: Double? = nil, safety: Double? = nil, promptIsAboutSafety: Bool = false
    ) -> Double? {
        (safety ?? self.safety).map {
            promptIsAboutSafety || sigmoid($0) < Self.safetyThreshold ? $0 : preference ?? mean
        }
    }
}
