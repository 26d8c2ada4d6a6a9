import Foundation
import LanguageModel

/// How far one thing is from PyTorch's, and how far it may be.
struct Measure: CustomStringConvertible {
    let what: String
    let error: Double
    let bound: Double

    var holds: Bool { error <= bound }
    var description: String { "\(what) \(String(format: "%.1e", error)) of \(bound)" }

    /// The one nearest to its bound, or furthest beyond it.
    static func worst(of measures: [Measure]) -> Measure? {
        measures.max { $0.share < $1.share }
    }
    private var share: Double { error.isNaN ? .infinity : bound > 0 ? error / bound : error > 0 ? .infinity : 0 }
}

/// Everything that a parity case tells, measured.
struct ParityMeasures {
    let parity: ParityCase
    let pool: WorkerPool

    func all() throws -> [Measure] {
        try forward() + group() + supervised() + optimiser() + greedy() + scores() + rankings()
    }

    func forward() throws -> [Measure] {
        let arrays = try parity.arrays()
        let ids = try arrays.integers("forward.input_ids").map { Int32($0) }
        let length = try arrays.shape("forward.input_ids")[1]
        let pass = PackedPass(model: try Checkpoint.load(parity.policy), pool: pool, keepsActivations: false)
        try pass.forward(
            stride(from: 0, to: ids.count, by: length).map { TokenGroup(prompt: Array(ids[$0..<$0 + length])) })
        return [
            measure("logits", pass.logits(atRows: Array(ids.indices)), try arrays.floats("forward.logits"), 5e-5)
        ]
    }

    func group() throws -> [Measure] {
        let pass = PackedPass(model: try Checkpoint.load(parity.policy), pool: pool, keepsActivations: false)
        try pass.forward([try parity.group()])
        return [
            measure(
                "log-probabilities", pass.logProbabilities(of: pass.layout.responseTargets),
                try parity.arrays().floats("group.response_logprobs"), 5e-5)
        ]
    }

    func supervised() throws -> [Measure] {
        let model = try Checkpoint.load(parity.policy)
        let gradients = model.makeGradients()
        let loss = try supervisedLoss(PackedPass(model: model, pool: pool), try parity.group(), gradients)
        return [
            Measure(what: "loss", error: abs(loss - (try parity.scalars().sftLoss)), bound: 1e-5),
            try gradientMeasure("sft.grad.", gradients, model),
        ]
    }

    func optimiser() throws -> [Measure] {
        let expected = try parity.scalars().adamw
        let model = try Checkpoint.load(parity.policy)
        let settings = AdamWSettings(
            learningRate: expected.lr, beta1: expected.betas[0], beta2: expected.betas[1], epsilon: expected.eps,
            weightDecay: expected.weight_decay, decay: .all, clipNorm: expected.clip_grad_norm)
        let optimiser = AdamW(model: model, settings: settings)
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        var losses: [Double] = []
        var norms: [Double] = []
        for line in expected.loss_and_grad_norm {
            gradients.zero()
            losses.append(abs(try supervisedLoss(pass, try parity.group(), gradients) - (line[0] ?? .nan)))
            guard let norm = line[1] else { break }
            norms.append(abs(try optimiser.step(model, gradients: gradients, pool: pool) - norm) / norm)
        }
        let complete = losses.count == expected.loss_and_grad_norm.count && norms.count + 1 == losses.count
        return [
            Measure(what: "losses of the steps", error: complete ? losses.max() ?? .nan : .infinity, bound: 1e-5),
            Measure(what: "gradient norms of the steps", error: norms.max() ?? .nan, bound: 5e-5),
        ]
    }

    func greedy() throws -> [Measure] {
        let expected = try parity.scalars().greedy
        let settings = SamplingSettings(temperature: 0, maximumTokens: expected.count, endTokens: [])
        let found = try GroupSampler(model: try Checkpoint.load(parity.policy), pool: pool).sample([
            SamplingRequest(prompt: try parity.group().prompt, seeds: [0], settings: settings)
        ])[0][0]
        let wrong = zip(found.tokens, expected).count { $0 != $1 } + abs(found.tokens.count - expected.count)
        return [Measure(what: "greedy tokens", error: Double(wrong), bound: 0)]
    }

    func scores() throws -> [Measure] {
        let (found, _, _) = try scored()
        return [measure("scores", found, try parity.arrays().floats("reward.scores"), 5e-5)]
    }

