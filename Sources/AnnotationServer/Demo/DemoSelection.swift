import DemoWorld
import Foundation
import LanguageModel
import Policy
import Preferences
import SeededRandom

/// A policy's own answers that the demo world's grammar accepts, as demonstrations to tune it on: rejection sampling
/// (Dong et al. 2023, "RAFT"). It takes the stray words out of a small policy's answers without making it copy the corpus.
struct DemoSelection: Sendable {
    let model: URL
    let responsesPerPrompt: Int
    let seed: UInt64

    /// What was kept, by manner.
    struct Counts: Sendable, CustomStringConvertible {
        var sampled = 0
        var kept: [Manner: Int] = [:]

        var description: String {
            let shares = Manner.allCases.map { "\($0.rawValue) \(kept[$0] ?? 0)" }.joined(separator: ", ")
            return "\(kept.values.reduce(0, +)) of \(sampled) responses kept: \(shares)"
        }
    }

    /// Samples the prompts of the supervised use and writes what passes, every manner at its share of the corpus as far
    /// as its answers go: a manner with few of them bounds nobody but itself. Blocking: call it from a thread of its own.
    func write(to file: URL) throws -> Counts {
        let world = DemoWorld()
        let corpus = world.corpus(seed: DemoRecipe.seed)
        let known = corpus.responseTexts
        let checker = ResponseChecker(world: world)
        let sampler = try PolicySampler(folder: model, pool: WorkerPool())
        let options = SamplingOptions(temperature: 1, maximumTokens: 192)
        let prompts = corpus.prompts.supervised
        let groups = try sampler.sample(
            prompts.enumerated().map { index, prompt in
                PolicyRequest(
                    prompt: .text(prompt.text), count: responsesPerPrompt, seed: seed &+ UInt64(index),
                    options: options)
            })
        var counts = Counts()
        var byManner: [Manner: [(prompt: DemoPrompt, response: String)]] = [:]
        for (prompt, responses) in zip(prompts, groups) {
            for response in Set(responses.map(\.text)).sorted() where !known.contains(response) {
                counts.sampled += 1
                let verdict = checker.check(prompt: prompt, response: response)
                let isGood = verdict.passes || verdict.manner == .offPoint && verdict.isWellFormed
                let subjects = [prompt.subject] + (prompt.otherSubject.map { [$0] } ?? [])
                let isHeldOut = subjects.contains { world.isHeldOut(subject: $0, manner: verdict.manner) }
                guard isGood, !isHeldOut else { continue }
                byManner[verdict.manner, default: []].append((prompt, response))
            }
        }
        // The commonest manners are cut to their share of the corpus.
        let shares = Manner.allCases.compactMap { manner in byManner[manner].map { Double($0.count) / manner.share } }
        let whole = shares.sorted().dropFirst(shares.count / 2).first ?? 0
        var kept: [(prompt: DemoPrompt, response: String)] = []
        for manner in Manner.allCases {
            let all = byManner[manner] ?? []
            var random = SplitMix64(seed: seed, stream: .max)
            let chosen = random.permutation(of: all.count).prefix(Int(whole * manner.share)).map { all[$0] }
            counts.kept[manner] = chosen.count
            kept += chosen
        }
        let lines = kept.enumerated().map { index, pair in
            DemonstrationLine(id: "\(index)", prompt: .text(pair.prompt.text), response: pair.response)
        }
        try DemoCorpusFiles.write(lines, to: file)
        return counts
    }
}
