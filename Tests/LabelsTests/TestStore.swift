import Foundation
import Labels
import Preferences
import Synchronization

/// A store in a folder of its own, with a clock that stands still until it is moved and repeatable randomness.
final class TestStore: Sendable {
    let folder: URL
    let store: Store
    private let clock = Clock()

    init(seed: UInt64 = 1) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "labels-tests-\(UUID().uuidString)")
        let clock = clock
        store = try Store(
            folder: folder,
            configuration: StoreConfiguration(
                now: { clock.now }, randomBytes: StoreConfiguration.seededBytes(seed), passwordCost: .fastForTests))
    }

    var now: Date { clock.now }
    func pass(seconds: Double) { clock.pass(seconds) }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A project with one supervised policy, current and reference.
    func project(
        named name: String = "p", _ change: (inout ProjectSettings) -> Void = { _ in }
    ) async throws -> (project: ProjectID, policy: PolicyID) {
        var settings = ProjectSettings()
        settings.leaseSeconds = 900
        change(&settings)
        let project = try await store.createProject(name: name, settings: settings, by: .system)
        let policy = try await store.addPolicy(
            NewPolicy(name: "sft of \(name)", kind: .supervised, path: "policies/sft", bytes: 10), by: .system)
        try await store.makeCurrent(policy.id, in: project.id, by: .system)
        return (project.id, policy.id)
    }

    func user(_ name: String, role: Role = .annotator) async throws -> UserID {
        try await store.addUser(name: name, role: role, by: .system).id
    }

    /// Open tasks of one prompt each.
    @discardableResult
    func tasks(_ count: Int, in project: ProjectID, policy: PolicyID?, k: Int = 4, label: String = "prompt")
        async throws
        -> [TaskID]
    {
        _ = try await store.addPrompts(
            project, use: .ranking, (0..<count).map { .text("\(label) \($0)") }, by: .system)
        let prompts = try await store.prompts(project, use: .ranking, limit: 100_000)
            .filter { $0.prompt.plainText.hasPrefix(label + " ") }
        var groups: [NewGroup] = []
        for prompt in prompts.prefix(count) {
            var responses: [NewResponse] = []
            for index in 0..<k {
                let text = "\(prompt.prompt.plainText) answer \(index)"
                responses.append(
                    NewResponse(
                        text: text, tokenIDs: [Int32(index), -7, 70_000], tokenIDsSource: .own, policy: policy,
                        seed: Int64(index) + 5, temperature: 0.7, logProbability: -1.5 * Double(index),
                        finished: index % 2 == 0))
            }
            groups.append(NewGroup(prompt: prompt.id, responses: responses))
        }
        return try await store.enqueue(groups, in: project)
    }

    /// The next task, which must be there.
    func next(_ user: UserID, _ project: ProjectID, besides: [String] = []) async throws -> Assignment {
        switch try await store.nextTask(for: user, in: project, besides: besides) {
        case .task(let assignment): return assignment
        case .nothing(let reason): throw Missing(reason: reason)
        }
    }

    struct Missing: Error {
        let reason: NothingReason
    }
}

final class Clock: Sendable {
    private let date = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
    var now: Date { date.withLock { $0 } }
    func pass(_ seconds: Double) { date.withLock { $0 += seconds } }
}

extension Assignment {
    /// A ranking in the order of the stored responses: by the number at the end of each text.
    func ranked(reversed: Bool = false) throws -> Judgement {
        let ids = responses.sorted { ($0.text < $1.text) != reversed }.map { [$0.id] }
        return .ranking(try Ranking(rows: ids))
    }
}
