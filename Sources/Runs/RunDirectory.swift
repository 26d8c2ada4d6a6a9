public import Foundation

/// One run directory: an input that is written once, and attempts that are written by their jobs; only their folders,
/// with start.json, are made by whoever starts the jobs.
///
/// ```
/// <run>/input/       run.json, the data files, SHA256SUMS
/// <run>/attempts/N/  start.json, lock, metrics.jsonl, log, checkpoints/, output/, then RESULT.json or ERROR.json
/// ```
public struct RunDirectory: Sendable, Equatable {
    public let url: URL

    public init(_ url: URL) { self.url = url }

    /// The run's id: the name of its folder.
    public var id: String { url.lastPathComponent }
    public var inputURL: URL { url.appending(path: "input") }
    public var attemptsURL: URL { url.appending(path: "attempts") }
    public func attemptURL(_ number: Int) -> URL { attemptsURL.appending(path: "\(number)") }
    public func metricsURL(attempt: Int) -> URL { attemptURL(attempt).appending(path: AttemptFile.metrics) }
    public func logURL(attempt: Int) -> URL { attemptURL(attempt).appending(path: AttemptFile.log) }
    /// Responses that the attempt sampled for people to read, a JSON object a line; only some kinds of run have them.
    public func samplesURL(attempt: Int) -> URL { attemptURL(attempt).appending(path: AttemptFile.samples) }

    /// The numbers of the attempts that have a folder, ascending.
    public func attempts() throws(RunError) -> [Int] {
        guard try DurableFile.isThere(attemptsURL) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: attemptsURL.path).compactMap { Int($0) }.sorted()
        } catch {
            throw .fileSystem(operation: "list", path: attemptsURL.path, reason: error.localizedDescription)
        }
    }

    /// Makes the folder of the next attempt, so that whoever starts the job knows its number and its log.
    public func prepareAttempt() throws(RunError) -> Int {
        try DurableFile.makeFolder(attemptsURL)
        var number = (try attempts().last ?? 0) + 1
        while true {
            let folder = attemptURL(number)
            if unsafe mkdir(folder.path, 0o755) == 0 {
                try OpenFile(attemptsURL, .read).synchronize()
                return number
            }
            guard errno == EEXIST else { throw OpenFile.error("make the folder", folder.path) }
            number += 1
        }
    }

    /// Removes the whole run.
    public func remove() throws {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw RunError.fileSystem(operation: "remove", path: url.path, reason: error.localizedDescription)
        }
    }
}

/// The names inside an attempt's folder.
enum AttemptFile {
    static let start = "start.json"
    static let lock = "lock"
    static let metrics = "metrics.jsonl"
    static let log = "log"
    static let samples = "samples.jsonl"
    static let checkpoints = "checkpoints"
    static let output = "output"
    static let reserve = "reserve"
    static let result = "RESULT.json"
    static let error = "ERROR.json"
    static let sums = "SHA256SUMS"
}
