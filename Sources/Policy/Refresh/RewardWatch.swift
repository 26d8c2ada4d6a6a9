/// Follows what the reward model and the watcher, a reward model that learnt from other labels, say of the same rollouts.
///
/// What a policy finds in one model's errors is not in the other's, so where the reward rises and the watcher falls, the
/// policy games the reward model. Source: Bai et al. 2022, "Training a Helpful and Harmless Assistant", §4.2 (train and
/// test preference models); Gao et al. 2023, "Scaling Laws for Reward Model Overoptimization".
package struct RewardWatch: Codable, Equatable {
    /// The newest rollouts, judged together.
    private var window: [RolloutLook] = []
    /// Where the watcher's mean over the window was highest, within the limits or not: the two part from there.
    private var peak: Peak?
    /// The watcher's mean when the policy to hand out was kept; nil before any, and in what older versions wrote.
    private var kept: Double?
    /// Looks in a row at which the two had parted.
    package private(set) var partedInARow = 0

    private struct Peak: Codable, Equatable {
        var iteration: Int
        var reward: Double
        var watcher: Double
        var variance: Double
    }

    /// What a look found.
    package struct Finding: Equatable {
        /// The watcher has never thought better of a policy.
        package var isPeak: Bool
        /// The watcher's mean over the window.
        package var watcher: Double
        /// The two have parted: in words.
        package var alarm: RefreshAlarm?
    }

    package init() {}

    /// Takes in a rollout.
    ///
    /// The two have parted when the reward's mean over the window is above that at the watcher's peak while the watcher's
    /// is below its peak by more than `deviations` standard errors of the difference. Responses to one prompt are not
    /// independent: the error is that of the prompts' means.
    /// - Parameters:
    ///   - rewards: of the reward model, by group `[groups][responses]`.
    ///   - watcher: the watcher's scores of the same responses.
    ///   - keeping: rollouts that are judged together.
    package mutating func add(
        rewards: [[Double]], watcher: [[Double]], iteration: Int, keeping most: Int, deviations: Double
    ) -> Finding {
        window.add(RolloutLook(rewards: rewards, watched: watcher), keeping: most)
        let looks = window.together
        let now = Peak(
            iteration: iteration, reward: looks.reward, watcher: looks.watched, variance: looks.variance)
        guard let peak, now.watcher < peak.watcher else {
            peak = now
            partedInARow = 0
            return Finding(isPeak: true, watcher: now.watcher)
        }
        let error = (now.variance + peak.variance).squareRoot()
        guard now.reward > peak.reward, now.watcher < peak.watcher - deviations * error else {
            partedInARow = 0
            return Finding(isPeak: false, watcher: now.watcher)
        }
        partedInARow += 1
        return Finding(
            isPeak: false, watcher: now.watcher,
            alarm: .init(
                kind: .disagreement,
                message:
                    "the reward rises while a reward model that learnt from other labels disagrees: since iteration "
                    + "\(peak.iteration) the reward went from \(rounded(peak.reward)) to \(rounded(now.reward)), the "
                    + "watcher's score from \(rounded(peak.watcher)) to \(rounded(now.watcher))"))
    }

    /// Whether the watcher thinks no worse of a policy than of the one that is kept. The peak may have been over a limit, so
    /// it says nothing about that, but where an older version kept a policy, which it did at a peak alone.
    package func isBest(_ finding: Finding, hasKept: Bool) -> Bool {
        kept.map { finding.watcher >= $0 } ?? (!hasKept || finding.isPeak)
    }

    /// The policy of this look is the one to hand out.
    package mutating func keep(_ finding: Finding) { kept = finding.watcher }

    /// Before samples of another policy.
    package mutating func clearWindow() { window = [] }
}
