import Foundation
import LanguageModel
import Testing

@Suite struct ParityTests {
    let pool = WorkerPool(threads: 2)

    @Test(arguments: ParityCase.all) func logitsOfAPlainForwardPassAreThoseOfPyTorch(_ parity: ParityCase) throws {
        let arrays = try parity.arrays()
        let model = try Checkpoint.load(parity.policy)
        let ids = try arrays.integers("forward.input_ids").map { Int32($0) }
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        try pass.forward([TokenGroup(prompt: Array(ids[..<33])), TokenGroup(prompt: Array(ids[33...]))])
        let difference = largestDifference(
            pass.logits(atRows: Array(0..<66)), try arrays.floats("forward.logits"))
        #expect(difference <= 2e-4)
    }

    @Test(arguments: ParityCase.all) func logProbabilitiesOfAGroupAreThoseOfSeparateSequences(_ parity: ParityCase)
        throws
    {
        let model = try Checkpoint.load(parity.policy)
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        try pass.forward([try parity.group()])
        let found = pass.logProbabilities(of: pass.layout.responseTargets)
        #expect(largestDifference(found, try parity.arrays().floats("group.response_logprobs")) <= 2e-4)
    }

    @Test(arguments: ParityCase.all) func supervisedLossAndEveryGradientAreThoseOfPyTorch(_ parity: ParityCase) throws {
        let arrays = try parity.arrays()
        let model = try Checkpoint.load(parity.policy)
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        let loss = try supervisedLoss(pass, try parity.group(), gradients)
        #expect(abs(loss - (try parity.scalars().sftLoss)) <= 1e-4)
        for entry in model.table.entries {
            let expected = try arrays.floats("sft.grad.\(entry.name)")
            let difference = relativeDifference(gradients.array(entry.range), expected)
            #expect(difference <= 1e-3, "\(entry.name)")
        }
        let names = arrays.names.filter { $0.hasPrefix("sft.grad.") }
        #expect(names.count == model.table.entries.count)
    }

    @Test(arguments: ParityCase.all) func fiveAdamWStepsFollowPyTorch(_ parity: ParityCase) throws {
        let expected = try parity.scalars().adamw
        let model = try Checkpoint.load(parity.policy)
        let settings = AdamWSettings(
            learningRate: expected.lr, beta1: expected.betas[0], beta2: expected.betas[1], epsilon: expected.eps,
            weightDecay: expected.weight_decay, decay: .all, clipNorm: expected.clip_grad_norm)
        let optimiser = AdamW(model: model, settings: settings)
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        let group = try parity.group()
        for line in expected.loss_and_grad_norm {
            gradients.zero()
            let loss = try supervisedLoss(pass, group, gradients)
            #expect(abs(loss - (line[0] ?? .nan)) <= 1e-4)
            guard let norm = line[1] else { break }
            let found = try optimiser.step(model, gradients: gradients, pool: pool)
            #expect(abs(found - norm) <= 1e-3 * norm)
        }
        #expect(optimiser.stepCount == 5)
    }

    @Test(arguments: ParityCase.all) func rewardScoresAreThoseOfPyTorch(_ parity: ParityCase) throws {
        let model = try Checkpoint.load(parity.reward)
        #expect(model.configuration.head == .scalar)
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        let group = try parity.group()
        try pass.forward([group])
        let rows = group.responses.indices.map { pass.layout.lastResponseRow(0, $0) }
        #expect(largestDifference(pass.scores(atRows: rows), try parity.arrays().floats("reward.scores")) <= 2e-4)
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
}
