internal import Foundation
internal import LanguageModel
internal import Policy

/// A token with its log-probability as the model sees it, and the most probable tokens at its place.
struct ScoredToken: Sendable, Equatable {
    struct Alternative: Sendable, Equatable {
        var id: Int32
        /// Nats.
        var logProbability: Double
    }

    var id: Int32
    /// Nats; nil for the first token of a prompt, which nothing comes before.
    var logProbability: Double?
    /// Best first.
    var alternatives: [Alternative] = []
}

extension ScoredToken {
    /// As the sampler drew it.
    init(_ token: PolicyToken) {
        self.init(
            id: token.id, logProbability: token.logProbability,
            alternatives: token.alternatives.map { Alternative(id: $0.token, logProbability: $0.logProbability) })
    }
}

/// Scores a prompt with the training pass.
struct TokenScorer {
    let model: Transformer
    let pool: WorkerPool
    /// Divides the logits; 0 counts as 1, since greedy decoding has no distribution of its own.
    let temperature: Double
    /// How many most probable tokens to tell.
    let alternatives: Int
    /// What the tokens of a pass may take.
    let maximumBytes: Int

    /// Places whose logits are held at once.
    private static let rowsAtOnce = 64

    /// Tokens that a pass may hold: a prompt of more is not for this scorer.
    var mostTokens: Int { PackedPass.scoredTokens(of: model, bytes: maximumBytes) }

    /// A prompt's tokens.
    func score(_ prompt: [Int32]) throws -> [ScoredToken] {
        guard let first = prompt.first else { return [] }
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        try pass.forward([TokenGroup(prompt: prompt)])
        let rows = Array(pass.layout.promptRows(0).dropLast())
        return [ScoredToken(id: first)] + score(pass, rows: rows, tokens: Array(prompt.dropFirst()))
    }

    /// - Parameter rows: the row before each token.
    private func score(_ pass: PackedPass, rows: [Int], tokens: [Int32]) -> [ScoredToken] {
        let vocabulary = model.configuration.vocabularySize
        var scored: [ScoredToken] = []
        for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
            let end = min(start + Self.rowsAtOnce, rows.count)
            let logits = pass.logits(atRows: Array(rows[start..<end]))
            for place in start..<end {
                let row = Array(logits[(place - start) * vocabulary..<(place - start + 1) * vocabulary])
                scored.append(Self.scored(tokens[place], row, temperature > 0 ? temperature : 1, alternatives))
            }
        }
        return scored
    }

    private static func scored(
        _ id: Int32, _ logits: [Float], _ temperature: Double, _ alternatives: Int
    ) -> ScoredToken {
        let largest = Double(logits.max() ?? 0) / temperature
        let sum = logits.reduce(0.0) { $0 + exp(Double($1) / temperature - largest) }
        let norm = largest + log(sum)
        func logProbability(_ index: Int) -> Double { Double(logits[index]) / temperature - norm }
        var best: [Int] = []
        if alternatives > 0 {
            for index in logits.indices {
                if best.count == alternatives, let last = best.last, logits[last] >= logits[index] { continue }
                best.insert(index, at: best.firstIndex { logits[$0] < logits[index] } ?? best.count)
                if best.count > alternatives { best.removeLast() }
            }
        }
        return ScoredToken(
            id: id, logProbability: logProbability(Int(id)),
            alternatives: best.map { ScoredToken.Alternative(id: Int32($0), logProbability: logProbability($0)) })
    }
}
