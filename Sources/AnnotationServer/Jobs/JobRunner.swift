import Foundation
package import Runs

/// Where jobs run: by default in child processes of this machine, elsewhere whatever a cluster offers. It only starts
/// and stops; how a job fares is read from its run directory.
package protocol JobRunner: Sendable {
    /// Starts an attempt whose folder exists already.
    func start(_ run: RunDirectory, attempt: Int) throws
    /// Asks a running attempt to write a checkpoint and leave. Returns at once.
    func requestStop(_ run: RunDirectory, attempt: Int) throws
}

/// Runs each attempt as `plumb run-job` in a process of its own that outlives the server.
struct ChildProcessRunner: JobRunner {
    func start(_ run: RunDirectory, attempt: Int) throws {
        _ = try ChildProcess.start(
            ["run-job", run.url.path, "--attempt", "\(attempt)"], log: run.logURL(attempt: attempt))
    }

    /// Sends SIGTERM to the process that holds the attempt's lock, also one that an earlier server started.
    func requestStop(_ run: RunDirectory, attempt: Int) throws {
        guard let holder = try run.lockHolder(attempt: attempt) else { return }
        kill(holder, SIGTERM)
    }
}
