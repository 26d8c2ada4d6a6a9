import ArgumentParser
import Foundation
import Runs

/// `plumb run-job`: one attempt at a run, in this process. What `plumb serve` starts; by hand it repeats a run.
struct RunJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-job", abstract: "Run one attempt of a run directory to its end.",
        discussion: "Exit status: 0 done, 75 try again, 143 stopped after a checkpoint, 1 failed (see ERROR.json).")

    @Argument(help: "The run directory, which holds input/run.json.", completion: .directory)
    var directory: String
    @Option(help: "Number of a prepared attempt; without it the next one.")
    var attempt: Int?

    func run() async throws {
        let run = RunDirectory(URL(filePath: directory, directoryHint: .isDirectory))
        let stop = StopFlag()
        stop.installSignalHandlers()
        let attempt = attempt
        let exit = try await onOwnThread {
            Job.lowerPriority()
            return RunJob.execute(run, attempt: attempt, stop: stop)
        }
        if exit != .done { throw ExitCode(exit.rawValue) }
    }
}
