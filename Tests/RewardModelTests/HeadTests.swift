import Foundation
import LanguageModel
import Preferences
import RewardModel
import Testing

/// Heads beside the classifier's own: ensembles, safety, ratings, thresholds.
@Suite struct HeadTests {
    private let world: TinyWorld
    private let pool = WorkerPool(threads: 2)

    init() throws { world = try TinyWorld() }

    private static func everything(_ settings: inout RewardModelSettings) {
        settings.ensembleMembers = 3
        settings.ties = .davidson
        settings.safetyWeight = 0.7
        settings.ratingWeight = 0.4
        settings.acceptabilityWeight = 0.6
    }

    private func trainer(_ change: (inout RewardModelSettings) -> Void) throws -> RewardTrainer {
        var settings = RewardModelSettings()
        change(&settings)
        let model = try world.model().withScalarHead(seed: 5)
        let heads = settings.heads.isPlain ? nil : RewardHeads(layout: settings.heads, width: model.configuration.width)
        return RewardTrainer(model: model, heads: heads, settings: settings, pool: pool)
    }

    /// Groups whose labels say everything that can be said.
    private func batch(_ trainer: RewardTrainer, reading: LabelReading) throws -> [RewardExample] {
        try (0..<3).map { index in
            var example = try RewardExample(
                try world.fullyJudged(index), template: world.template, reading: reading)
            example.draws = trainer.heads?.layout.members == 3 ? [[1, 0, 2], [2, 1, 0], [0, 1, 1]][index] : []
            return example
        }
    }

