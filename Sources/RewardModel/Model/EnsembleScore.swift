/// What an ensemble of heads says of one response, each head on its own normalised scale.
///
/// Source: Coste et al. 2023 (arXiv 2310.02743), §3: an ensemble's members disagree where the labels did not decide.
public struct EnsembleScore: Sendable, Equatable {
    /// Normalised score of each member; one for a model without an ensemble.
    public let members: [Double]

    public init(members: [Double]) {
        precondition(!members.isEmpty, "an ensemble has members")
        self.members = members
    }

    public var mean: Double { members.reduce(0, +) / Double(members.count) }
    /// The lowest member's (Coste: worst-case optimisation).
    public var worstCase: Double { members.reduce(.infinity, min) }
    /// Over the members themselves, not Bessel's; 0 for one.
    public var variance: Double {
        let mean = mean
        return members.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(members.count)
    }
    public var deviation: Double { variance.squareRoot() }
    /// mean - coefficient · variance (Coste: uncertainty-weighted optimisation).
    public func variancePenalised(_ coefficient: Double) -> Double { mean - coefficient * variance }
}
