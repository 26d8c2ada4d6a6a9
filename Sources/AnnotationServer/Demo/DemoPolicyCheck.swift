import DemoWorld
import Foundation
import LanguageModel
import Policy
import Preferences

/// Samples a policy on prompts that no training has seen and judges every response by the demo world's own grammar.
struct DemoPolicyCheck: Sendable {
    let report: PolicyReport
    private let pairs: [(prompt: DemoPrompt, response: String)]
    private let responsesPerPrompt: Int

    /// Blocking: call it from a thread of its own.
    init(folder: URL, prompts count: Int, responsesPerPrompt: Int, seed: UInt64) throws {
        let world = DemoWorld()
        let corpus = world.corpus(seed: DemoRecipe.seed)
        let prompts = Array(corpus.prompts.heldOut.prefix(count))
        let sampler = try PolicySampler(folder: folder, pool: WorkerPool())
        let options = SamplingOptions(temperature: 1, maximumTokens: 200)
        let requests = prompts.enumerated().map { index, prompt in
            PolicyRequest(
                prompt: .text(prompt.text), count: responsesPerPrompt, seed: seed &+ UInt64(index), options: options)
        }
        let groups = try sampler.sample(requests)
        pairs = zip(prompts, groups).flatMap { prompt, responses in responses.map { (prompt, $0.text) } }
        self.responsesPerPrompt = responsesPerPrompt
        report = PolicyReport(pairs: pairs, corpus: corpus.responseTexts, checker: ResponseChecker(world: world))
    }

    /// The first prompts with their responses, as lines to read.
    func examples(_ count: Int) -> [String] {
        pairs.prefix(count * responsesPerPrompt).enumerated().flatMap { index, pair in
            (index % responsesPerPrompt == 0 ? ["", "> \(pair.prompt.text)"] : []) + ["  - \(pair.response)"]
        }
    }
}
