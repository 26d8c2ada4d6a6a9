import AnnotationServer
import AsyncHTTPClient
import Foundation
import Testing
import Web

/// A real `plumb model-server` over an empty folder, which is all that it takes to answer.
@Suite struct ModelServerSupervisionTests {
    /// The program lies beside the tests.
    private static var program: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "plumb")
    }

    private func supervised(
        _ health: HealthWatch, _ body: (ModelServerSupervisor) async throws -> Void
    ) async throws {
        let data = DataFolder(
            FileManager.default.temporaryDirectory.appending(path: "supervision-\(UUID().uuidString)"))
        try data.create()
        defer { try? FileManager.default.removeItem(at: data.url) }
        let supervisor = ModelServerSupervisor(
            data: data, http: .shared, foreign: nil, program: Self.program, health: health, logger: quiet)
        let running = Task { try await supervisor.run() }
        do { try await body(supervisor) } catch { Issue.record(error) }
        await supervisor.stop()
        try await running.value
        #expect(await supervisor.status.state == .stopped)
    }

    /// The process that answers, once it is another than `before`.
    private func answering(_ supervisor: ModelServerSupervisor, after before: Int32? = nil) async throws -> Int32 {
        for _ in 0..<3_000 {
            if await supervisor.status.state == .ready, let process = await supervisor.processIdentifier,
                process != before
            {
                return process
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        let message = await supervisor.status.message ?? "no message"
        return try #require(nil as Int32?, "no model server answers within a minute: \(message)")
    }

    @Test func aKilledModelServerComesBack() async throws {
        try await supervised(HealthWatch()) { supervisor in
            let first = try await answering(supervisor)
            kill(first, SIGKILL)
            _ = try await answering(supervisor, after: first)
            let status = await supervisor.status
            #expect(status.restarts == 1 && status.address != nil)
        }
    }

    @Test func aHungModelServerIsEndedAndComesBack() async throws {
        var health = HealthWatch()
        (health.interval, health.patience) = (.milliseconds(100), .milliseconds(300))
        try await supervised(health) { supervisor in
            let first = try await answering(supervisor)
            kill(first, SIGSTOP)
            _ = try await answering(supervisor, after: first)
            #expect(await supervisor.status.restarts >= 1)
            #expect(kill(first, 0) != 0, "the hung process is still there")
        }
    }

    @Test func aModelServerThatIsSilentForAMomentIsLeftAlone() async throws {
        var health = HealthWatch()
        (health.interval, health.patience) = (.milliseconds(100), .seconds(3))
        try await supervised(health) { supervisor in
            let first = try await answering(supervisor)
            for _ in 1...2 {
                kill(first, SIGSTOP)
                try await Task.sleep(for: .milliseconds(3_500))
                kill(first, SIGCONT)
                try await Task.sleep(for: .milliseconds(1_000))
            }
            #expect(await supervisor.processIdentifier == first)
            #expect(await supervisor.status.restarts == 0)
        }
    }
}
