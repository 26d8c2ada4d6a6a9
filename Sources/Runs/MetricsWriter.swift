import Dispatch
import Foundation
public import JSON
import Synchronization

/// metrics.jsonl: one JSON object a line with sorted keys, each written in one call.
///
/// A heartbeat line goes out where the job had nothing to say for a while, so that an onlooker can tell a slow step from
/// a dead machine.
public final class MetricsWriter: Sendable {
    private let file: OpenFile
    private let lastWrite: Mutex<ContinuousClock.Instant>
    private let closed = DispatchSemaphore(value: 0)

    init(_ url: URL, heartbeatSeconds: Double) throws(RunError) {
        file = try OpenFile(url, .append)
        lastWrite = Mutex(.now)
        let closed = closed
        let thread = Thread { [weak self] in
            while closed.wait(timeout: .now() + heartbeatSeconds / 4) == .timedOut {
                guard let self else { return }
                self.beat(after: heartbeatSeconds)
            }
        }
        thread.name = "heartbeat"
        thread.start()
    }

    deinit { closed.signal() }

    /// Adds a line; `time` (seconds since 1970) is put in.
    /// - Throws: `RunError.diskFull`, `.fileSystem`.
    public func write(_ line: [String: JSONValue]) throws {
        let data = try encoded(line)
        try lastWrite.withLock { last throws(RunError) in
            last = .now
            try file.write(data)
        }
    }

    private func beat(after seconds: Double) {
        guard let data = try? encoded(["event": "heartbeat"]) else { return }
        lastWrite.withLock { last in
            guard ContinuousClock.now - last >= .seconds(seconds) else { return }
            last = .now
            // A full disk is met, and reported, by the job's own next line.
            try? file.write(data)
        }
    }

    private func encoded(_ line: [String: JSONValue]) throws -> Data {
        var line = line
        line["time"] = .number((Date().timeIntervalSince1970 * 1000).rounded() / 1000)
        var data = try JSONEncoder.sorted().encode(line)
        data.append(UInt8(ascii: "\n"))
        return data
    }
}
