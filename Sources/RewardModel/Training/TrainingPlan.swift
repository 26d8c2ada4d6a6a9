package import LanguageModel
import SeededRandom

/// Which groups each step takes and at which rate: a function of seed and step alone, so that there is no random state to
/// save.
package struct TrainingPlan {
    package let groupCount: Int
    package let groupsPerStep: Int
    package let stepsPerEpoch: Int
    package let totalSteps: Int
    package let evaluationInterval: Int
    package let schedule: LearningRateSchedule
    private let orderSeed: UInt64

    package init(groupCount: Int, settings: RewardModelSettings, seed: UInt64) {
        self.groupCount = groupCount
        groupsPerStep = min(settings.groupsPerStep, groupCount)
        stepsPerEpoch = (groupCount + groupsPerStep - 1) / groupsPerStep
        totalSteps = max(settings.minimumSteps, Int((settings.epochs * Double(stepsPerEpoch)).rounded(.up)))
        evaluationInterval = max(1, totalSteps / settings.evaluations)
        schedule = LearningRateSchedule(
            kind: .cosine, peak: settings.learningRate,
            warmUpSteps: max(1, Int(settings.warmUpFraction * Double(totalSteps))), totalSteps: totalSteps,
            finalFraction: settings.finalRateFraction)
        orderSeed = RandomStream.order.seed(of: seed)
    }

    /// The groups of a step, counted from 0. An epoch takes every group once, in an order of its own.
    package func groups(step: Int) -> [Int] {
        var random = SplitMix64(seed: orderSeed, stream: UInt64(step / stepsPerEpoch))
        let order = random.permutation(of: groupCount)
        let start = step % stepsPerEpoch * groupsPerStep
        return Array(order[start..<min(start + groupsPerStep, groupCount)])
    }

    /// Whether the held-out groups are looked at after that many steps.
    package func evaluates(after steps: Int) -> Bool { steps % evaluationInterval == 0 || steps == totalSteps }
}

/// The independent random sequences of a run.
enum RandomStream: UInt64 {
    case head = 1
    case order = 2
    case samples = 3
    case members = 4
    case bootstrap = 5
    case subsets = 6

    func seed(of runSeed: UInt64) -> UInt64 {
        var random = SplitMix64(seed: runSeed, stream: rawValue)
        return random.next()
    }
}
