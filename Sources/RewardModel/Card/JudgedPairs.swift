import Foundation
import LanguageModel
package import Preferences
import SeededRandom

/// Held-out strict pairs with what the model says of each: what a card's shares are counted from.
package struct JudgedPairs {
    package struct Pair {
        let group: Int
        package let annotator: String
        let label: String
        let grade: Grade?
        let winner: Int
        let loser: Int
        let weight: Double
        /// What the model gave the winner, ties put aside.
        let probability: Double
        /// Deviation over the members of the difference of their scores; 0 without an ensemble.
        let spread: Double
        var credit: Double { probability > 0.5 ? 1 : probability == 0.5 ? 0.5 : 0 }
    }

    let groups: [LabelledGroup]
    let pairs: [Pair]

    /// - Parameters:
    ///   - scores: logits `[groups][responses]`.
    ///   - ensemble: the members' scores, in the same order; nil without an ensemble.
    ///   - ties: the model that the scores were learnt with.
    package init(
        _ groups: [LabelledGroup], scores: [[Double]], ensemble: [[EnsembleScore]]?, ties: TieModel = .none
    ) {
        self.groups = groups
        var pairs: [Pair] = []
        for (index, labelled) in groups.enumerated() {
            let places = Dictionary(uniqueKeysWithValues: labelled.group.responseIDs.enumerated().map { ($1, $0) })
            for label in labelled.labels {
                for pair in label.judgement.gradedPairs {
                    guard let winner = places[pair.winner], let loser = places[pair.loser] else { continue }
                    let spread = ensemble.map { Self.spread($0[index], winner, loser) } ?? 0
                    let logOdds = ties.strictLogOdds(scores[index][winner] - scores[index][loser])
                    pairs.append(
                        Pair(
                            group: index, annotator: label.annotator, label: label.labelID, grade: pair.grade,
                            winner: winner, loser: loser, weight: label.weight ?? 1,
                            probability: sigmoid(logOdds), spread: spread))
                }
            }
        }
        self.pairs = pairs
    }

    private static func spread(_ scores: [EnsembleScore], _ winner: Int, _ loser: Int) -> Double {
        EnsembleScore(members: zip(scores[winner].members, scores[loser].members).map { $0 - $1 }).deviation
    }

    /// Accuracy on parts of the pairs, by name.
    package func parts(_ name: (Pair) -> String) -> [RewardCard.Part] {
        Dictionary(grouping: pairs, by: name).sorted { $0.key < $1.key }.compactMap { Self.part($0.key, $0.value) }
    }

    /// Accuracy by weight.
    static func part(_ name: String, _ pairs: [Pair]) -> RewardCard.Part? {
        let right = pairs.reduce(into: WeightedShare()) { $0.add(credit: $1.credit, weight: $1.weight) }
        guard let accuracy = right.share, let interval = right.interval else { return nil }
        return RewardCard.Part(name: name, pairs: pairs.count, accuracy: accuracy, interval: interval)
    }

    /// Who wrote the two responses: a policy's name, `several` for two policies, `none` where a person or a file did.
    func policy(of pair: Pair) -> String {
        let responses = groups[pair.group].group.responses
        let (one, other) = (responses[pair.winner].policy, responses[pair.loser].policy)
        return one == other ? one ?? "none" : "several"
    }

    /// `single`, or what several people said of the two responses: `unanimous`, `disputed`.
    var agreementNames: (Pair) -> String {
        struct Key: Hashable {
            let group: Int
            let first: Int
            let second: Int
        }
        func key(_ pair: Pair) -> Key {
            Key(group: pair.group, first: min(pair.winner, pair.loser), second: max(pair.winner, pair.loser))
        }
        let said = Dictionary(grouping: pairs, by: key).mapValues { votes in
            if Set(votes.map(\.annotator)).count < 2 { return "single" }
            return Set(votes.map(\.winner)).count == 1 ? "unanimous" : "disputed"
        }
        return { said[key($0)] ?? "single" }
    }

    /// 95% interval of the accuracy, by drawing prompts with replacement (Efron 1979): pairs of one prompt are not
    /// independent, nor are those of one conversation. Nil with fewer than two prompts.
    func accuracyInterval(draws: Int = 1000) -> [Double]? {
        let prompts = groups.map { String(decoding: $0.group.prompt.opening.canonicalBytes, as: UTF8.self) }
        let byPrompt = Dictionary(grouping: pairs) { prompts[$0.group] }.sorted { $0.key < $1.key }.map { prompt in
            (
                prompt.value.reduce(0) { $0 + $1.weight * $1.credit },
                prompt.value.reduce(0) { $0 + $1.weight }
            )
        }
        guard byPrompt.count > 1 else { return nil }
        var random = SplitMix64(seed: 1)
        let shares = (0..<draws).map { _ in
            var (right, all) = (0.0, 0.0)
            for _ in byPrompt {
                let drawn = byPrompt[random.nextIndex(below: byPrompt.count)]
                right += drawn.0
                all += drawn.1
            }
            return all > 0 ? right / all : 0
        }.sorted()
        return [shares[draws / 40], shares[draws - 1 - draws / 40]]
    }

    /// The pairs whose winner the model gave least, one a group.
    func mistakes(_ count: Int) -> [RewardCard.Mistake] {
        var seen = Set<Int>()
        let worst = pairs.enumerated().filter { $0.element.probability < 0.5 }
            .sorted { ($0.element.probability, $0.offset) < ($1.element.probability, $1.offset) }
            .map(\.element).filter { seen.insert($0.group).inserted }
        return worst.prefix(count).map { pair in
            let group = groups[pair.group].group
            func shown(_ text: String) -> String { text.count > 2000 ? text.prefix(2000) + " …" : text }
            return RewardCard.Mistake(
                group: group.id, label: pair.label, annotator: pair.annotator, grade: pair.grade,
                prompt: shown(group.prompt.plainText), preferred: shown(group.responses[pair.winner].text),
                other: shown(group.responses[pair.loser].text), probability: pair.probability)
        }
    }

    /// Accuracy on thirds of the pairs by how far the members are apart.
    var accuracyBySpread: [RewardCard.Part] {
        let ordered = pairs.enumerated().sorted { ($0.element.spread, $0.offset) < ($1.element.spread, $1.offset) }
            .map(\.element)
        return ["agree most", "between", "agree least"].enumerated().compactMap { third, name in
            Self.part(name, Array(ordered[third * ordered.count / 3..<(third + 1) * ordered.count / 3]))
        }
    }
}
