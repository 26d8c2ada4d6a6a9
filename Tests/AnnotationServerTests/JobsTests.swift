import AnnotationServer
import Foundation
import JSON
import Labels
import Logging
import Preferences
import Runs
import Synchronization
import Testing

/// A data folder with its store, a project and a policy whose files are there.
final class TestData: Sendable {
    let data: DataFolder
    let store: Store
    let project: ProjectID
    let policy: PolicyID

    init() async throws {
        data = DataFolder(
            FileManager.default.temporaryDirectory.appending(path: "server-tests-\(UUID().uuidString)"))
        try data.create()
        store = try Store(folder: data.url)
        let place = data.policy("sft")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("weights".utf8).write(to: place.appending(path: "model.safetensors"))
        policy = try await store.addPolicy(
            NewPolicy(name: "sft", kind: .supervised, path: "policies/sft", sha256: try Digest.folder(place)),
            by: .system
        ).id
        project = try await store.createProject(name: "p", settings: ProjectSettings(), by: .system).id
        try await store.makeCurrent(policy, in: project, by: .system)
        _ = try await store.addPrompts(project, use: .ppo, [.text("a"), .text("b")], by: .system)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: data.url)
    }

    func anotherProject() async throws -> ProjectID {
        let other = try await store.createProject(name: "q", settings: ProjectSettings(), by: .system).id
        _ = try await store.addPrompts(other, use: .ppo, [.text("a")], by: .system)
        return other
    }

    func run(
        seed: UInt64 = 1, settings: [String: String] = ["iterations": "2"], in other: ProjectID? = nil
    ) async throws -> RunRecord {
        try await store.createRun(
            NewRun(
                kind: "policy-refresh", project: other ?? project, parents: [.policy(policy, role: "base")], seed: seed,
                settings: settings), by: .system)
    }

    func preparation() -> RunPreparation { RunPreparation(store: store, data: data, logger: quiet) }

    func supervisor(_ runner: any JobRunner) -> RunSupervisor {
        RunSupervisor(store: store, data: data, runner: runner, retention: RetentionRule(), logger: quiet)
    }

    /// What a job leaves that was asked to end, by whomever.
    func leaveAfterCheckpoint(_ run: RunRecord, attempt: Int) throws {
        let attempt = try RunAttempt(beginning: RunDirectory(data.url.appending(path: run.directory)), number: attempt)
        attempt.fail(RunFailure(kind: "stopped", message: "asked to stop", retry: true))
        attempt.close()
    }

    /// What a job leaves that made a policy.
    func succeed(_ run: RunRecord, attempt: Int, weights: String) throws {
        try succeed(
            RunAttempt(beginning: RunDirectory(data.url.appending(path: run.directory)), number: attempt),
            weights: weights)
    }

    /// The end of a job that made a policy.
    func succeed(_ attempt: RunAttempt, weights: String) throws {
        let folder = attempt.outputURL.appending(path: "policy")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(weights.utf8).write(to: folder.appending(path: "model.safetensors"))
        _ = try attempt.finish(JobOutcome(folders: ["policy": "policy"]))
        attempt.close()
    }
}

var quiet: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}

/// Starts nothing; says what it was asked.
final class RecordingRunner: JobRunner {
    private let calls = Mutex<[String]>([])
    var asked: [String] { calls.withLock { $0 } }
    func start(_ run: RunDirectory, attempt: Int) throws { calls.withLock { $0.append("start \(run.id)/\(attempt)") } }
    func requestStop(_ run: RunDirectory, attempt: Int) throws {
        calls.withLock { $0.append("stop \(run.id)/\(attempt)") }
    }
}

@Suite struct RunPreparationTests {
    @Test func theSameRunHasTheSameDirectoryAgain() async throws {
        let test = try await TestData()
        let run = try await test.run(settings: ["iterations": "2", "policy_learning_rate": "1e-6", "kl_budget": "1.0"])
        let directory = try await test.preparation().directory(of: run)
        let marker = directory.url.appending(path: "marker")
        try Data().write(to: marker)
        #expect(try await test.preparation().directory(of: run) == directory)
        #expect(FileManager.default.fileExists(atPath: marker.path))
    }

    /// A database from a backup gives a number again that a folder has already.
    @Test func aFolderWithAnotherRunIsSetAside() async throws {
        let test = try await TestData()
        let run = try await test.run(seed: 5)
        let foreign = try RunDirectory.create(
            at: test.data.url.appending(path: run.directory),
            specification: RunSpecification(
                kind: "policy-refresh", seed: 6, parents: [], settings: ["iterations": 2], version: "x"), files: [:])
        let directory = try await test.preparation().directory(of: run)
        #expect(try directory.specification().seed == 5)
        let aside = RunDirectory(foreign.url.deletingLastPathComponent().appending(path: "\(run.id).set-aside-1"))
        #expect(try aside.specification().seed == 6)
    }

