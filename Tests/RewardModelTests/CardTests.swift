import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import Testing

/// Runs with every choice on, and the card that each run leaves.
@Suite struct CardTests {
    private let world: TinyWorld
    private let folder: TemporaryFolder

    private static let everything: JSONValue = [
        "minimum_steps": 24, "evaluations": 6, "learning_rate": 0.002, "reference_samples": 24,
        "maximum_response_tokens": 12, "checkpoint_every": 4, "ensemble_members": 3, "ties": "rao_kupper",
        "safety_weight": 0.5, "rating_weight": 0.5, "acceptability_weight": 0.5, "reliability_weights": true,
        "label_smoothing": 0.05, "soft_labels": true, "learning_curve_points": 2,
    ]

    init() throws {
        world = try TinyWorld()
        folder = try TemporaryFolder()
    }

    private func run(_ name: String, _ settings: JSONValue = everything) throws -> RunDirectory {
        let groups =
            try (0..<9).map { try world.fullyJudged($0) } + (9..<13).map { try world.fullyJudged($0, split: .heldOut) }
        return try world.run(in: folder.url, name: name, groups: groups, settings: settings)
    }

    private func execute(_ run: RunDirectory, threads: Int = 1, stop: StopFlag = StopFlag()) throws -> RunExit {
        let exit = Job.execute(run, stop: stop) { try RewardModelJob.run($0, pool: WorkerPool(threads: threads)) }
        if exit == .failed {
            let newest = try #require(try run.attempts().last)
            Issue.record("\(try run.failure(attempt: newest)?.message ?? "no ERROR.json")")
        }
        return exit
    }

