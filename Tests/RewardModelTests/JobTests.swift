import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import Testing

@Suite struct JobTests {
    private let world: TinyWorld
    private let folder: TemporaryFolder

    /// Few steps, so that a run takes no time; everything else as in a real one.
    private static let quick: JSONValue = [
        "minimum_steps": 24, "evaluations": 6, "learning_rate": 0.002, "reference_samples": 24,
        "maximum_response_tokens": 12, "checkpoint_every": 4,
    ]

    init() throws {
        world = try TinyWorld()
        folder = try TemporaryFolder()
    }

    private func execute(_ run: RunDirectory, threads: Int = 1, stop: StopFlag = StopFlag()) -> RunExit {
        Job.execute(run, stop: stop) { try RewardModelJob.run($0, pool: WorkerPool(threads: threads)) }
    }

    /// Runs an attempt that must succeed.
    private func finish(_ run: RunDirectory, threads: Int = 1) throws {
        let exit = execute(run, threads: threads)
        let newest = try #require(try run.attempts().last)
        let message = try run.failure(attempt: newest)?.message ?? "no ERROR.json"
        #expect(exit == .done, "\(message)")
    }

    private func output(_ run: RunDirectory) throws -> URL {
        let newest = try #require(try run.attempts().last)
        return run.attemptURL(newest).appending(path: "output/reward-model")
    }

    @Test func aRunLearnsAnOrderThatHoldsOnPromptsItHasNotSeen() throws {
        let run = try world.run(
            in: folder.url, training: 16, heldOut: 6, settings: ["learning_rate": 0.002, "reference_samples": 64])
        try finish(run, threads: 2)
        let result = try #require(try run.result(attempt: 1))
        #expect(try #require(result.metrics["held_out_accuracy"]?.doubleValue) > 0.9)
        #expect(try #require(result.metrics["held_out_log_loss"]?.doubleValue) < 0.5)
        #expect(result.metrics["held_out_labels"] == 6 && result.metrics["training_labels"] == 16)
        #expect(result.folder("reward-model")?.sha256 == (try Digest.folder(try output(run))))
    }

    @Test func theSavedModelScoresAsTheTrainedOneAndIsNormalisedOnReferenceSamples() throws {
        let run = try world.run(in: folder.url, settings: Self.quick)
        try finish(run)
        let model = try LoadedRewardModel(folder: try output(run))
        let lineage = try Lineage.read(from: try output(run))
        #expect(model.normalisation.samples == 24)
        #expect(lineage.details["normalisation"]?["gain"]?.doubleValue == model.normalisation.gain)
        #expect(lineage.parents.map(\.role) == ["base"])
        #expect(lineage.snapshot == (try Digest.file(try run.inputFile("groups.jsonl"))))
        let group = try model.tokens(of: try world.group(1).group)
        let scorer = RewardScorer(model, pool: WorkerPool(threads: 1))
        let raw = try scorer.rawScores(of: [group])[0]
        let normalised = try scorer.scores(of: [group])[0]
        #expect(Set(raw).count > 1)
        for (a, b) in zip(raw, normalised) {
            #expect(b == model.normalisation.gain * a + model.normalisation.bias)
        }
    }

    @Test func scoresDoNotDependOnTheCompanyInAPass() throws {
        let model = try world.model().withScalarHead(seed: 2)
        let groups: [TokenGroup] = try (0..<5).map { try world.example($0).tokens }
        let pool = WorkerPool(threads: 2)
        let together = try RewardScorer(model: model, normalisation: .identity, pool: pool).rawScores(of: groups)
        let alone = RewardScorer(model: model, normalisation: .identity, pool: pool, tokensPerPass: 1)
        for (group, scores) in zip(groups, together) {
            for (response, score) in zip(group.responses, scores) {
                let single = try alone.rawScores(of: [TokenGroup(prompt: group.prompt, responses: [response])])[0][0]
                #expect(abs(single - score) < 1e-5)
            }
        }
    }

    @Test func sameSeedGivesTheSameBytesWithOneAndWithTwoThreads() throws {
        let one = try world.run(in: folder.url, name: "one", settings: Self.quick)
        let two = try world.run(in: folder.url, name: "two", settings: Self.quick)
        let other = try world.run(in: folder.url, name: "other", seed: 12, settings: Self.quick)
        try finish(one, threads: 1)
        try finish(two, threads: 2)
        try finish(other, threads: 1)
        #expect(try Digest.folder(output(one)) == Digest.folder(output(two)))
        #expect(try Digest.folder(output(one)) != Digest.folder(output(other)))
    }

