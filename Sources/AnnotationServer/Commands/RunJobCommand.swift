import ArgumentParser
import Foundation
import Runs

/// `plumb run-job`: one attempt at a run, in this process. What `plumb serve` starts; by hand it repeats a run.
struct RunJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-job", abstract: "Run one attempt of a run directory to its end.",
        discussion: "Exit status: 0 done, 75 try again, 143 stopped on request, 1 failed (see ERROR.json).")

    @Argument(help: "The run directory, which holds input/run.json.", completion: .directory)
    var directory: String
    @Option(help: "Number of a prepared attempt; without it the next one.")
    var attempt: Int?
    @Option(
        name: .customLong("keep-free-mib"),
        help: "MiB that stay free on the disk, for the labels; the run fails before it takes them.")
    var keepFreeMiB = RetentionRule.reservedForLabels >> 20

    func validate() throws {
        guard (0...1 << 30).contains(keepFreeMiB) else {
            throw ValidationError("--keep-free-mib must be 0 to \(1 << 30), not \(keepFreeMiB).")
        }
    }

    func run() async throws {
        let run = RunDirectory(URL(filePath: directory, directoryHint: .isDirectory))
        let stop = StopFlag()
        stop.installSignalHandlers()
        let (attempt, reserved) = (attempt, keepFreeMiB << 20)
        let exit = try await onOwnThread {
            Job.lowerPriority()
            return RunJob.execute(run, attempt: attempt, stop: stop, reservedBytes: reserved)
        }
        if exit != .done { throw ExitCode(exit.rawValue) }
    }
}