    private func output(_ run: RunDirectory) throws -> URL {
        run.attemptURL(try #require(try run.attempts().last)).appending(path: "output/reward-model")
    }

    @Test func everyChoiceAtOnceGivesTheSameBytesWithOneAndWithTwoThreads() throws {
        let (one, two) = (try run("one"), try run("two"))
        #expect(try execute(one, threads: 1) == .done)
        #expect(try execute(two, threads: 2) == .done)
        #expect(try Digest.folder(output(one)) == Digest.folder(output(two)))
        let model = try LoadedRewardModel(folder: try output(one))
        let heads = try #require(model.heads)
        #expect(heads.members.count == 3 && heads.combined != nil && heads.heads.acceptabilityThreshold != nil)
        let group = try model.tokens(of: try world.group(1).group)
        let scorer = RewardScorer(model, pool: WorkerPool(threads: 1))
        let all = try scorer.headScores(of: [group])[0]
        for (head, raw) in zip(all, try scorer.rawScores(of: [group])[0]) {
            // The classifier that others load says the mean of the members.
            #expect(abs(head.mean - raw) < 1e-5 && Set(head.members).count == 3)
            #expect(Set(head.safetyMembers).count == 3 && head.rating != nil)
        }
        let scores = try scorer.ensembleScores(of: [group])[0]
        for (score, head) in zip(scores, all) {
            #expect(score.members == zip(heads.members, head.members).map { $0($1) })
        }
        let combined = try #require(heads.combined)
        for head in all {
            let safety = try #require(head.safety)
            #expect(scorer.combinedScore(head) == combined(sigmoid(safety) < 0.15 ? safety : head.mean))
            #expect(scorer.combinedScore(head, promptIsAboutSafety: true) == combined(safety))
        }
    }

    @Test func stoppedRunsOfEveryChoiceGoOnToTheSameBytes() throws {
        let whole = try run("whole")
        #expect(try execute(whole) == .done)
        // Once in training, once in the learning curve.
        for (name, key, value) in [("early", "step", 3), ("late", "curve_step", 2)] {
            let stopped = try run(name)
            let stop = StopFlag()
            let exit = Job.execute(stopped, stop: stop) { attempt in
                Thread.detachNewThread {
                    var tail = MetricsTail(stopped.metricsURL(attempt: 1))
                    while !stop.shouldStop {
                        let found = ((try? tail.readNew()) ?? []).compactMap { $0[key]?.integerValue }
                        if found.contains(where: { $0 >= value }) { stop.request() }
                        usleep(200)
                    }
                }
                return try RewardModelJob.run(attempt, pool: WorkerPool(threads: 1))
            }
            #expect(exit == .stopped)
            #expect(try execute(stopped) == .done)
            #expect(try Digest.folder(output(stopped)) == Digest.folder(output(whole)))
        }
    }

    @Test func aPlainRunHasNoFurtherHeadsAndACardAllTheSame() throws {
        let plain = try run("plain", ["minimum_steps": 8, "reference_samples": 8, "maximum_response_tokens": 8])
        #expect(try execute(plain) == .done)
        let output = try output(plain)
        #expect(!FileManager.default.fileExists(atPath: output.appending(path: RewardHeads.fileName).path))
        #expect(try LoadedRewardModel(folder: output).heads == nil)
        let card = try RewardCard(json: Data(contentsOf: output.appending(path: RewardCard.fileName)))
        #expect(card.ensemble == nil && card.learningCurve.isEmpty)
        let overall = try #require(card.overall)
        let metrics = try #require(try plain.result(attempt: 1)).metrics
        #expect(metrics["held_out_accuracy"]?.doubleValue == overall.accuracy)
        #expect(metrics["held_out_ece"]?.doubleValue == overall.calibrationError)
        #expect(card.calibration.reduce(0) { $0 + $1.pairs } == overall.pairs)
        #expect(card.byAnnotator.map(\.name) == ["ann", "bob"])
        #expect(card.byAnnotator.reduce(0) { $0 + $1.pairs } == overall.pairs)
        #expect(card.annotators.map(\.annotator) == ["ann", "bob"] && card.annotators.allSatisfy { $0.weight == 1 })
        #expect(try card.json() == Data(contentsOf: output.appending(path: RewardCard.fileName)))
        let text = try String(contentsOf: output.appending(path: RewardCard.textName), encoding: .utf8)
        #expect(text.contains("## Accuracy by annotator") && text.contains("| bob |"))
    }

    @Test func aModelOfTiesIsJudgedByItsOwnProbabilities() throws {
        let made = try run(
            "ties",
            [
                "minimum_steps": 24, "learning_rate": 0.002, "reference_samples": 8, "maximum_response_tokens": 8,
                "ties": "rao_kupper",
            ])
        #expect(try execute(made) == .done)
        let output = try output(made)
        let model = try LoadedRewardModel(folder: output)
        let ties = try #require(model.heads).heads.tieModel
        guard case .raoKupper(let parameter) = ties else {
            Issue.record("\(ties)")
            return
        }
        #expect(try Lineage.read(from: output).details["tie_threshold"]?.doubleValue == softplus(parameter))
        let examples = try (9..<13).map { index in
            try RewardExample(
                try world.fullyJudged(index, split: .heldOut), template: world.template, margins: .small)
        }
        let scores = try RewardScorer(model, pool: WorkerPool(threads: 1)).rawScores(of: examples.map(\.tokens))
        let own = RewardEvaluation(examples, scores: scores, longerIsBetter: true, ties: ties)
        let plain = RewardEvaluation(examples, scores: scores, longerIsBetter: true)
        let card = try RewardCard(json: Data(contentsOf: output.appending(path: RewardCard.fileName)))
        let overall = try #require(card.overall)
        // A model of so few steps is sure of nothing, so the two differ little; but they differ.
        #expect(abs(overall.logLoss - own.logLoss) < 1e-9 && abs(own.logLoss - plain.logLoss) > 1e-6)
        #expect(abs(overall.calibrationError - own.calibrationError) < 1e-9)
        // The bins come from the pairs that mistakes do, and give the same error.
        let apart = card.calibration.reduce(0.0) { $0 + Double($1.pairs) * abs($1.confidence - $1.accuracy) }
        #expect(abs(apart / Double(overall.pairs) - own.calibrationError) < 1e-9)
        let metrics = try #require(try made.result(attempt: 1)).metrics
        #expect(metrics["held_out_log_loss"]?.doubleValue == overall.logLoss)
    }

    @Test func theLearningCurveEndsWithTheModelItself() throws {
        let whole = try run("curve")
        #expect(try execute(whole) == .done)
        let card = try RewardCard(json: Data(contentsOf: output(whole).appending(path: RewardCard.fileName)))
        let labels = card.learningCurve.map(\.labels)
        #expect(labels.count == 3 && labels == labels.sorted() && labels.last == card.counts.trainingLabels)
        #expect(card.learningCurve.last?.accuracy == card.overall?.accuracy)
        #expect(card.ensemble?.members == 3 && card.ensemble?.accuracyBySpread.count == 3)
    }

    /// Each held-out group stands for a number of candidates: by the inverse of the probability that it was chosen with, or as
    /// so many groups.
    private func heldOut(standingFor counts: [Int], asGroups: Bool) throws -> [LabelledGroup] {
        try counts.enumerated().flatMap { index, count in
            var group = try world.fullyJudged(9 + index, split: .heldOut)
            if index == 1 {
                // On one of them people disagree.
                group.labels[1].judgement = .ranking(try Ranking(rows: [["r3"], ["r1"], ["r0", "r2"]]))
            }
            if !asGroups {
                group.samplingProbability = 1 / Double(count)
                for label in group.labels.indices { group.labels[label].weight = Double(count) }
                return [group]
            }
            return (0..<count).map { copy in
                var own = group
                own.group.id += "-\(copy)"
                for label in own.labels.indices { own.labels[label].labelID += "-\(copy)" }
                return own
            }
        }
    }

    /// All figures of a card that do not say how many pairs they are of.
    private func figures(_ card: RewardCard) -> [String: Double] {
        let known: [String: Double?] = [
            "accuracy": card.overall?.accuracy, "interval": card.overall?.accuracyInterval?.first,
            "log-loss": card.overall?.logLoss, "calibration error": card.overall?.calibrationError,
            "tau": card.overall?.kendallTau, "length": card.length.correlation,
            "length baseline": card.length.baselineAccuracy, "agreement": card.ceiling?.agreement,
            "ceiling": card.ceiling?.accuracy, "deviation": card.ensemble?.meanDeviation,
            "safety": card.safety?.accuracy, "safety baseline": card.safety?.baselineAccuracy,
            "safety log-loss": card.safety?.logLoss, "discrimination": card.safety?.discrimination,
            "rating": card.rating?.meanError, "rating baseline": card.rating?.baselineError,
            "rating correlation": card.rating?.correlation,
        ]
        var all = known.compactMapValues { $0 }
        for part in card.byGrade + card.byAnnotator + card.byPolicy + card.byAgreement {
            all["of \(part.name)"] = part.accuracy
        }
        for bin in card.calibration { all["won from \(bin.low)"] = bin.accuracy }
        for point in card.learningCurve { all["curve at \(point.labels)"] = point.logLoss }
        return all
    }

    /// Tasks are chosen because a reward model is unsure of them, so figures of them alone would be of hard ones alone.
    @Test func inEachFigureAChosenTaskCountsForThoseThatWereNot() throws {
        func card(_ name: String, _ counts: [Int], asGroups: Bool) throws -> RewardCard {
            let groups =
                try (0..<9).map { try world.fullyJudged($0) } + heldOut(standingFor: counts, asGroups: asGroups)
            let run = try world.run(in: folder.url, name: name, groups: groups, settings: Self.everything)
            #expect(try execute(run) == .done)
            return try RewardCard(json: Data(contentsOf: output(run).appending(path: RewardCard.fileName)))
        }
        let counts = [3, 4, 5, 2]
        let chosen = try card("weighted", counts, asGroups: false)
        #expect(chosen.notes.contains { $0.hasPrefix("4 of the 4 groups") })
        let weighted = figures(chosen)
        let repeated = figures(try card("repeated", counts, asGroups: true))
        let plain = figures(try card("plain", [1, 1, 1, 1], asGroups: false))
        #expect(weighted.count > 25 && Set(weighted.keys) == Set(repeated.keys))
        for (name, value) in weighted {
            let other = try #require(repeated[name])
            #expect(abs(value - other) < 1e-9, "\(name): \(value), \(other)")
        }
        // Those that would be other ones if each task counted once.
        for name in ["log-loss", "length", "agreement", "ceiling", "deviation", "safety log-loss", "rating"] {
            let (value, plain) = (try #require(weighted[name]), try #require(plain[name]))
            #expect(abs(value - plain) > 1e-6, "\(name) does not hang on the weights")
        }
    }

    /// Rankings of three responses by the current policy and one by an earlier one, as a mix has them, and comparisons of the
    /// current policy with a challenger. Either ends with another's response.
    private func mixed() throws -> [LabelledGroup] {
        try (0..<12).map { index in
            var labelled = try world.group(index, split: index < 8 ? .train : .heldOut)
            let count = labelled.group.responses.count
            for place in 0..<count {
                labelled.group.responses[place].policy =
                    count == 2 ? ["current", "challenger"][place] : place == 3 ? "early" : "current"
            }
            return labelled
        }
    }

    @Test func theNewestPolicyIsNotTheLastInAMixNorOneThatIsComparedWithAnother() throws {
        let settings: JSONValue = ["minimum_steps": 8, "reference_samples": 8, "maximum_response_tokens": 8]
        func card(_ name: String, _ more: [String: JSONValue] = [:]) throws -> RewardCard {
            let settings = JSONValue.object((settings.objectValue ?? [:]).merging(more) { $1 })
            let run = try world.run(in: folder.url, name: name, groups: try mixed(), settings: settings)
            #expect(try execute(run) == .done)
            return try RewardCard(json: Data(contentsOf: output(run).appending(path: RewardCard.fileName)))
        }
        let told = try card("told", ["newest_policy": "current"])
        let newest = try #require(told.newestPolicy)
        #expect(newest.name == "current" && newest.pairs > 0)
        #expect(told.byPolicy.contains(newest))
        let untold = try card("untold")
        #expect(untold.newestPolicy == newest && untold.notes == told.notes)
        let early = try card("early", ["newest_policy": "early"])
        #expect(early.newestPolicy == nil)
        #expect(early.notes.contains { $0.contains("two responses of early, the newest policy") })
    }

    @Test func labelsThatASettingNeedsAndThatAreNotThereAreNamed() throws {
        for (setting, value) in [
            ("rating_weight", 1), ("safety_weight", 1), ("acceptability_weight", 1),
        ] as [(String, JSONValue)] {
            let poor = try world.run(
                in: folder.url, name: setting, groups: [try world.group(0), try world.group(1)],
                settings: .object([setting: value]))
            let exit = Job.execute(poor) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) }
            #expect(exit == .failed)
            let failure = try #require(try poor.failure(attempt: 1))
            #expect(failure.kind == "not-ready" && failure.message.contains(setting), "\(failure.message)")
        }
    }

    @Test func normalisationsAreCentredWhereTheySay() throws {
        let settings: JSONValue = [
            "minimum_steps": 8, "reference_samples": 8, "maximum_response_tokens": 8, "normalisation": "bias",
        ]
        let centred = try run("bias", settings)
        #expect(try execute(centred) == .done)
        let model = try LoadedRewardModel(folder: try output(centred))
        #expect(model.normalisation.gain == 1 && model.normalisation.bias != 0 && model.normalisation.samples == 8)
        let missing = try run("missing", ["normalisation": "demonstrations"])
        let exit = Job.execute(missing) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) }
        #expect(exit == .failed)
        #expect(try missing.failure(attempt: 1)?.message.contains("demonstrations.jsonl") == true)
    }
}
