import AsyncHTTPClient
import Foundation
import Logging
import ServiceLifecycle
import Web

/// Keeps one `plumb model-server` child alive: starts it, waits until it answers, starts it again when it dies. Where
/// the lead names another OpenAI-compatible server, it only watches that one.
actor ModelServerSupervisor: Service {
    private let data: DataFolder
    private let http: HTTPClient
    private let foreign: String?
    private let logger: Logger
    private var state: ModelServerStatus.State = .stopped
    private var address: String?
    private var restarts = 0
    private var message: String?
    private var child: ChildProcess?

    /// Seconds before the next start, by how often the child died in a row.
    private static let pauses: [Double] = [0.2, 1, 2, 5, 10]

    /// - Parameter foreign: address of a server that stands in the place of our own.
    init(data: DataFolder, http: HTTPClient, foreign: String?, logger: Logger) {
        self.data = data
        self.http = http
        self.foreign = foreign
        self.logger = logger
    }

    /// The client to sample with, or nil while the process is not ready.
    var client: CompletionClient? {
        guard state == .ready, let address else { return nil }
        return CompletionClient(address: address, http: http)
    }

    var status: ModelServerStatus {
        get async {
            var loaded: [String] = []
            if let client { loaded = (try? await client.models().map(\.id).sorted()) ?? [] }
            return ModelServerStatus(
                state: state, address: address, loadedPolicies: loaded, restarts: restarts, message: message)
        }
    }

    /// Runs until the service group shuts down; then ends the child.
    func run() async throws {
        await withGracefulShutdownHandler {
            if let foreign { await watch(foreign) } else { await supervise() }
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
    }

    private var stopping = false

    private func stop() {
        stopping = true
        if let child { kill(child.identifier, SIGTERM) }
    }

    /// Says whether a server that is not ours answers.
    private func watch(_ foreign: String) async {
        address = foreign
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled { await self.look(at: foreign) }
        }
        state = .stopped
    }

    private func look(at foreign: String) async {
        let answers = (try? await CompletionClient(address: foreign, http: http).models()) != nil
        state = answers ? .ready : .starting
        message = answers ? nil : "The model server at \(foreign) does not answer."
        try? await Task.sleep(for: .seconds(answers ? 15 : 2))
    }

    private func supervise() async {
        var failures = 0
        while !stopping && !Task.isCancelled {
            let started = ContinuousClock.now
            state = restarts == 0 ? .starting : .restarting
            do { try await runOnce() } catch {
                message = "\(error)"
                logger.error("The model server did not start: \(error)")
            }
            child = nil
            address = nil
            guard !stopping && !Task.isCancelled else { break }
            failures = started.duration(to: .now) > .seconds(60) ? 0 : failures + 1
            restarts += 1
            state = .restarting
            let pause = Self.pauses[min(failures, Self.pauses.count - 1)]
            logger.warning("The model server ended; starting it again in \(pause) s.")
            try? await Task.sleep(for: .seconds(pause))
        }
        state = .stopped
    }

    /// One life of the child, from its start to its end.
    private func runOnce() async throws {
        let announcement = data.url.appending(path: "model-server.address")
        try? FileManager.default.removeItem(at: announcement)
        let child = try ChildProcess.start(
            [
                "model-server", "--policies", data.policies.path, "--port", "0",
                "--announce", announcement.path, "--parent", "\(getpid())",
            ], log: data.url.appending(path: "model-server.log"))
        self.child = child
        let watch = Task { await self.becomeReady(announcement: announcement) }
        defer { watch.cancel() }
        for await status in child.exit where status != 0 && !stopping {
            message = "The model server ended with status \(status); its log is model-server.log in the data folder."
        }
    }

    /// Waits for the child's address and its first healthy answer.
    private func becomeReady(announcement: URL) async {
        while !Task.isCancelled {
            if let text = try? String(contentsOf: announcement, encoding: .utf8), text.hasSuffix("\n") {
                let candidate = text.trimmingCharacters(in: .whitespacesAndNewlines)
                if await CompletionClient(address: candidate, http: http).isHealthy(), !Task.isCancelled {
                    address = candidate
                    state = .ready
                    message = nil
                    logger.info("The model server answers at \(candidate).")
                    return
                }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
