import DemoWorld
import Foundation
import LanguageModel
import Policy
import Preferences

/// Samples a policy on prompts that no training has seen and judges every response by the demo world's own grammar.
///
/// Three sets: held-out prompts; all prompts whose instruction is never answered for their subject in the corpus; and
/// answers begun in a manner that their subject never meets in the corpus, where the policy writes on.
struct DemoPolicyCheck: Sendable {
    let report: PolicyReport
    let heldOutInstructions: PolicyReport
    let heldOutManners: PolicyReport
    private let pairs: [Pair]
    private let responsesPerPrompt: Int

    private typealias Pair = (prompt: DemoPrompt, response: String)

    private static let maximumTokens = 192

    /// Blocking: call it from a thread of its own.
    init(folder: URL, prompts count: Int, responsesPerPrompt: Int, seed: UInt64) throws {
        let world = DemoWorld()
        let corpus = world.corpus(seed: DemoRecipe.seed)
        let checker = ResponseChecker(world: world)
        let sampler = try PolicySampler(folder: folder, pool: WorkerPool())
        let texts = corpus.responseTexts
        func report(_ pairs: [Pair]) -> PolicyReport { PolicyReport(pairs: pairs, corpus: texts, checker: checker) }

        let heldOut = corpus.prompts.heldOut
        pairs = try Self.answers(to: Array(heldOut.prefix(count)), each: responsesPerPrompt, seed: seed, sampler)
        self.responsesPerPrompt = responsesPerPrompt
        self.report = report(pairs)
        let unseen = heldOut.filter { world.isHeldOut(instruction: $0.instruction, subject: $0.subject) }
        heldOutInstructions = report(try Self.answers(to: unseen, each: responsesPerPrompt, seed: seed, sampler))
        let cases = world.heldOutMannerCases(seed: DemoRecipe.seed, perPair: 10)
        heldOutManners = report(try Self.continuations(of: cases, each: responsesPerPrompt, seed: seed, sampler))
    }

    private static func answers(
        to prompts: [DemoPrompt], each count: Int, seed: UInt64, _ sampler: PolicySampler
    ) throws -> [Pair] {
        let options = SamplingOptions(temperature: 1, maximumTokens: maximumTokens)
        let groups = try sampler.sample(
            prompts.enumerated().map { index, prompt in
                PolicyRequest(prompt: .text(prompt.text), count: count, seed: seed &+ UInt64(index), options: options)
            })
        return zip(prompts, groups).flatMap { prompt, responses in responses.map { (prompt, $0.text) } }
    }

    /// Answers that go on from a given opening.
    private static func continuations(
        of cases: [HeldOutMannerCase], each count: Int, seed: UInt64, _ sampler: PolicySampler
    ) throws -> [Pair] {
        let options = SamplingOptions(temperature: 1, maximumTokens: maximumTokens)
        let template = sampler.policy.template
        let groups = try sampler.sample(
            cases.enumerated().map { index, begun in
                let tokens =
                    try template.prompt(text: begun.prompt.text) + template.response(text: begun.opening, ended: false)
                return PolicyRequest(tokens: tokens, count: count, seed: seed &+ UInt64(index), options: options)
            })
        return zip(cases, groups).flatMap { begun, responses in
            responses.map { (begun.prompt, begun.opening + $0.text) }
        }
    }

    /// The first prompts with their responses, as lines to read.
    func examples(_ count: Int) -> [String] {
        pairs.prefix(count * responsesPerPrompt).enumerated().flatMap { index, pair in
            (index % responsesPerPrompt == 0 ? ["", "> \(pair.prompt.text)"] : []) + ["  - \(pair.response)"]
        }
    }
}
