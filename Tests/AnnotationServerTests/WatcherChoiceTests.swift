import AnnotationServer
import Labels
import Testing
import Web

@Suite struct WatcherChoiceTests {
    /// A reward model of these labels, as a run made it.
    private func model(_ name: String, labels: String?, in test: TestData) async throws -> RewardModelRecord {
        let run = try await test.store.createRun(
            NewRun(
                kind: "reward-model", project: test.project, parents: [.policy(test.policy, role: "base")], seed: 1,
                settings: labels.map { ["labels": $0] } ?? [:]), by: .system)
        _ = try #require(try await test.store.startAttempt(run))
        _ = try await test.store.importResult(
            run.id, attempt: 1, .rewardModel(NewRewardModel(name: name, path: "reward-models/\(name)")))
        return try #require(try await test.store.rewardModel(named: name))
    }

    private func refusal(
        _ watcher: RewardModelRecord, _ rewardModel: RewardModelRecord, isChosen: Bool = true, in test: TestData
    ) async throws -> OperationError? {
        do {
            try await WatcherChoice(store: test.store).require(watcher, watches: rewardModel, isChosen: isChosen)
            return nil
        } catch let error as OperationError { return error }
    }

    @Test func oneHalfMayWatchTheOther() async throws {
        let test = try await TestData()
        let first = try await model("first", labels: "first-half", in: test)
        let second = try await model("second", labels: "second-half", in: test)
        #expect(try await refusal(second, first, in: test) == nil)
        #expect(try await refusal(first, second, in: test) == nil)
    }

    @Test(
        arguments: [
            ("first-half", "first-half"), ("all", "second-half"), ("first-half", nil), (nil, nil), (nil, "all"),
        ] as [(String?, String?)])
    func whatSharesLabelsIsRefusedWithWhatToDo(watcher: String?, rewardModel: String?) async throws {
        let test = try await TestData()
        let watching = try await model("watching", labels: watcher, in: test)
        let learnt = try await model("learnt", labels: rewardModel, in: test)
        let error = try #require(try await refusal(watching, learnt, in: test))
        #expect(error.reason == .invalid && error.field == "watcher")
        #expect(error.message.contains("watching") && error.message.contains("learnt"))
        #expect(error.message.contains("labels = first-half") && error.message.contains("labels = second-half"))
    }

    @Test func aModelCannotWatchItselfAndTheNewestIsNamedWhereNobodyChose() async throws {
        let test = try await TestData()
        let only = try await model("only", labels: "first-half", in: test)
        #expect(try await refusal(only, only, in: test)?.field == "watcher")
        let error = try #require(try await refusal(only, only, isChosen: false, in: test))
        #expect(error.field == "reward_model")
        #expect(error.message.contains("No reward model was chosen") && error.message.contains("newest, only"))
    }
}