    func rankings() throws -> [Measure] {
        let (scores, pass, rows) = try scored()
        let expected = try parity.scalars()
        let ranks = expected.rank
        let pairs = ranks.indices.flatMap { better in
            ranks.indices.filter { ranks[better] < ranks[$0] }.map { (better, $0, 0.0) }
        }
        let (loss, slopes) = pairLoss(scores, pairs)
        let gradients = pass.model.makeGradients()
        pass.scoreBackward(slopes, atRows: rows, into: gradients)
        pass.backward(into: gradients)
        let graded = pairLoss(scores, expected.graded.map { (Int($0[0]), Int($0[1]), $0[2]) })
        return [
            Measure(what: "K-wise loss", error: abs(loss - expected.kwiseLoss), bound: 1e-5),
            try gradientMeasure("reward.kwise_grad.", gradients, pass.model),
            Measure(what: "margin loss", error: abs(graded.loss - expected.marginLoss), bound: 1e-5),
        ]
    }

    private func scored() throws -> (scores: [Float], pass: PackedPass, rows: [Int]) {
        let pass = PackedPass(model: try Checkpoint.load(parity.reward), pool: pool)
        let group = try parity.group()
        try pass.forward([group])
        let rows = group.responses.indices.map { pass.layout.lastResponseRow(0, $0) }
        return (pass.scores(atRows: rows), pass, rows)
    }

    /// Mean of −log σ(better − worse − margin), and its slopes by score.
    private func pairLoss(_ scores: [Float], _ pairs: [(Int, Int, Double)]) -> (loss: Double, slopes: [Float]) {
        var loss = 0.0
        var slopes = [Double](repeating: 0, count: scores.count)
        for (better, worse, margin) in pairs {
            let ahead = Double(scores[better]) - Double(scores[worse]) - margin
            loss += log1p(exp(-ahead)) / Double(pairs.count)
            let slope = 1 / (1 + exp(ahead)) / Double(pairs.count)
            slopes[better] -= slope
            slopes[worse] += slope
        }
        return (loss, slopes.map { Float($0) })
    }

    /// Mean negative log-likelihood of all response tokens, its gradient added into `gradients`.
    private func supervisedLoss(_ pass: PackedPass, _ group: TokenGroup, _ gradients: FloatBuffer) throws -> Double {
        try pass.forward([group])
        let targets = pass.layout.responseTargets
        let share = 1 / Float(targets.count)
        let found = pass.headBackward(of: targets, into: gradients) { _, _ in -share }
        pass.backward(into: gradients)
        return -found.reduce(0) { $0 + Double($1) } / Double(targets.count)
    }

    private func measure(_ what: String, _ found: [Float], _ expected: [Float], _ bound: Double) -> Measure {
        Measure(what: what, error: Double(largestDifference(found, expected)), bound: bound)
    }

    /// The array that is furthest off, relative to its largest entry; infinite where the names are not the same.
    private func gradientMeasure(_ prefix: String, _ gradients: FloatBuffer, _ model: Transformer) throws -> Measure {
        let arrays = try parity.arrays()
        let names = arrays.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        // transformers 5 calls NeoX's head lm_head in memory, and embed_out in the file as ever.
        let renamed = names.contains("lm_head.weight") ? ["embed_out.weight": "lm_head.weight"] : [:]
        guard Set(names) == Set(model.table.entries.map { renamed[$0.name] ?? $0.name }) else {
            return Measure(what: "names of the gradients", error: .infinity, bound: 0)
        }
        var measures: [Measure] = []
        for entry in model.table.entries {
            let expected = try arrays.floats(prefix + (renamed[entry.name] ?? entry.name))
            var found = entry.values(in: gradients)
            if model.configuration.head == .scalar { keepPadding(entry.name, &found, expected, model.configuration) }
            // Slopes of a ranking's scores sum to zero, and so does all that the last norm's bias gets: rounding is left.
            let nothing = (found + expected).allSatisfy { abs($0) < 1e-6 }
            let error = nothing ? 0 : Double(relativeDifference(found, expected))
            measures.append(Measure(what: "gradient of \(entry.name)", error: error, bound: 1e-4))
        }
        return Measure.worst(of: measures) ?? Measure(what: "gradients", error: .infinity, bound: 0)
    }

    /// PyTorch keeps the pad token's embedding out of training in the Llama family; in these cases that token is the end
    /// token as well, which the responses hold.
    private func keepPadding(
        _ name: String, _ found: inout [Float], _ expected: [Float], _ configuration: ModelConfiguration
    ) {
        guard name.hasSuffix("embed_tokens.weight"), let pad = configuration.padTokenID else { return }
        let row = Int(pad) * configuration.width..<(Int(pad) + 1) * configuration.width
        guard expected[row].allSatisfy({ $0 == 0 }) else { return }
        found.replaceSubrange(row, with: expected[row])
    }
}
