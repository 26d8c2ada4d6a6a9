import Foundation
package import Labels
package import Logging
import Runs
import ServiceLifecycle

/// Starts the runs that are recorded, follows them by their files, and brings their results into the store.
///
/// It keeps nothing that a restart would lose: what is to be done is in the store, how it stands is in the run
/// directories. One job runs at a time, because each takes every core of the machine.
package actor RunSupervisor: Service {
    private let store: Store
    private let runner: any JobRunner
    private let preparation: RunPreparation
    private let results: RunResultImport
    private let retention: RetentionRule
    private let data: DataFolder
    private let logger: Logger
    /// Attempts that this process started or saw running, with the time, so that one that is slow to take its lock is not
    /// started twice, and one that ended while no server looked is not taken for a failure of its own.
    private var started: [RunID: (attempt: Int, at: ContinuousClock.Instant)] = [:]
    /// What the looks at a run meet for now, so that it is logged once and not at every look, and since when.
    private var troubles: [RunID: (words: String, since: ContinuousClock.Instant)] = [:]
    /// Runs that were cancelled while they waited for an older attempt, which has yet to leave.
    private var leaving: [RunID: RunDirectory] = [:]

    /// So many attempts in a row whose process died, or that asked for another try, without a new checkpoint are enough.
    private static let endsByThemselves = 4
    /// So many attempts in a row that the machine or the server took down with it before their first checkpoint, which
    /// takes about a minute, are no accident: the run itself brings the machine down.
    private static let endsFromOutside = 20
    private static let pollInterval = Duration.milliseconds(400)
    /// A child that has not taken its lock by then did not come up.
    private static let startUpLimit = Duration.seconds(60)
    /// A run of which nobody could tell for so long whether its job is running is given up.
    private static let troubleLimit = Duration.seconds(600)

    package init(
        store: Store, data: DataFolder, runner: any JobRunner, retention: RetentionRule, logger: Logger
    ) {
        self.store = store
        self.data = data
        self.runner = runner
        self.retention = retention
        self.preparation = RunPreparation(store: store, data: data, logger: logger)
        self.results = RunResultImport(store: store, data: data)
        self.logger = logger
    }

    /// Polls until the service group shuts down. Jobs go on without the server; the next one finds them again.
    package func run() async throws {
        await retention.removeRemains(store, data: data, logger: logger)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.look()
                try? await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    /// One look at every run that has not ended.
    package func look() async {
        do {
            let live = try await store.runs(nil, states: [.queued, .running], limit: 1_000)
                .sorted { $0.id < $1.id }
            for run in live where run.state == .running { await follow(run) }
            leaving = leaving.filter { (try? $0.value.runningAttempt()) ?? nil != nil }
            guard leaving.isEmpty, !live.contains(where: { $0.state == .running }), let next = live.first else {
                return
            }
            await begin(next)
        } catch {
            logger.error("Runs could not be read from the store: \(error)")
        }
    }

    /// Asks a run to write a checkpoint and stop. The request is in the store before the job hears of it, so that nobody
    /// takes its end for an accident.
    package func stop(_ run: RunID, by actor: Actor) async throws {
        let run = try await store.requestStop(run, by: actor)
        // An older attempt that was taken for ended may still run, and the next one wait for it. Newer ones than the store
        // knows are somebody's repetitions by hand.
        let directory = RunDirectory(data.url.appending(path: run.directory))
        do {
            let ours = try olderRunning(run, in: directory)
            guard let attempt = ours ?? (run.isStopping ? run.attempt : nil) else { return }
            try runner.requestStop(try await preparation.directory(of: run), attempt: attempt)
            if run.isOver { leaving[run.id] = directory }
        } catch {
            // The request is recorded, and the next look heeds it.
            logger.warning("Run \(run.id): its job could not be asked to stop yet: \(error)")
        }
    }

    /// The attempt that holds its lock, where the store knows of it.
    private func olderRunning(_ run: RunRecord, in directory: RunDirectory) throws -> Int? {
        try directory.runningAttempt().flatMap { $0 <= run.attempt ? $0 : nil }
    }

    /// Starts the next attempt of a run: its first, or one that goes on from the newest checkpoint. An older attempt's
    /// result that is not in the store yet is brought in instead, and one that still runs is waited for.
    /// - Parameter reason: why it is begun again, for the log.
    private func begin(
        _ run: RunRecord, after start: AttemptStart = AttemptStart(), because reason: String? = nil
    ) async {
        do {
            let directory = try await preparation.directory(of: run)
            if try await results.bringIn(run, from: directory) { return await noteResult(of: run) }
            // It was taken for ended before. Whatever is started beside it leaves at once, and its result is as good.
            if let running = try directory.runningAttempt() {
                return note("Attempt \(running) is still running; the next one waits for its end.", of: run)
            }
            // Preparing takes a while, in which the run may have been cancelled.
            guard let attempt = try await store.startAttempt(run) else { return }
            if let reason { logger.warning("Run \(run.id): \(reason) Starting it again.") }
            do { try launch(run.id, directory, attempt: attempt, after: start) } catch {
                await fail(run, attempt: attempt, "\(error)")
            }
        } catch {
            await fail(run, for: error)
        }
    }

    private func noteResult(of run: RunRecord) async {
        started[run.id] = nil
        troubles[run.id] = nil
        logger.info("Run \(run.id): result imported.")
        await retention.prune(store, data: data, logger: logger)
    }

    private func launch(
        _ run: RunID, _ directory: RunDirectory, attempt: Int, after start: AttemptStart? = nil
    ) throws {
        while try (directory.attempts().last ?? 0) < attempt { _ = try directory.prepareAttempt() }
        if let start { try directory.write(start, attempt: attempt) }
        try runner.start(directory, attempt: attempt)
        started[run] = (attempt, .now)
        troubles[run] = nil
        logger.info("Run \(run): attempt \(attempt) started.")
    }

    private func follow(_ run: RunRecord) async {
        do { try await act(on: run) } catch { await fail(run, for: error) }
    }

    /// Does what the newest attempt's files ask for.
    private func act(on run: RunRecord) async throws {
        let directory = try await preparation.directory(of: run)
        switch try directory.state(attempt: run.attempt) {
        case .running:
            troubles[run.id] = nil
            if started[run.id]?.attempt != run.attempt { started[run.id] = (run.attempt, .now) }
            // A stop that was asked for before the job held its lock reaches it now.
            if run.isStopping { try runner.requestStop(directory, attempt: run.attempt) }
        case .waiting:
            if let start = started[run.id], start.attempt == run.attempt {
                guard start.at.duration(to: .now) > Self.startUpLimit else { return }
                try await retry(run, directory, "The job did not come up within a minute; its log says more.")
            } else if run.isStopping {
                await noteStop(of: run, "Stopped on request, before its job had begun.")
            } else {
                try launch(run.id, directory, attempt: run.attempt)
            }
        case .done:
            try await results.bringIn(run, from: directory)
            await noteResult(of: run)
        case .stopped:
            // Also what a shutdown of the machine does to a job; then nobody asked for it.
            if run.isStopping {
                await noteStop(of: run, "Stopped on request. It can be resumed.")
            } else {
                try await retry(run, directory, "The job was ended from outside.", isOwnEnd: false)
            }
        case .failed:
            let failure = try directory.failure(attempt: run.attempt)
            let message = failure?.message ?? "The job failed without a message."
            if failure?.retry == true, failure?.kind != RunFailure.diskFullKind {
                try await retry(run, directory, message)
            } else {
                await fail(run, attempt: run.attempt, message)
            }
        case .interrupted:
            try await retry(
                run, directory, "The job's process ended without a word (killed, or out of memory).",
                isOwnEnd: started[run.id]?.attempt == run.attempt)
        }
    }

    /// Starts the next attempt, which goes on from the newest checkpoint, or gives up after several without a new one.
    /// - Parameter isOwnEnd: nothing outside ended the attempt: no shutdown of the machine or of the server.
    private func retry(
        _ run: RunRecord, _ directory: RunDirectory, _ reason: String, isOwnEnd: Bool = true
    ) async throws {
        // Beside an older attempt that was taken for ended the newest one leaves at once.
        if let running = try olderRunning(run, in: directory) {
            if run.isStopping { try runner.requestStop(directory, attempt: running) }
            return note("Attempt \(running) is still running; its end is waited for.", of: run)
        }
        if run.isStopping {
            if try await results.bringIn(run, from: directory) { return await noteResult(of: run) }
            return await noteStop(of: run, "Stopped on request. It can be resumed.")
        }
        var next = AttemptStart()
        if try !directory.hasCheckpoint(attempt: run.attempt) {
            next = try directory.start(attempt: run.attempt)
            if isOwnEnd { next.endedByThemselves += 1 } else { next.endedFromOutside += 1 }
        }
        guard next.endedByThemselves < Self.endsByThemselves, next.endedFromOutside < Self.endsFromOutside else {
            let times = isOwnEnd ? next.endedByThemselves : next.endedFromOutside
            let message = "\(reason) It was tried \(times) times in a row without a new checkpoint."
            return await fail(run, attempt: run.attempt, message)
        }
        await begin(run, after: next, because: reason)
    }

    private func noteStop(of run: RunRecord, _ message: String) async {
        troubles[run.id] = nil
        do {
            _ = try await store.finishRun(run.id, attempt: run.attempt, state: .stopped, message: message)
        } catch {
            logger.error("The stop of run \(run.id) could not be recorded: \(error)")
        }
    }

    /// Ends a run for an error, unless its job may be running: beside a job that is taken for ended the next run begins,
    /// and nobody can stop it. What could not be read is read again at the next look.
    private func fail(_ run: RunRecord, for error: any Error) async {
        guard mayBeRunning(run, despite: error) else { return await fail(run, attempt: run.attempt, "\(error)") }
        note("\(error) Its job may be running all the same, so it is left alone and looked at again.", of: run)
    }

    private func mayBeRunning(_ run: RunRecord, despite error: any Error) -> Bool {
        // The job in that folder is another run's.
        if case .foreignAndRunning? = error as? RunPreparation.Problem { return false }
        guard run.attempt > 0 else { return false }
        let directory = RunDirectory(data.url.appending(path: run.directory))
        do {
            switch try directory.lockStanding(attempt: run.attempt) {
            case .held: return true
            case .free: return false
            case .neverTaken:
                // Just started, it has yet to take its lock.
                guard let start = started[run.id], start.attempt == run.attempt else { return false }
                return start.at.duration(to: .now) <= Self.startUpLimit
            }
        } catch {
            // Nobody can tell. A person who wants it stopped need not wait, and nothing waits for ever.
            let isOld = troubles[run.id].map { $0.since.duration(to: .now) > Self.troubleLimit } ?? false
            return !run.isStopping && !isOld
        }
    }

    /// Logs what the looks at a run meet, once for as long as it stays the same.
    private func note(_ trouble: String, of run: RunRecord) {
        let known = troubles[run.id]
        troubles[run.id] = (trouble, known?.since ?? .now)
        guard known?.words != trouble else { return }
        logger.warning("Run \(run.id): \(trouble)")
    }

    private func fail(_ run: RunRecord, attempt: Int, _ message: String) async {
        logger.error("Run \(run.id) failed: \(message)")
        troubles[run.id] = nil
        do {
            _ = try await store.finishRun(run.id, attempt: attempt, state: .failed, message: message)
        } catch {
            logger.error("The failure of run \(run.id) could not be recorded: \(error)")
        }
    }
}
