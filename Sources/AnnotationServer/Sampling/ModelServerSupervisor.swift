package import AsyncHTTPClient
package import Foundation
package import Logging
import ServiceLifecycle
package import Web

/// How closely a child process is watched.
package struct HealthWatch: Sendable {
    /// From its start to its first answer.
    package var startUpLimit = Duration.seconds(120)
    /// Between two looks.
    package var interval = Duration.seconds(10)
    /// How long an answer may take.
    package var patience = Duration.seconds(5)
    /// Looks in a row without an answer, after which it hangs.
    package var misses = 3

    package init() {}
}

/// Keeps one `plumb model-server` child alive: starts it, waits until it answers, starts it again when it dies or answers
/// no more. Where the lead names another OpenAI-compatible server, it only watches that one.
package actor ModelServerSupervisor: Service {
    private let data: DataFolder
    private let http: HTTPClient
    private let foreign: String?
    private let key: String?
    private let program: URL?
    private let health: HealthWatch
    private let options: ModelServerOptions
    private let logger: Logger
    private var state: ModelServerStatus.State = .stopped
    private var address: String?
    private var restarts = 0
    private var message: String?
    private var child: ChildProcess?
    /// The child that hung and was ended for it.
    private var hung: Int32?

    /// Seconds before the next start, by how often the child died in a row.
    private static let pauses: [Double] = [0.2, 1, 2, 5, 10]

    /// - Parameters:
    ///   - foreign: address of a server that stands in the place of our own.
    ///   - key: the bearer token that it wants.
    ///   - options: how our own is started.
    ///   - program: the `plumb` to start; nil for this one.
    package init(
        data: DataFolder, http: HTTPClient, foreign: String?, key: String? = nil,
        options: ModelServerOptions = ModelServerOptions(), program: URL? = nil,
        health: HealthWatch = HealthWatch(), logger: Logger
    ) {
        self.data = data
        self.http = http
        self.foreign = foreign
        self.key = key
        self.program = program
        self.health = health
        self.options = options
        self.logger = logger
    }

    /// The client to sample with, or nil while the process is not ready.
    var client: CompletionClient? {
        guard state == .ready, let address else { return nil }
        return CompletionClient(address: address, http: http, key: key(of: address))
    }

    /// The bearer token of the server at an address; no other server is told it.
    func key(of address: String) -> String? { address == foreign ? key : nil }

    /// The number of our child's process while there is one.
    package var processIdentifier: Int32? { child?.identifier }

    package var status: ModelServerStatus {
        get async {
            var loaded: [String] = []
            if let client { loaded = (try? await client.models().map(\.id).sorted()) ?? [] }
            return ModelServerStatus(
                state: state, address: address, loadedPolicies: loaded, restarts: restarts, message: message)
        }
    }

    /// Runs until the service group shuts down; then ends the child.
    package func run() async throws {
        await withGracefulShutdownHandler {
            if let foreign { await watch(foreign) } else { await supervise() }
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
    }

    private var stopping = false

    package func stop() {
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
        let answers = (try? await CompletionClient(address: foreign, http: http, key: key).models()) != nil
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
            options.command(policies: data.policies, announcement: announcement, parent: getpid()),
            program: program, log: data.url.appending(path: "model-server.log"))
        self.child = child
        let watch = Task { await self.watch(child, announcement: announcement) }
        defer { watch.cancel() }
        for await status in child.exit where status != 0 && !stopping {
            let end = child.identifier == hung ? "hung and was ended" : "ended with status \(status)"
            message = "The model server \(end); its log is model-server.log in the data folder."
        }
    }

    /// Waits until the child answers, looks at it from time to time, and ends it where it answers no more. While it is busy
    /// it answers all the same.
    private func watch(_ child: ChildProcess, announcement: URL) async {
        var misses = 0
        if await becomeReady(announcement: announcement), let address {
            // Connections of its own: where all others wait for responses, the server would seem to hang.
            let client = CompletionClient(address: address, http: .shared)
            while misses < health.misses {
                try? await Task.sleep(for: health.interval)
                if Task.isCancelled { return }
                misses = await client.isHealthy(within: health.patience) ? 0 : misses + 1
            }
        }
        guard !Task.isCancelled else { return }
        logger.error("The model server (process \(child.identifier)) does not answer; it is ended and started again.")
        hung = child.identifier
        kill(child.identifier, SIGKILL)
    }

    /// Waits for the child's address and its first healthy answer.
    /// - Returns: false where none came in time.
    private func becomeReady(announcement: URL) async -> Bool {
        let started = ContinuousClock.now
        while !Task.isCancelled, started.duration(to: .now) < health.startUpLimit {
            if let text = try? String(contentsOf: announcement, encoding: .utf8), text.hasSuffix("\n") {
                let candidate = text.trimmingCharacters(in: .whitespacesAndNewlines)
                if await CompletionClient(address: candidate, http: http).isHealthy(), !Task.isCancelled {
                    address = candidate
                    state = .ready
                    message = nil
                    logger.info("The model server answers at \(candidate).")
                    return true
                }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}
