/// Follows how far the heads of a reward model's ensemble are apart on the policy's rollouts.
///
/// Heads agree on what their labels decided. Where they part while the reward rises, the policy has gone where the labels say
/// little, and the reward there is a guess. Source: Coste et al. 2024, "Reward Model Ensembles Help Mitigate
/// Overoptimization", §3 (disagreement as uncertainty).
package struct MemberWatch: Codable, Equatable {
    /// The newest rollouts, judged together.
    private var window: [RolloutLook] = []
    /// The first rollout, by the policy that the run started from.
    private var start: RolloutLook?
    /// The iteration at which the heads had first parted; nil where they never did.
    package private(set) var partedAt: Int?

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
        let look = RolloutLook(rewards: rewards, watched: deviations)
        guard let start else {
            start = look
            return nil
        }
        window.add(look, keeping: most)
        let now = window.together
        let error = (now.variance + drift * drift * start.variance).squareRoot()
        guard now.reward > start.reward, now.watched - drift * start.watched > errors * error else { return nil }
        partedAt = partedAt ?? iteration
        return .init(
            kind: .heads,
            message:
                "the reward rises while the heads of the reward model disagree more: since the start the reward went from "
                + "\(rounded(start.reward)) to \(rounded(now.reward)), and the deviation between heads from "
                + "\(rounded(start.watched)) to \(rounded(now.watched))")
    }

    /// Before samples of another policy.
    package mutating func clearWindow() { window = [] }
}
