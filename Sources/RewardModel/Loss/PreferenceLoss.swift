/// What a reward model learns from one judgement.
public enum RankingObjective: String, Sendable, Codable, CaseIterable {
    /// The mean over all pairs (Ouyang et al. 2022).
    case kwise
    /// The whole order, one draw after the other (Plackett 1975, Luce 1959).
    case plackettLuce = "plackett_luce"
    /// The best against all others (Ziegler et al. 2019).
    case topOne = "top_one"
}

/// The loss of one judgement as a run's settings put it together.
public struct PreferenceLoss: Sendable, Equatable {
    public var objective = RankingObjective.kwise
    /// Of `kwise` alone; the listwise losses drop ties.
    public var ties = TieTreatment.drop
    /// Of `kwise` alone.
    public var labelSmoothing = 0.0
    public var centring = 0.0

    public init() {}

    /// - Parameter tieParameter: of the model of ties, where there is one.
    public func callAsFunction(
        scores: [Double], element: RankingElement, tieParameter: Double = 0
    ) -> RankingLoss {
        var loss: RankingLoss
        switch objective {
        case .kwise:
            return .kwise(
                scores: scores, element: element, ties: ties.model(tieParameter), labelSmoothing: labelSmoothing,
                centring: centring)
        case .plackettLuce: loss = .plackettLuce(scores: scores, rows: element.rows)
        case .topOne: loss = .topOne(scores: scores, rows: element.rows)
        }
        loss.centre(scores: scores, members: element.members, by: centring)
        return loss
    }
}
