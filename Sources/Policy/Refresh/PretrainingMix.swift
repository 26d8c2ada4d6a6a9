import Foundation
import LanguageModel

/// Texts that are learnt beside the reward, so that the policy does not forget them (PPO-ptx).
///
/// Source: Ouyang et al. 2022 (InstructGPT), equation 2 and appendix C.4.
package final class PretrainingMix {
    let targets: NextTokenTrainer.Targets
    private let texts: [TokenGroup]
    private let tokensPerStep: Int
    private let seed: UInt64
    private var plan: BatchPlan

    /// - Parameter texts: documents that are prompt alone, or prompts with a response that is learnt.
    init(_ texts: [TokenGroup], targets: NextTokenTrainer.Targets, tokensPerStep: Int, seed: UInt64) {
        self.targets = targets
        self.texts = texts
        self.tokensPerStep = tokensPerStep
        self.seed = seed
        plan = Self.plan(texts, tokensPerStep, seed)
    }

    private static func plan(_ texts: [TokenGroup], _ tokensPerStep: Int, _ seed: UInt64) -> BatchPlan {
        // Its end is the refresh's: the plan only says what each step reads.
        BatchPlan(sizes: texts.map(\.tokenCount), tokensPerStep: tokensPerStep, seed: seed, epochs: 1, steps: .max)
    }

    /// What a step reads: a function of its number alone. Numbers are asked for in ascending order.
    func batch(step: Int) -> [TokenGroup] { plan.batch(step: step).map { texts[$0] } }

    /// Reads the run's `corpus.jsonl`, `corpus.txt` or `demonstrations.jsonl`, whichever there is.
    /// - Throws: `PolicyError.badOption` where there is none; what reading throws.
    static func read(
        input: URL, policy: LoadedPolicy, settings: PolicyRefreshSettings, seed: UInt64
    ) throws -> PretrainingMix? {
        guard settings.pretrainingCoefficient > 0 else { return nil }
        func mix(_ texts: [TokenGroup], _ targets: NextTokenTrainer.Targets) -> PretrainingMix {
            PretrainingMix(texts, targets: targets, tokensPerStep: settings.pretrainingTokens, seed: seed)
        }
        for name in [CorpusReader.linesName, CorpusReader.textName] {
            let file = input.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let pieces = try CorpusTokens(
                template: policy.template, specialTokensInText: false, contextLength: policy.contextLength
            ).groups(of: CorpusReader.documents(in: file)).flatMap { $0 }
            guard !pieces.isEmpty else {
                throw PolicyError.nothingToLearn(file: name, reason: "no document has two tokens")
            }
            return mix(pieces, .all)
        }
        let file = input.appending(path: Demonstrations.name)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw PolicyError.badOption(
                field: "pretraining_coefficient",
                reason: "there are no texts to mix in: give \(CorpusReader.textName), \(CorpusReader.linesName) or "
                    + "\(Demonstrations.name) with the run, or set it to 0")
        }
        let read = try Demonstrations.groups(
            in: file, template: policy.template, contextLength: policy.contextLength, skipTooLong: true)
        return mix(read.groups, .responses)
    }
}