    @Test func aForeignRunWhoseJobIsRunningIsLeftAloneWithAClearMessage() async throws {
        let test = try await TestData()
        let run = try await test.run(seed: 5)
        let foreign = try RunDirectory.create(
            at: test.data.url.appending(path: run.directory),
            specification: RunSpecification(
                kind: "policy-refresh", seed: 6, parents: [], settings: ["iterations": 2], version: "x"), files: [:])
        let job = try RunAttempt(beginning: foreign)
        defer { job.close() }
        do {
            _ = try await test.preparation().directory(of: run)
            Issue.record("no error")
        } catch { #expect("\(error)".contains("holds another run"), "\(error)") }
        #expect(try foreign.specification().seed == 6)
    }
}

@Suite struct RunSupervisorTests {
    @Test func aCancelledRunIsNotStartedAndAResumedOneWaitsForItsTurn() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let cancelled = try await test.run(seed: 1)
        try await supervisor.stop(cancelled.id, by: .system)
        let going = try await test.run(seed: 2, in: test.anotherProject())
        await supervisor.look()
        #expect(runner.asked == ["start \(going.id)/1"])
        _ = try await test.store.resumeRun(cancelled.id, by: .system)
        await supervisor.look()
        #expect(runner.asked == ["start \(going.id)/1"])
        #expect(try await test.store.run(cancelled.id).state == .queued)
    }

    @Test func aJobThatSomethingElseEndedIsStartedAgain() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let run = try await test.run()
        await test.supervisor(runner).look()
        try test.leaveAfterCheckpoint(run, attempt: 1)
        // After a reboot, another server looks.
        await test.supervisor(runner).look()
        #expect(runner.asked == ["start \(run.id)/1", "start \(run.id)/2"])
        #expect(try await test.store.run(run.id).state == .running)
    }

    @Test func aStopThatWasAskedForIsKeptByTheNextServer() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let run = try await test.run()
        let first = test.supervisor(runner)
        await first.look()
        try await first.stop(run.id, by: .system)
        try test.leaveAfterCheckpoint(run, attempt: 1)
        await test.supervisor(runner).look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .stopped && after.message?.hasPrefix("Stopped on request") == true)
        #expect(runner.asked == ["start \(run.id)/1", "stop \(run.id)/1"])
    }

    @Test func aResultWhoseImportFailedIsBroughtInByResuming() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let run = try await test.run()
        await supervisor.look()
        try test.succeed(run, attempt: 1, weights: "better")
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "the import failed")
        _ = try await test.store.resumeRun(run.id, by: .system)
        await supervisor.look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .succeeded && after.attempt == 1)
        #expect(runner.asked == ["start \(run.id)/1"])
        let policy = try await test.store.policy(try #require(after.resultPolicy))
        #expect(policy.name == "refresh-\(run.id)")
        // Named again after the database came from a backup: the files are those of the run.
        let weights = test.data.url.appending(path: policy.path).appending(path: "model.safetensors")
        #expect(try String(contentsOf: weights, encoding: .utf8) == "better")
    }

    @Test func aResultTakesAFreeNameWhereItsOwnIsTaken() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let run = try await test.run()
        // One name is a policy's that somebody added, the next one a folder that the store does not know.
        _ = try await test.store.addPolicy(
            NewPolicy(name: "refresh-\(run.id)", kind: .supervised, path: "policies/other"), by: .system)
        let left = test.data.policy("refresh-\(run.id)-2")
        try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
        try Data("of a lost database".utf8).write(to: left.appending(path: "model.safetensors"))
        await supervisor.look()
        try test.succeed(run, attempt: 1, weights: "better")
        await supervisor.look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .succeeded, "\(after.message ?? "")")
        let policy = try await test.store.policy(try #require(after.resultPolicy))
        #expect(policy.name == "refresh-\(run.id)-3" && policy.path == "policies/refresh-\(run.id)-3")
        #expect(try Digest.folder(test.data.url.appending(path: policy.path)) == policy.sha256)
    }
}

@Suite struct DiskTests {
    @Test func aFileUnderTwoNamesCountsOnce() async throws {
        let test = try await TestData()
        let files = FileManager.default
        let run = test.data.runs.appending(path: "7")
        try files.createDirectory(at: run, withIntermediateDirectories: true)
        let before = try test.data.storage()
        let output = run.appending(path: "model.safetensors")
        try Data(count: 1_000).write(to: output)
        let made = test.data.policy("made")
        try files.createDirectory(at: made, withIntermediateDirectories: true)
        try files.linkItem(at: output, to: made.appending(path: "model.safetensors"))
        let after = try test.data.storage()
        #expect(after.policies - before.policies == 1_000 && after.runs == before.runs)
        #expect(try FolderSize.bytes(of: run) == 1_000)
        try await test.requireRoom(RetentionRule(quotaBytes: after.policies + after.runs + 1))
        await #expect(throws: (any Error).self) {
            try await test.requireRoom(RetentionRule(quotaBytes: after.policies + after.runs))
        }
    }
}
