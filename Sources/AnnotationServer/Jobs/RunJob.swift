import Foundation
import Policy
import RewardModel
package import Runs

/// What each kind of run does inside its child process.
package enum RunJob {
    /// Runs one attempt to its end. Blocking and compute-heavy: call it from a thread of its own.
    /// - Parameter reservedBytes: what must stay free on the disk.
    package static func execute(
        _ run: RunDirectory, attempt: Int?, stop: StopFlag, reservedBytes: Int64 = 0
    ) -> RunExit {
        Job.execute(run, attempt: attempt, stop: stop, reservedBytes: reservedBytes) { attempt in
            let kind = attempt.specification.kind
            if kind == RewardModelJob.kind { return try RewardModelJob.run(attempt) }
            if PolicyJobs.kinds.contains(kind) { return try PolicyJobs.run(attempt) }
            let known = ([RewardModelJob.kind] + PolicyJobs.kinds).sorted().joined(separator: ", ")
            throw JobFailure(
                kind: "bad-input", message: "input/run.json: kind '\(kind)' is not one of \(known).", retry: false)
        }
    }
}
