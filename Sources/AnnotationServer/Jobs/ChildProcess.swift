import Foundation
import Synchronization

/// A child process of this program: `plumb` itself with other arguments.
struct ChildProcess: Sendable {
    let identifier: Int32
    /// Finishes once, with the exit status (128 + the signal's number when a signal ended it).
    let exit: AsyncStream<Int32>

    enum StartError: Error, CustomStringConvertible {
        case failed(arguments: [String], reason: String)

        var description: String {
            switch self {
            case .failed(let arguments, let reason):
                "`plumb \(arguments.joined(separator: " "))` could not be started: \(reason)"
            }
        }
    }

    /// Starts `plumb` with these arguments, in a process group of its own, so that Ctrl-C in the server's terminal does not
    /// reach it.
    /// - Parameters:
    ///   - program: nil for this one.
    ///   - log: where its standard output and error are appended.
    static func start(_ arguments: [String], program: URL? = nil, log: URL) throws -> ChildProcess {
        let process = Process()
        process.executableURL = program ?? ShareFolder.runningProgram
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (exit, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ended in
            let status = ended.terminationStatus
            continuation.yield(ended.terminationReason == .uncaughtSignal ? 128 + status : status)
            continuation.finish()
        }
        do {
            if !FileManager.default.fileExists(atPath: log.path) {
                try Data().write(to: log)
            }
            let output = try FileHandle(forWritingTo: log)
            try output.seekToEnd()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            // The child has its own copy; a failure here must not make it pass for one that never started.
            try? output.close()
        } catch {
            throw StartError.failed(arguments: arguments, reason: "\(error)")
        }
        return ChildProcess(identifier: process.processIdentifier, exit: exit)
    }

    /// Waits for the end. - Returns: the exit status.
    /// - Throws: `CancellationError` where the waiting task is cancelled; the child is ended then.
    func status() async throws -> Int32 {
        for await ended in exit { return ended }
        kill(identifier, SIGTERM)
        throw CancellationError()
    }
}
