import SeededRandom

/// The independent random sequences of a refresh, each a function of the run's seed: a resumed run draws the same numbers
/// without having to know any state but its iteration.
struct RefreshStreams {
    let seed: UInt64

    private func root(_ stream: UInt64) -> UInt64 {
        var random = SplitMix64(seed: seed, stream: stream)
        return random.next()
    }

    /// Seed of an iteration's sampling.
    func sampling(iteration: Int) -> UInt64 { RefreshStreams(seed: root(1)).root(UInt64(iteration)) }
    /// Seed of the order of groups in updates.
    var minibatches: UInt64 { root(2) }
    /// Seed of the order of groups while the value network warms up.
    var valueWarmUp: UInt64 { root(3) }
    /// Seed of the order of the texts that are mixed in.
    var pretraining: UInt64 { root(9) }
    /// Seed of one set of the reference's own samples.
    func baseline(set: Int) -> UInt64 { RefreshStreams(seed: root(4)).root(UInt64(set)) }
    /// Seed of one set of the samples that judge the last policy.
    func last(set: Int) -> UInt64 { RefreshStreams(seed: root(5)).root(UInt64(set)) }
    /// Seed of the rollout of the policy that settling ended with.
    var settled: UInt64 { root(10) }

    /// Seed of the responses that people compare before and after.
    var probeSampling: UInt64 { root(7) }

    /// Which prompts those answer.
    func probes(_ wanted: Int, of count: Int) -> [Int] {
        var random = SplitMix64(seed: root(8), stream: 0)
        return Array(random.permutation(of: count).prefix(wanted))
    }

    /// Which prompts an iteration answers: pass after pass over all prompts, each in an order of its own.
    func prompts(iteration: Int, perIteration: Int, of count: Int) -> [Int] {
        let seed = root(6)
        let first = iteration * perIteration
        var orders: [Int: [Int]] = [:]
        return (first..<first + perIteration).map { place in
            let epoch = place / count
            let order: [Int]
            if let known = orders[epoch] {
                order = known
            } else {
                var random = SplitMix64(seed: seed, stream: UInt64(epoch))
                order = random.permutation(of: count)
                orders[epoch] = order
            }
            return order[place % count]
        }
    }
}
