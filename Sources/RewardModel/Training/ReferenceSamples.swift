import LanguageModel
import SeededRandom

/// Fresh samples of the reference policy, on which scores are normalised.
struct ReferenceSamples {
    let policy: Transformer
    let endTokens: [Int32]
    let settings: RewardModelSettings
    let seed: UInt64
    let pool: WorkerPool

    private static let promptsPerBatch = 16

    /// The prompts with their samples, `settings.referenceSamples` in all, spread evenly over the prompts.
    /// - Parameter betweenBatches: called between batches with the number of samples so far; may throw to stop.
    func draw(prompts: [[Int32]], betweenBatches: (Int) throws -> Void) throws -> [TokenGroup] {
        let contextLength = policy.configuration.contextLength
        let usable = prompts.filter { !$0.isEmpty && $0.count < contextLength }.prefix(settings.referenceSamples)
        let sampler = GroupSampler(model: policy, pool: pool)
        var groups: [TokenGroup] = []
        var drawn = 0
        for start in stride(from: 0, to: usable.count, by: Self.promptsPerBatch) {
            let indices = start..<min(start + Self.promptsPerBatch, usable.count)
            let requests = indices.map { index in
                // The first prompts take what does not divide evenly.
                let share = settings.referenceSamples / usable.count
                let count = share + (index < settings.referenceSamples % usable.count ? 1 : 0)
                var random = SplitMix64(seed: seed, stream: UInt64(index))
                return SamplingRequest(
                    prompt: usable[index], seeds: (0..<count).map { _ in random.next() },
                    settings: SamplingSettings(
                        temperature: settings.referenceTemperature,
                        maximumTokens: min(settings.maximumResponseTokens, contextLength - usable[index].count),
                        endTokens: endTokens))
            }
            for (request, responses) in zip(requests, try sampler.sample(requests)) {
                groups.append(TokenGroup(prompt: request.prompt, responses: responses.map(\.tokens)))
                drawn += responses.count
            }
            try betweenBatches(drawn)
        }
        return groups
    }
}
