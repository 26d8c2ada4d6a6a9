import LanguageModel
import SeededRandom

/// How the members of an ensemble come to differ: in their first weights and in the prompts that each is taught on.
enum Ensemble {
    /// How often each member takes each prompt: prompts are drawn with replacement, as many as there are (Efron 1979). All
    /// groups of a prompt go together, and all turns of a conversation.
    /// - Parameter prompts: what tells the training groups' prompts apart, one a group.
    /// - Returns: `[groups][members]`.
    static func draws<Key: Hashable>(prompts: [Key], members: Int, seed: UInt64) -> [[Int]] {
        var places: [Key: Int] = [:]
        for prompt in prompts where places[prompt] == nil { places[prompt] = places.count }
        let count = places.count
        let byMember = (0..<members).map { member in
            var random = SplitMix64(seed: seed, stream: UInt64(member))
            var draws = [Int](repeating: 0, count: count)
            for _ in 0..<count { draws[random.nextIndex(below: count)] += 1 }
            return draws
        }
        return prompts.map { prompt in byMember.map { draws in places[prompt].map { draws[$0] } ?? 0 } }
    }

    /// The heads to begin with; the model's own becomes the mean of an ensemble's first weights.
    /// - Parameter training: what is learnt from, by which thresholds begin.
    /// - Returns: nil where the model's own head is all there is.
    static func heads(
        _ layout: HeadLayout, for model: Transformer, base: Transformer, training: [RewardExample], seed: UInt64
    ) throws -> RewardHeads? {
        guard !layout.isPlain else { return nil }
        let heads = RewardHeads(layout: layout, width: model.configuration.width)
        heads.startThresholds(on: training)
        guard layout.members > 1 else { return heads }
        for member in 0..<layout.members {
            var random = SplitMix64(seed: seed, stream: UInt64(member))
            func firstWeights() throws -> [Float] {
                guard let weights = try base.withScalarHead(seed: random.next()).tensor("score.weight") else {
                    preconditionFailure("a scalar head has weights")
                }
                return weights
            }
            heads.setMember(member, try firstWeights())
            if layout.safetyMembers > 1 { heads.setSafetyMember(member, try firstWeights()) }
        }
        try model.setTensor("score.weight", heads.meanMember)
        return heads
    }
}
