import AnnotationServer
import Foundation
import Labels
import Testing

/// Policies from outside on their way into a data folder.
@Suite struct IncomingPoliciesTests {
    private typealias Problem = IncomingPolicies.Problem

    @Test(arguments: ["../runs/1", ".hidden", "a/b", "", "größer", "two words", "-x"])
    func aNameThatCouldBeNoFolderIsRefused(name: String) {
        #expect(throws: Problem.name(name)) { try IncomingPolicies.check(name: name) }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"), ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://models.example/v1", "https://models.example"), ("https://a.example/x/v1/", "https://a.example/x"),
    ])
    func anAddressIsTakenWithoutTheEndThatRequestsAdd(given: String, kept: String) throws {
        let policy = try IncomingPolicies.foreign("other", server: given)
        #expect(policy.kind == .foreign && policy.path == kept && policy.sha256 == nil)
    }

    @Test(arguments: [
        "ftp://a.example", "a.example:8000", "http://", "http:///x", "http://user:secret@a.example",
        "http://a.example/?x=", "http://a.example/#x", "",
    ])
    func whatIsNoAddressOfAServerIsRefused(address: String) {
        #expect(throws: Problem.address(address)) { try IncomingPolicies.foreign("other", server: address) }
    }

    /// A data folder, and beside it a folder that looks like a model's.
    private func folders() throws -> (IncomingPolicies, source: URL, root: URL) {
        let root = FileManager.default.temporaryDirectory.appending(path: "incoming-\(UUID().uuidString)")
        let data = DataFolder(root.appending(path: "data"))
        try data.create()
        let source = root.appending(path: "source", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            try Data("{}".utf8).write(to: source.appending(path: name))
        }
        return (IncomingPolicies(data: data), source, root)
    }

    @Test func aCopyHasItsNameOnlyOnceItIsWholeAndIsListedUntilItIsAPolicy() async throws {
        let (incoming, source, root) = try folders()
        defer { try? FileManager.default.removeItem(at: root) }
        let copy = try incoming.copy(source, for: "mine")
        #expect(try incoming.folders(besides: []).isEmpty, "half a copy is nobody's to add")
        let policy = try await incoming.enter(copy, as: "mine", kind: .base, isTriedOut: false)
        #expect(policy.kind == .base && policy.path == "policies/mine" && policy.bytes == 6)
        #expect(policy.sha256?.count == 64 && !FileManager.default.fileExists(atPath: copy.path))
        #expect(try incoming.folders(besides: []) == ["mine"])
        #expect(throws: Problem.isThere(path: incoming.data.policy("mine").path)) {
            try incoming.copy(source, for: "mine")
        }
        let store = try Store(folder: incoming.data.url)
        defer { try? store.close() }
        let added = try await store.addPolicy(policy, by: .commandLine)
        #expect(try incoming.folders(besides: [added]).isEmpty)
    }

    /// As an import leaves it that was broken off after the folder had its place.
    @Test func theResultOfARunIsNobodysToAddBeforeItIsInTheStore() async throws {
        let test = try await TestData()
        let supervisor = test.supervisor(RecordingRunner())
        let run = try await test.run()
        await supervisor.look()
        let (_, source, root) = try folders()
        defer { try? FileManager.default.removeItem(at: root) }
        let beside = IncomingPolicies(data: test.data)
        let name = "refresh-\(run.id)"
        for folder in [name, "supervised-\(run.id)", "refresh-900"] {
            try FileManager.default.copyItem(at: source, to: test.data.policy(folder))
        }
        #expect(try await beside.folders(in: test.store).contains(name), "a run without a result made no folder")
        try await beside.requireNoResult(name, in: test.store)

        try test.succeed(run, attempt: 1, weights: "better")
        #expect(try await beside.folders(in: test.store) == ["refresh-900", "supervised-\(run.id)"])
        for folder in ["refresh-900", "supervised-\(run.id)", "mine"] {
            try await beside.requireNoResult(folder, in: test.store)
        }
        for folder in [name, "\(name)-2"] {
            let problem = Problem.ofRun(path: test.data.policy(folder).path, run: run.id.description)
            await #expect(throws: problem) { try await beside.requireNoResult(folder, in: test.store) }
        }

        await supervisor.look()
        #expect(try await test.store.run(run.id).state == .succeeded)
        try await beside.requireNoResult(name, in: test.store)
    }

    @Test func whatIsNoModelIsNeitherListedNorEntered() async throws {
        let (incoming, source, root) = try folders()
        defer { try? FileManager.default.removeItem(at: root) }
        let place = incoming.data.policy("mine")
        try FileManager.default.copyItem(at: source, to: place)
        try FileManager.default.removeItem(at: place.appending(path: "tokenizer.json"))
        #expect(try incoming.folders(besides: []).isEmpty)
        await #expect(throws: Problem.noFolder(path: place.path)) {
            try await incoming.enter(place, as: "mine", kind: .supervised, isTriedOut: false)
        }
    }

    @Test func oneIsTriedOutAtATime() async throws {
        let tryOuts = PolicyTryOuts()
        let (began, beginning) = AsyncStream.makeStream(of: Void.self)
        let (goes, going) = AsyncStream.makeStream(of: Void.self)
        async let first = tryOuts.alone {
            beginning.finish()
            for await _ in goes {}
            return 1
        }
        for await _ in began {}
        await #expect(throws: Problem.busy) { try await tryOuts.alone { 2 } }
        going.finish()
        #expect(try await first == 1)
        #expect(try await tryOuts.alone { 3 } == 3)
    }
}
