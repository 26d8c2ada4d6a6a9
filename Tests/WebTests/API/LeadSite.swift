import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import Logging
import NIOCore
import Preferences
import Web

/// A whole site in a temporary folder: a lead, an annotator, a project with a current policy, prompts and tasks.
struct LeadSite: Sendable {
    let folder: URL
    let store: Store
    let operations: ScriptedOperations
    let lead: User
    let annotator: User
    let leadToken: String
    let annotatorToken: String
    let project: Project
    let policy: Policy

    init(settings: ProjectSettings = ProjectSettings()) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "plumb-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try Store(folder: folder, configuration: StoreConfiguration(passwordCost: .fastForTests))
        operations = ScriptedOperations(store: store)
        lead = try await store.addUser(name: "Lea", role: .lead, by: .system)
        annotator = try await store.addUser(name: "Ann", role: .annotator, by: .system)
        leadToken = try await store.createAPIToken(for: lead.id, label: "test", role: .lead, by: .system).secret
        annotatorToken = try await store.createAPIToken(
            for: annotator.id, label: "test", role: .annotator, by: .system
        ).secret
        let made = try await store.createProject(name: "Stories <1>", settings: settings, by: .system)
        policy = try await store.addPolicy(
            NewPolicy(name: "supervised", kind: .supervised, path: "policies/supervised", sha256: nil), by: .system)
        _ = try await store.makeCurrent(policy.id, in: made.id, by: .system)
        try await store.setReference(policy.id, in: made.id, by: .system)
        project = try await store.project(made.id)
    }

    /// Adds prompts for ranking with a task of four responses each (two for a comparison).
    func addTasks(_ count: Int) async throws {
        _ = try await store.addPrompts(
            project.id, use: .ranking, (0..<count).map { Prompt.text("Tell a story about a fox, number \($0).") },
            by: .system)
        let prompts = try await store.prompts(project.id, use: .ranking, after: nil, limit: 1000).suffix(count)
        let size = project.settings.responseCount.smallest
        let groups = prompts.map { prompt in
            NewGroup(
                prompt: prompt.id,
                responses: (0..<size).map {
                    NewResponse(
                        text: "Story \($0) of \(prompt.id)", policy: policy.id, seed: Int64($0), temperature: 0.8125)
                })
        }
        _ = try await store.enqueue(groups, in: project.id, by: .system)
    }

    /// The person leases the next task and ranks it in the order of display.
    @discardableResult
    func label(as user: User) async throws -> Submission {
        guard case .task(let task) = try await store.nextTask(for: user.id, in: project.id) else {
            throw TestProblem("there is no task to label")
        }
        let ids = task.responses.map(\.id)
        let judgement: Judgement =
            task.mode == .ranking
            ? .ranking(try Ranking(rows: ids.map { [$0] }))
            : .comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .better))
        return try await store.submit(judgement, token: task.token, user: user.id)
    }

    /// A task, its label, and the finished run that made the reward model `rm-1` of them.
    @discardableResult
    func addRewardModel(metrics: [String: Double]) async throws -> RunID {
        try await addTasks(1)
        try await label(as: annotator)
        return try await trainRewardModel("rm-1", metrics: metrics)
    }

    /// The finished run that made a reward model of the labels so far.
    @discardableResult
    func trainRewardModel(
        _ name: String, settings: [String: String] = [:], metrics: [String: Double] = [:]
    ) async throws -> RunID {
        let run = try await operations.startRewardModelRun(
            RewardModelRunRequest(project: project.id, settings: settings, user: lead.id))
        _ = try await store.importResult(
            run, attempt: 1,
            .rewardModel(
                NewRewardModel(
                    name: name, path: "reward-models/\(name)", sha256: String(repeating: "a", count: 64), parents: [],
                    metrics: metrics, bytes: 10)))
        return run
    }

    func router() throws -> Router<PlumbContext> {
        let services = try WebServices(
            store: store, operations: operations,
            settings: WebSettings(staticFolder: Self.root.appending(path: "static"), publicURL: nil))
        return WebApplication.router(services)
    }

    /// Runs `body` against a server on a port of its own.
    @discardableResult
    func live<Value: Sendable>(
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "web tests")
        logger.logLevel = .critical
        let application = Application(
            router: try router(), configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: logger)
        return try await application.test(.live) { try await body($0) }
    }

    /// A browser in which somebody is signed in.
    func browser(_ client: any TestClientProtocol, as user: User) async throws -> Browser {
        var browser = Browser(client)
        browser.cookies["plumb_session"] = try await store.startSession(user.id)
        browser.user = user
        return browser
    }

    /// The folder of Package.swift.
    static var root: URL {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path), folder.path != "/"
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }

    func remove() throws {
        try store.close()
        try FileManager.default.removeItem(at: folder)
    }
}

struct TestProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
