/// Follows how far the heads of a reward model's ensemble are apart on the policy's rollouts.
///
/// Heads agree on what their labels decided. Where they part while the reward rises, the policy has gone where the labels say
/// little, and the reward there is a guess. Source: Coste et al. 2024, "Reward Model Ensembles Help Mitigate
/// Overoptimization", §3 (disagreement as uncertainty).
package struct MemberWatch: Codable, Equatable {
    /// The newest rollouts, judged together.
    private var window: [Look] = []
    /// The first rollout, by the policy that the run started from.
    private var start: Look?
    /// The iteration at which the heads had first parted; nil where they never did.
    package private(set) var partedAt: Int?

    /// Means over one rollout's responses, and the variance of the mean deviation.
    private struct Look: Codable, Equatable {
        var reward: Double
        var deviation: Double
        var variance: Double
    }

    package init() {}

    /// Takes in a rollout.
    ///
    /// The heads have parted when the newest rollouts' reward is above that of the first one, while their mean deviation is
    /// `drift` times as large or more, by more than `errors` standard errors. Responses to one prompt are not independent: the
    /// error is that of the prompts' means.
    /// - Parameters:
    ///   - rewards: `[groups][responses]`
    ///   - deviations: of the members' scores of one response `[groups][responses]`.
    ///   - keeping: rollouts that are judged together.
    /// - Returns: what people should know, where they have parted.
    package mutating func add(
        rewards: [[Double]], deviations: [[Double]], iteration: Int, keeping most: Int, drift: Double, errors: Double
    ) -> RefreshAlarm? {
        let means = deviations.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        let count = Double(max(1, means.count))
        let mean = means.reduce(0, +) / count
        let squares = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let rewardMean = rewards.joined().reduce(0, +) / Double(max(1, rewards.reduce(0) { $0 + $1.count }))
        let look = Look(reward: rewardMean, deviation: mean, variance: squares / max(1, count - 1) / count)
        guard let start else {
            start = look
            return nil
        }
        window.append(look)
        if window.count > most { window.removeFirst(window.count - most) }
        let looks = Double(window.count)
        let reward = window.reduce(0) { $0 + $1.reward } / looks
        let deviation = window.reduce(0) { $0 + $1.deviation } / looks
        let variance = window.reduce(0) { $0 + $1.variance } / (looks * looks)
        let error = (variance + drift * drift * start.variance).squareRoot()
        guard reward > start.reward, deviation - drift * start.deviation > errors * error else { return nil }
        partedAt = partedAt ?? iteration
        return .init(
            kind: .heads,
            message:
                "the reward rises while the heads of the reward model disagree more: since the start the reward went from "
                + "\(rounded(start.reward)) to \(rounded(reward)), and the deviation between heads from "
                + "\(rounded(start.deviation)) to \(rounded(deviation))")
    }

    /// Before samples of another policy.
    package mutating func clearWindow() { window = [] }
}
