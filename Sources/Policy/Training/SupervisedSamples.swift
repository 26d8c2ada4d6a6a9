import JSON
import LanguageModel
import Preferences
import Runs
import SeededRandom

/// Answers to a few prompts by the base of a supervised run and by what it made, with the same seeds, for people to compare.
struct SupervisedSamples {
    private let attempt: RunAttempt
    private let base: LoadedPolicy
    private let pool: WorkerPool
    private let prompts: [Demonstrations.Example]

    /// As the other kinds of run cut responses that nobody sets a length for.
    private static let maximumTokens = 160

    /// - Parameter heldOut: what is not learnt. Its prompts come first: their answers were not learnt by heart.
    init(
        attempt: RunAttempt, base: LoadedPolicy, pool: WorkerPool, examples: [Demonstrations.Example],
        heldOut: [TokenGroup]
    ) {
        self.attempt = attempt
        self.base = base
        self.pool = pool
        let unseen = Set(heldOut.map(\.prompt))
        var taken = Set<[Int32]>()
        let distinct = examples.filter { taken.insert($0.tokens.prompt).inserted }
        let ordered =
            distinct.filter { unseen.contains($0.tokens.prompt) }
            + distinct.filter { !unseen.contains($0.tokens.prompt) }
        prompts = Array(ordered.prefix(RefreshReporter.probedPrompts))
    }

    /// Nothing hangs on them: where a model cannot be sampled from, the log says so and the run goes on.
    /// - Parameter phase: `probe`, or `handed_out` for the policy that the run makes.
    func write(_ model: Transformer, step: Int, phase: String) {
        do {
            let policy = LoadedPolicy(folder: base.folder, model: model, template: base.template)
            let answers = try PolicySampler(policy: policy, pool: pool).sample(requests)
            try SamplesFile(attempt).write(
                zip(prompts, answers).flatMap { prompt, responses in
                    responses.map { line(prompt, $0, step: step, phase: phase) }
                })
        } catch {
            attempt.log("no samples of step \(step): \(error)")
        }
    }

    private var requests: [PolicyRequest] {
        // A stream of its own: the plan takes one an epoch, from 0, and dropout those from 2⁴⁰ on.
        var random = SplitMix64(seed: attempt.specification.seed, stream: .max - 1)
        return prompts.map {
            PolicyRequest(
                tokens: $0.tokens.prompt, count: 1, seed: random.next(),
                options: SamplingOptions(maximumTokens: Self.maximumTokens))
        }
    }

    /// As a refresh writes them.
    private func line(
        _ prompt: Demonstrations.Example, _ response: PolicyResponse, step: Int, phase: String
    ) -> [String: JSONValue] {
        [
            "step": .integer(step), "phase": .string(phase), "prompt_id": .string("line \(prompt.line)"),
            "prompt": .string(prompt.prompt.plainText), "response": .string(response.text),
            "tokens": .integer(response.tokenIDs.count), "finished": .bool(response.finished),
        ]
    }
}