    @Test func aStoppedRunGoesOnToTheSameBytes() throws {
        let whole = try world.run(in: folder.url, name: "whole", settings: Self.quick)
        try finish(whole)
        let run = try world.run(in: folder.url, name: "stopped", settings: Self.quick)
        let stop = StopFlag()
        let exit = Job.execute(run, stop: stop) { attempt in
            Thread.detachNewThread {
                var tail = MetricsTail(run.metricsURL(attempt: 1))
                while !stop.shouldStop {
                    let steps = ((try? tail.readNew()) ?? []).compactMap { $0["step"]?.integerValue }
                    if steps.contains(where: { $0 >= 2 }) { stop.request() }
                    usleep(200)
                }
            }
            return try RewardModelJob.run(attempt, pool: WorkerPool(threads: 1))
        }
        #expect(exit == .stopped)
        #expect(try run.state() == .stopped)
        try finish(run)
        #expect(try Digest.folder(output(run)) == Digest.folder(output(whole)))
    }

    @Test func aKilledRunGoesOnFromItsCheckpointToTheSameBytes() async throws {
        let whole = try world.run(in: folder.url, name: "whole", settings: Self.quick)
        try finish(whole)
        let run = try world.run(in: folder.url, name: "killed", settings: Self.quick)
        let path = run.url.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let run = RunDirectory(URL(filePath: path))
            _ = Job.execute(run) { attempt in
                Thread.detachNewThread {
                    var tail = MetricsTail(run.metricsURL(attempt: 1))
                    while true {
                        let steps = ((try? tail.readNew()) ?? []).compactMap { $0["step"]?.integerValue }
                        if steps.contains(where: { $0 >= 6 }) { kill(getpid(), SIGKILL) }
                        usleep(200)
                    }
                }
                return try RewardModelJob.run(attempt, pool: WorkerPool(threads: 1))
            }
        }
        #expect(try run.state() == .interrupted)
        #expect(try #require(try run.newestCheckpoint(before: 2)).step >= 4)
        try finish(run)
        #expect(try Digest.folder(output(run)) == Digest.folder(output(whole)))
        var tail = MetricsTail(run.metricsURL(attempt: 2))
        let first = try #require(try tail.readNew().compactMap { $0["step"]?.integerValue }.first)
        #expect(first >= 5)
    }

    @Test func noLabelsYetIsSaidInASentence() throws {
        var unlabelled = try world.group(0)
        unlabelled.labels = []
        for groups in [[], [unlabelled]] {
            let run = try world.run(in: folder.url, name: "run-\(groups.count)", groups: groups)
            #expect(execute(run) == .failed)
            let failure = try #require(try run.failure(attempt: 1))
            #expect(failure.kind == "not-ready" && failure.message.contains("no labels"))
        }
    }

    @Test func tooFewLabelsToHoldAnyOutIsSaidInWords() throws {
        let run = try world.run(in: folder.url, training: 2, heldOut: 0, settings: Self.quick)
        try finish(run)
        let result = try #require(try run.result(attempt: 1))
        #expect(result.notes.contains { $0.contains("too few to hold any out") })
        #expect(result.metrics["held_out_accuracy"] == .null && result.metrics["steps"] == 24)
        var tail = MetricsTail(run.metricsURL(attempt: 1))
        #expect(try tail.readNew().contains { $0["note"]?.stringValue?.contains("too few") == true })
    }

    @Test func fewHeldOutPromptsChooseAndReportAndTheResultSaysSo() throws {
        let run = try world.run(in: folder.url, training: 6, heldOut: 2, settings: Self.quick)
        try finish(run)
        let result = try #require(try run.result(attempt: 1))
        #expect(result.metrics["figures_of_selection"] == true)
        #expect(result.metrics["selection_groups"] == 2 && result.metrics["reported_groups"] == 2)
        #expect(result.notes.contains { $0.contains("too good") })
    }

    @Test func manyHeldOutPromptsReportOnOnesThatDidNotChooseTheStep() throws {
        let heldOut = try (0..<20).map { index in
            var group = try world.group(3 * index, split: .heldOut)
            group.group.prompt = .text("Say something about \(TinyWorld.subjects[index % 8]), number \(index).")
            return group
        }
        let training = try (0..<6).map { try world.group($0) }
        let halves = HeldOutHalves(heldOut.map(\.group.prompt))
        // The same groups with the judgements of the reported half turned round.
        let turned = try heldOut.map { group in
            guard halves.reports(group.group.prompt) else { return group }
            var turned = group
            turned.labels[0].judgement = .ranking(try Ranking(rows: [["r3"], ["r1"], ["r0", "r2"]]))
            return turned
        }
        let plain = try world.run(in: folder.url, name: "plain", groups: training + heldOut, settings: Self.quick)
        let other = try world.run(in: folder.url, name: "turned", groups: training + turned, settings: Self.quick)
        try finish(plain)
        try finish(other)
        let weights = try [plain, other].map { try Digest.file(output($0).appending(path: "model.safetensors")) }
        #expect(weights[0] == weights[1])
        let metrics = try [plain, other].map { try #require(try $0.result(attempt: 1)).metrics }
        #expect(metrics[0]["held_out_accuracy"] != metrics[1]["held_out_accuracy"])
        #expect(metrics[0]["figures_of_selection"] == false && metrics[0]["held_out_groups"] == 20)
        #expect(metrics[0]["selection_groups"] == 10 && metrics[0]["reported_groups"] == 10)
        // Five strict pairs in each ranking of ten reported groups.
        #expect(metrics[0]["held_out_pairs"] == 50)
    }

    @Test func trainingThatDivergesOnALookedAtStepIsSaidInASentence() throws {
        // One update by 1e18 leaves finite weights whose attention overflows.
        let settings: JSONValue = ["minimum_steps": 24, "evaluations": 24, "learning_rate": 1e18]
        let run = try world.run(in: folder.url, settings: settings)
        #expect(execute(run) == .failed)
        let failure = try #require(try run.failure(attempt: 1))
        #expect(failure.kind == "diverged", "\(failure.message)")
        #expect(failure.message.contains("a score is not a finite number"))
    }

    @Test(arguments: [0, -1] as [Double]) func aWeightThatIsNotAboveZeroIsNamed(weight: Double) throws {
        var bad = try world.group(1)
        bad.labels[0].weight = weight
        let run = try world.run(in: folder.url, groups: [try world.group(0), bad])
        #expect(execute(run) == .failed)
        let message = try #require(try run.failure(attempt: 1)?.message)
        #expect(message.contains("groups.jsonl, line 2") && message.contains("l1") && message.contains("weight"))
    }

    @Test func aTokenizerWithMoreTokensThanTheModelIsNamed() throws {
        let reward = folder.url.appending(path: "reward")
        try world.write(to: reward)
        let model = try Transformer(
            configuration: .llama(
                vocabularySize: 260, width: 24, layers: 1, heads: 4, keyValueHeads: 2, feedForward: 40,
                contextLength: 96, endTokenIDs: world.template.endTokenIDs, padTokenID: world.template.padTokenID),
            seed: 1)
        try Checkpoint.save(try model.withScalarHead(seed: 2), to: reward)
        let error = RewardModelError.foreignTokenizer(
            folder: reward.path, tokens: world.tokenizer.vocabularySize, vocabularySize: 260)
        #expect(throws: error) { try LoadedRewardModel(folder: reward) }
    }

    @Test func aBrokenLineIsNamed() throws {
        let run = try world.run(in: folder.url, groups: [try world.group(0)])
        var bad = try world.group(1)
        bad.group.responses[1].id = bad.group.responses[0].id
        let broken = try world.run(in: folder.url, name: "broken", groups: [try world.group(0), bad])
        #expect(try run.state() == .waiting)
        #expect(execute(broken) == .failed)
        #expect(try broken.failure(attempt: 1)?.message.contains("groups.jsonl, line 2") == true)
    }

    @Test func groupsThatDoNotFitTheContextAreLeftOutAndNamed() throws {
        var long = try world.group(1)
        long.group.responses[0].text = String(repeating: "apple ", count: 200)
        let run = try world.run(
            in: folder.url, groups: [try world.group(0), long, try world.group(2)], settings: Self.quick)
        try finish(run)
        let result = try #require(try run.result(attempt: 1))
        #expect(result.notes.contains { $0.contains("96 tokens") && $0.contains("g1") })
        #expect(result.metrics["training_groups"] == 2)
    }

    @Test func aLanguageModelIsNoRewardModelAndNaNWeightsAreRefused() throws {
        let policy = folder.url.appending(path: "policy")
        try world.write(to: policy)
        #expect(throws: RewardModelError.notARewardModel(folder: policy.path)) { try LoadedRewardModel(folder: policy) }
        let broken = folder.url.appending(path: "broken")
        try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
        let model = try world.model().withScalarHead(seed: 1)
        try model.setTensor("score.weight", [Float](repeating: .nan, count: model.configuration.width))
        #expect(throws: (any Error).self) {
            try Checkpoint.save(model, to: broken)
            try TokenizerFiles.write(world.tokenizer, form: .chat, contextLength: 96, to: broken)
            _ = try LoadedRewardModel(folder: broken)
        }
    }
}
