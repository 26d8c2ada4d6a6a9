import SeededRandom

/// Which examples each optimiser step learns from: a pure function of sizes, seed and step, so that a resumed run needs
/// to know nothing but its step.
package struct BatchPlan {
    package let totalSteps: Int
    private let sizes: [Int]
    private let tokensPerStep: Int
    private let seed: UInt64
    private var epoch = -1
    private var firstStep = 0
    private var batches: [[Int]] = []

    /// - Parameters:
    ///   - sizes: tokens of each example.
    ///   - steps: optimiser steps in all; nil is `epochs` passes.
    package init(sizes: [Int], tokensPerStep: Int, seed: UInt64, epochs: Int, steps: Int?) {
        precondition(!sizes.isEmpty, "a plan needs an example")
        self.sizes = sizes
        self.tokensPerStep = tokensPerStep
        self.seed = seed
        totalSteps =
            steps
            ?? (0..<epochs).reduce(0) {
                $0 + BatchPlan.batches(sizes: sizes, tokensPerStep: tokensPerStep, seed: seed, epoch: $1).count
            }
    }

    /// Examples of one step. Steps are asked for in ascending order.
    package mutating func batch(step: Int) -> [Int] {
        while step >= firstStep + batches.count {
            firstStep += batches.count
            epoch += 1
            batches = BatchPlan.batches(sizes: sizes, tokensPerStep: tokensPerStep, seed: seed, epoch: epoch)
        }
        return batches[step - firstStep]
    }

    /// An epoch's examples in a seeded order, cut where the next example would go past the budget. A last batch of less
    /// than half the budget joins the one before it.
    package static func batches(sizes: [Int], tokensPerStep: Int, seed: UInt64, epoch: Int) -> [[Int]] {
        var random = SplitMix64(seed: seed, stream: UInt64(epoch))
        var batches: [[Int]] = []
        var batch: [Int] = []
        var tokens = 0
        for index in random.permutation(of: sizes.count) {
            if !batch.isEmpty && tokens + sizes[index] > tokensPerStep {
                batches.append(batch)
                batch = []
                tokens = 0
            }
            batch.append(index)
            tokens += sizes[index]
        }
        if tokens * 2 < tokensPerStep, let last = batches.popLast() { batch = last + batch }
        batches.append(batch)
        return batches
    }
}
