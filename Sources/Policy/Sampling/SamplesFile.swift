import Foundation
import JSON
import Runs

/// An attempt's samples.jsonl: responses for people to read, an object a line. Pages show them for every kind of run.
final class SamplesFile {
    private let file: FileHandle

    /// Goes on at the end of what is there.
    init(_ attempt: RunAttempt) throws {
        let url = attempt.run.samplesURL(attempt: attempt.number)
        if !FileManager.default.fileExists(atPath: url.path) { try Data().write(to: url) }
        file = try FileHandle(forWritingTo: url)
        try file.seekToEnd()
    }

    deinit { try? file.close() }

    func write(_ lines: [[String: JSONValue]]) throws {
        let encoder = JSONEncoder.sorted()
        for line in lines { try file.write(contentsOf: encoder.encode(line) + Data("\n".utf8)) }
    }
}
