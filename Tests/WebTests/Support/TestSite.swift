import Foundation
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Synchronization
import Web

/// A whole web site in a temporary folder: a store with one project, ready tasks, and all routes.
struct TestSite: Sendable {
    let folder: URL
    let store: Store
    let project: Project
    let policy: Policy
    let clock: TestClock
    let services: WebServices

    static let password = "correct horse battery"

    /// - Parameters:
    ///   - tasks: how many tasks wait.
    ///   - responses: K of each of them.
    ///   - text: what response `k` of task `n` says.
    static func make(
        mode: TaskMode = .ranking, tasks: Int = 2, responses: Int = 4, overlap: Int = 1, publicURL: String? = nil,
        maximumFormBytes: Int = 2 << 20, operations: any ServerOperations = NoOperations(),
        randomBytes: @escaping @Sendable (_ count: Int) -> [UInt8] = StoreConfiguration.systemBytes,
        settings: ProjectSettings = ProjectSettings(),
        text: (_ task: Int, _ response: Int) -> String = { "Text \($1) of task \($0)" }
    ) async throws -> TestSite {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plumb-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let clock = TestClock()
        let configuration = StoreConfiguration(
            now: { clock.now }, randomBytes: randomBytes, passwordCost: .fastForTests)
        let store = try Store(folder: folder, configuration: configuration)
        var settings = settings
        settings.mode = mode
        settings.overlap = overlap
        settings.responseCount = .fixed(responses)
        settings.instructions = "Rank by what helps the person who asked."
        let project = try await store.createProject(name: "Letters", settings: settings, by: .system)
        let policy = try await store.addPolicy(
            NewPolicy(name: "secret-policy-name", kind: .supervised, path: "policies/secret-policy-name", sha256: nil),
            by: .system)
        _ = try await store.makeCurrent(policy.id, in: project.id, by: .system)
        _ = try await store.addPrompts(
            project.id, use: .ranking, (0..<max(1, tasks)).map { .text("Prompt number \($0)") }, by: .system)
        let prompts = try await store.prompts(project.id, use: .ranking)
        let groups = prompts.prefix(tasks).enumerated().map { task, prompt in
            NewGroup(
                prompt: prompt.id,
                responses: (0..<responses).map { index in
                    NewResponse(
                        text: text(task, index), policy: policy.id, seed: 777_000_123 + Int64(index),
                        temperature: 0.8125, logProbability: -43.4375, finished: true)
                })
        }
        if !groups.isEmpty { _ = try await store.enqueue(groups, in: project.id) }
        let services = try WebServices(
            store: store, operations: operations,
            settings: WebSettings(
                staticFolder: Self.staticFolder, publicURL: publicURL, maximumFormBytes: maximumFormBytes))
        return TestSite(
            folder: folder, store: store, project: project, policy: policy, clock: clock, services: services)
    }

    /// The default settings with a change.
    static func settings(_ change: (inout ProjectSettings) -> Void) -> ProjectSettings {
        var settings = ProjectSettings()
        change(&settings)
        return settings
    }

    /// `static/` of the source tree.
    private static var staticFolder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("static")
    }

    /// Runs `body` with a client of the router, and removes the folder afterwards.
    func run<Value: Sendable>(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Value) async throws
        -> Value
    {
        let app = Application(router: WebApplication.router(services))
        let value = try await app.test(.router) { try await body($0) }
        try store.close()
        try FileManager.default.removeItem(at: folder)
        return value
    }

    /// A new person with an open session.
    func browser(
        _ client: any TestClientProtocol, name: String = "Ada", role: Role = .annotator
    ) async throws -> Browser {
        let user = try await store.addUser(name: name, role: role, password: Self.password, by: .system)
        var browser = Browser(client)
        browser.cookies["plumb_session"] = try await store.startSession(user.id)
        browser.user = user
        return browser
    }

    var nextTask: String { Path.nextTask(project.id.description) }
}

/// A clock that tests move.
final class TestClock: Sendable {
    private let seconds = Atomic<Int>(1_770_000_000)

    var now: Date { Date(timeIntervalSince1970: TimeInterval(seconds.load(ordering: .relaxed))) }
    func advance(seconds amount: Int) { seconds.add(amount, ordering: .relaxed) }
}
