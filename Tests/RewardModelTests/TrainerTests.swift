import Foundation
import LanguageModel
import Preferences
import RewardModel
import Testing

@Suite struct TrainerTests {
    private let world: TinyWorld
    private let pool = WorkerPool(threads: 2)

    init() throws { world = try TinyWorld() }

    private func trainer(seed: UInt64 = 5, _ change: (inout RewardModelSettings) -> Void = { _ in }) throws
        -> RewardTrainer
    {
        var settings = RewardModelSettings()
        change(&settings)
        return RewardTrainer(
            model: try world.model().withScalarHead(seed: seed), settings: settings, pool: pool)
    }

    private func worstDifference(_ a: FloatBuffer, _ b: FloatBuffer, in model: Transformer) -> Float {
        model.table.entries.reduce(0) { worst, entry in
            let (x, y) = (
                a.array(entry.offset..<entry.offset + entry.count), b.array(entry.offset..<entry.offset + entry.count)
            )
            let largest = max(x.reduce(0) { max($0, abs($1)) }, 1e-6)
            return max(worst, zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest)
        }
    }

    @Test func onePassOverAGroupEqualsAllItsPairsOneByOne() throws {
        let trainer = try trainer { $0.centring = 0 }
        let example = try world.example(0)
        let together = trainer.model.makeGradients()
        let report = try trainer.accumulate([example], into: together)
        let apart = trainer.model.makeGradients()
        let pass = PackedPass(model: trainer.model, pool: pool)
        let element = example.elements[0]
        var loss = 0.0
        for pair in element.pairs {
            let group = TokenGroup(
                prompt: example.tokens.prompt,
                responses: [example.tokens.responses[pair.winner], example.tokens.responses[pair.loser]])
            try pass.forward([group])
            let rows: [Int] = [pass.layout.lastResponseRow(0, 0), pass.layout.lastResponseRow(0, 1)]
            let scores = pass.scores(atRows: rows).map { Double($0) }
            let share = 1 / Double(element.pairs.count)
            loss += share * softplus(scores[1] - scores[0])
            let slope: Float = Float(share * sigmoid(scores[1] - scores[0]))
            pass.scoreBackward([-slope, slope], atRows: rows, into: apart)
            pass.backward(into: apart)
        }
        #expect(abs(report.loss - loss) < 1e-5)
        #expect(worstDifference(apart, together, in: trainer.model) < 1e-5)
    }

    @Test func aBatchEqualsTheMeanOfItsGroupsHoweverItIsCutIntoPasses() throws {
        let batch = try (0..<4).map { try world.example($0) }
        let wide = try trainer()
        let narrow = try trainer { $0.tokensPerPass = 1 }
        let together = wide.model.makeGradients()
        let cut = narrow.model.makeGradients()
        let report = try wide.accumulate(batch, into: together)
        let cutReport = try narrow.accumulate(batch, into: cut)
        #expect(abs(report.loss - cutReport.loss) < 1e-6)
        #expect(report.accuracy == cutReport.accuracy)
        #expect(worstDifference(together, cut, in: wide.model) < 1e-5)
        var mean = 0.0
        for example in batch {
            mean += try wide.accumulate([example], into: wide.model.makeGradients()).loss / Double(batch.count)
        }
        #expect(abs(report.loss - mean) < 1e-6)
    }

    @Test func severalJudgementsOfAGroupShareItsPass() throws {
        var labelled = try world.group(0)
        let alone = try RewardExample(labelled, template: world.template, margins: .small)
        labelled.labels.append(
            GroupLabel(
                labelID: "second", annotator: "bob", revision: 1,
                judgement: .ranking(try Ranking(rows: [["r3"], ["r1"], ["r2", "r0"]])), weight: 3))
        let twice = try RewardExample(labelled, template: world.template, margins: .small)
        let other = RewardExample(
            id: "other", tokens: twice.tokens, elements: [twice.elements[1]], lengths: twice.lengths)
        let trainer = try trainer()
        let gradients = trainer.model.makeGradients()
        let both = try trainer.accumulate([twice], into: gradients)
        #expect(both.tokens == alone.tokens.tokenCount)
        let first = try trainer.accumulate([alone], into: gradients)
        let second = try trainer.accumulate([other], into: gradients)
        #expect(abs(both.loss - (first.loss + 3 * second.loss) / 4) < 1e-6)
    }

    @Test func stepsOnOneBatchLowerItsLossAndOrderItsPairs() throws {
        let trainer = try trainer()
        let batch = try (0..<4).map { try world.example($0) }
        let first = try trainer.step(batch, learningRate: 1e-3)
        var last = first
        for _ in 0..<60 { last = try trainer.step(batch, learningRate: 1e-3) }
        #expect(last.loss < 0.5 * first.loss)
        #expect(last.accuracy > 0.95)
    }

    @Test func aBatchWithoutWeightChangesNothing() throws {
        let trainer = try trainer()
        _ = try trainer.step([world.example(0)], learningRate: 1e-3)
        let before = trainer.model.parameters.sha256
        let whole = try world.example(1)
        let weightless = RewardExample(
            id: whole.id, tokens: whole.tokens,
            elements: whole.elements.map { RankingElement(pairs: $0.pairs, members: $0.members, weight: 0) },
            lengths: whole.lengths)
        #expect(try trainer.step([weightless], learningRate: 1e-3).tokens == 0)
        #expect(trainer.model.parameters.sha256 == before)
        #expect(trainer.optimiser.stepCount == 1)
    }

    @Test func lossThatIsNoNumberStopsBeforeAWeightChanges() throws {
        let trainer = try trainer()
        let width = trainer.model.configuration.width
        try trainer.model.setTensor("score.weight", [Float](repeating: .nan, count: width))
        let before = trainer.model.parameters.sha256
        #expect(throws: RewardModelError.self) { try trainer.step([world.example(0)], learningRate: 1e-3) }
        #expect(trainer.model.parameters.sha256 == before)
    }

    @Test func anEpochTakesEveryGroupOnceInItsOwnOrder() {
        let plan = TrainingPlan(groupCount: 10, settings: RewardModelSettings(), seed: 4)
        #expect(plan.stepsPerEpoch == 3 && plan.totalSteps == 100)
        let epochs = (0..<4).map { epoch in (0..<3).flatMap { plan.groups(step: epoch * 3 + $0) } }
        for epoch in epochs { #expect(epoch.sorted() == Array(0..<10)) }
        #expect(Set(epochs).count == 4)
        #expect(
            plan.groups(step: 7)
                == TrainingPlan(groupCount: 10, settings: RewardModelSettings(), seed: 4).groups(step: 7))
    }

    @Test func manyLabelsTakeTheirEpochsAndFewTheMinimumOfSteps() {
        var settings = RewardModelSettings()
        settings.epochs = 2
        #expect(TrainingPlan(groupCount: 1000, settings: settings, seed: 1).totalSteps == 500)
        #expect(TrainingPlan(groupCount: 1, settings: settings, seed: 1).totalSteps == 100)
        #expect(TrainingPlan(groupCount: 1, settings: settings, seed: 1).groups(step: 99) == [0])
    }
}