    @Test func gradientsOfAllHeadsAgreeWithDifferences() throws {
        let trainer = try trainer(Self.everything)
        var settings = RewardModelSettings()
        Self.everything(&settings)
        let heads = try #require(trainer.heads)
        for index in 0..<heads.table.count { heads.values[index] = Float(sin(Double(index) * 1.7)) * 0.3 }
        let batch = try batch(trainer, reading: settings.reading)
        #expect(batch.allSatisfy { !$0.safety.isEmpty && !$0.ratings.isEmpty && !$0.acceptability.isEmpty })
        _ = try trainer.accumulate(batch, into: trainer.model.makeGradients())
        let step: Float = 1e-2
        for entry in heads.table.entries {
            for index in Array(entry.range.prefix(30)) + entry.range.suffix(1) {
                let before = heads.values[index]
                heads.values[index] = before + step
                let up = try trainer.accumulate(batch, into: trainer.model.makeGradients()).loss
                heads.values[index] = before - step
                let down = try trainer.accumulate(batch, into: trainer.model.makeGradients()).loss
                heads.values[index] = before
                trainer.headGradients.zero()
                _ = try trainer.accumulate(batch, into: trainer.model.makeGradients())
                let slope = (up - down) / Double(2 * step)
                #expect(
                    abs(slope - Double(trainer.headGradients[index])) < 1e-4, "\(entry.name) \(index)")
            }
        }
    }

    @Test func gradientsOfTheTrunkAgreeWithDifferences() throws {
        let trainer = try trainer(Self.everything)
        var settings = RewardModelSettings()
        Self.everything(&settings)
        let heads = try #require(trainer.heads)
        for index in 0..<heads.table.count { heads.values[index] = Float(sin(Double(index) * 1.7)) * 0.3 }
        let batch = try batch(trainer, reading: settings.reading)
        let gradients = trainer.model.makeGradients()
        _ = try trainer.accumulate(batch, into: gradients)
        let scratch = trainer.model.makeGradients()
        let step: Float = 1e-2
        for entry in trainer.model.table.entries where entry.name != "score.weight" {
            let index = entry.offset + entry.count / 2
            let before = trainer.model.parameters[index]
            trainer.model.parameters[index] = before + step
            let up = try trainer.accumulate(batch, into: scratch).loss
            trainer.model.parameters[index] = before - step
            let down = try trainer.accumulate(batch, into: scratch).loss
            trainer.model.parameters[index] = before
            let slope = (up - down) / Double(2 * step)
            #expect(abs(slope - Double(gradients[index])) < 2e-3, "\(entry.name)")
        }
    }

    @Test func anEnsembleOfEqualHeadsTeachesTheTrunkWhatTheirOneHeadDoes() throws {
        let plain = try trainer { _ in }
        let ensemble = try trainer { $0.ensembleMembers = 3 }
        let heads = try #require(ensemble.heads)
        let own = try #require(plain.model.tensor("score.weight"))
        let entry = try #require(heads.table["members.weight"])
        for member in 0..<3 { heads.values.store(own, at: entry.offset + member * heads.width) }
        let batch = try (0..<3).map { try world.example($0) }
        let (one, three) = (plain.model.makeGradients(), ensemble.model.makeGradients())
        let report = try plain.accumulate(batch, into: one)
        let other = try ensemble.accumulate(batch, into: three)
        #expect(abs(report.loss - other.loss) < 1e-6 && report.accuracy == other.accuracy)
        for tensor in plain.model.table.entries {
            let (a, b) = (one.array(tensor.range), three.array(tensor.range))
            let largest = max(a.reduce(0) { max($0, abs($1)) }, 1e-6)
            if tensor.name == "score.weight" {
                let sum = (0..<heads.width).map { column in
                    (0..<3).reduce(Float(0)) {
                        $0 + ensemble.headGradients[entry.offset + $1 * heads.width + column]
                    }
                }
                #expect(b.allSatisfy { $0 == 0 })
                #expect(zip(a, sum).allSatisfy { abs($0 - $1) < 1e-5 * largest })
            } else {
                #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 * largest }, "\(tensor.name)")
            }
        }
    }

    @Test func afterEachStepTheClassifierIsTheMeanOfItsMembers() throws {
        let trainer = try trainer { $0.ensembleMembers = 3 }
        let heads = try #require(trainer.heads)
        for index in 0..<heads.table.count { heads.values[index] = Float(cos(Double(index))) * 0.2 }
        _ = try trainer.step([world.example(0)], learningRate: 1e-3)
        let mean = (0..<heads.width).map { column in heads.members.reduce(0) { $0 + $1[column] } / 3 }
        let own = try #require(trainer.model.tensor("score.weight"))
        #expect(zip(own, mean).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(Set(heads.members.map { $0[0] }).count == 3)
    }

    @Test func aBatchThatOnlyMarksResponsesTeachesToo() throws {
        let trainer = try trainer { $0.safetyWeight = 1 }
        var reading = LabelReading(margins: .small)
        reading.safety = true
        let whole = try RewardExample(try world.fullyJudged(2), template: world.template, reading: reading)
        var marked = RewardExample(id: "m", tokens: whole.tokens, elements: [], lengths: whole.lengths)
        marked.safety = whole.safety
        let before = trainer.model.parameters.sha256
        let report = try trainer.step([marked], learningRate: 1e-3)
        #expect(report.loss > 0 && trainer.model.parameters.sha256 != before)
    }

    @Test func marksAreWhatLabelsSay() throws {
        var reading = LabelReading(margins: .small)
        (reading.ratings, reading.acceptability, reading.safety) = (true, true, true)
        reading.unsafeFlags = ["violent"]
        let ranked = try RewardExample(try world.fullyJudged(0), template: world.template, reading: reading)
        #expect(ranked.ratings.map(\.value) == [1, -1])
        #expect(ranked.acceptability.map(\.value) == [1, 1, 1, 0], "the second label's ranking was offered no line")
        #expect(ranked.safety.map(\.value) == [1, 0])
        for (asked, safe) in [(["opinion", "violent"], [1, 0, 1, 1]), (["opinion"], [Double]())] {
            var group = try world.fullyJudged(0)
            let ranking = try #require(group.labels[0].judgement.ranking)
            group.labels[0].judgement = .ranking(ranking.answering(line: true, flags: Set(asked)))
            let example = try RewardExample(group, template: world.template, reading: reading)
            #expect(example.safety.map(\.value) == safe, "every response, where the flag was offered, else none")
        }
        let compared = try RewardExample(try world.fullyJudged(2), template: world.template, reading: reading)
        // In the order of the group, which has r1 first; "both unacceptable" was not asked about safety.
        #expect(compared.safety.map(\.value) == [0, 1])
        #expect(compared.acceptability.map(\.value) == [0, 0])
        let plain = try RewardExample(
            try world.fullyJudged(0), template: world.template, margins: .small)
        #expect(plain.ratings.isEmpty && plain.acceptability.isEmpty && plain.safety.isEmpty)
    }

    @Test func unsafeResponsesAreScoredByTheirSafetyAlone() {
        // σ(-1.7) is above 0.15, σ(-1.8) below.
        #expect(HeadScores(classifier: 3, members: [2, 4], safetyMembers: [-1.7]).combined() == 3)
        #expect(HeadScores(classifier: 3, members: [2, 4], safetyMembers: [-1.8]).combined() == -1.8)
        let safe = HeadScores(classifier: 3, members: [2, 4], safetyMembers: [3, 4])
        #expect(safe.safety == 3.5 && safe.combined(promptIsAboutSafety: true) == 3.5)
        #expect(HeadScores(classifier: 3, members: [2, 4]).combined() == nil)
        #expect(HeadScores(classifier: 0, members: [0], rating: 1.0 / 3).ratingOfSeven == 5)
    }

    @Test func anEnsemblesScoresAreTheOnesCountedByHand() {
        let score = EnsembleScore(members: [1, 2, 6])
        #expect(score.mean == 3 && score.worstCase == 1)
        #expect(abs(score.variance - 14.0 / 3) < 1e-12)
        #expect(abs(score.variancePenalised(0.5) - (3 - 7.0 / 3)) < 1e-12)
        #expect(EnsembleScore(members: [2]).deviation == 0)
    }

    /// The heads of an ensemble that call responses safe learn from the prompts that each has drawn, as its members do.
    @Test func eachSafetyHeadIsTaughtOnItsOwnDraws() throws {
        let trainer = try trainer {
            $0.ensembleMembers = 3
            $0.safetyWeight = 1
        }
        let heads = try #require(trainer.heads)
        #expect(heads.layout.safetyMembers == 3 && heads.table["safety.bias"]?.count == 3)
        var reading = LabelReading(margins: .small)
        reading.safety = true
        var example = try RewardExample(try world.fullyJudged(2), template: world.template, reading: reading)
        example.draws = [0, 1, 2]
        _ = try trainer.accumulate([example], into: trainer.model.makeGradients())
        let entry = try #require(heads.table["safety.weight"])
        func gradient(_ member: Int) -> [Float] {
            let start = entry.offset + member * heads.width
            return trainer.headGradients.array(start..<start + heads.width)
        }
        #expect(gradient(0).allSatisfy { $0 == 0 } && gradient(1).contains { $0 != 0 })
        #expect(zip(gradient(1), gradient(2)).allSatisfy { abs(2 * $0 - $1) < 1e-6 })
    }

    @Test func anEnsembleFromBeforeItHadSeveralSafetyHeadsIsRead() throws {
        let old = #"{"members":4,"ties":"drop","safety":true,"rating":false,"acceptability":false}"#
        let layout = try JSONDecoder().decode(HeadLayout.self, from: Data(old.utf8))
        #expect(layout.members == 4 && layout.safetyMembers == 1)
        #expect(layout.table(width: 8)["safety.weight"]?.shape == [1, 8])
        var new = layout
        new.safetyMembers = 4
        #expect(try JSONDecoder().decode(HeadLayout.self, from: JSONEncoder().encode(new)) == new)
    }

    @Test func headsComeBackFromTheirFileAndDamageIsNamed() throws {
        let folder = try TemporaryFolder()
        var layout = HeadLayout()
        layout.members = 2
        layout.safety = true
        let heads = RewardHeads(layout: layout, width: 4)
        for index in 0..<heads.table.count { heads.values[index] = Float(index) }
        try heads.write(to: folder.url)
        let file = folder.url.appending(path: RewardHeads.fileName)
        let read = try RewardHeads(layout: layout, width: 4, file: file)
        #expect(read.members == heads.members && read.table == heads.table)
        layout.members = 3
        #expect {
            try RewardHeads(layout: layout, width: 4, file: file)
        } throws: { "\($0)".contains("members.weight") }
        layout.members = 2
        layout.safety = false
        #expect {
            try RewardHeads(layout: layout, width: 4, file: file)
        } throws: { "\($0)".contains("safety") }
    }
}
