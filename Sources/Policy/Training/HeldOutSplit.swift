import SeededRandom

/// Which sources are never trained on. A source is what must not lie on both sides: a document with all its pieces, a
/// prompt with all its demonstrations.
package struct HeldOutSplit {
    /// Sources in a seeded order: never trained on, and trained on (at least one).
    package let heldOut: [Int]
    package let training: [Int]

    /// - Parameters:
    ///   - sizes: examples of each source.
    ///   - share: of the examples that is to be held out; whole sources are taken until it is reached.
    ///   - limit: examples after which no further source is taken.
    package init(sizes: [Int], share: Double, limit: Int, seed: UInt64) {
        // The last stream: the plan takes one stream an epoch, from 0.
        var random = SplitMix64(seed: seed, stream: .max)
        let order = random.permutation(of: sizes.count)
        let wanted = min(Int(Double(sizes.reduce(0, +)) * share), limit)
        var taken = 0
        var cut = 0
        while cut + 1 < order.count, taken < wanted {
            taken += sizes[order[cut]]
            cut += 1
        }
        heldOut = Array(order[..<cut])
        training = Array(order[cut...])
    }
}
