import Foundation
import JSON
import Runs
import Testing

@Suite struct MetricsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aLineIsOneObjectWithSortedKeysAndATime() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        try attempt.metrics.write(["step": 2, "loss": 0.5, "accuracy": 0.75])
        let line = try text(run.metricsURL(attempt: 1))
        #expect(line.hasPrefix(#"{"accuracy":0.75,"loss":0.5,"step":2,"time":"#) && line.hasSuffix("}\n"))
    }

    @Test func silenceIsBrokenByAHeartbeat() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run, heartbeatSeconds: 0.02)
        var tail = MetricsTail(run.metricsURL(attempt: 1))
        var lines: [[String: JSONValue]] = []
        for _ in 0..<500 where lines.isEmpty {
            usleep(10_000)
            lines = try tail.readNew()
        }
        #expect(lines.first?["event"] == "heartbeat")
        attempt.close()
    }

    @Test func aReaderSeesWholeLinesOnceAndWaitsForHalfOnes() throws {
        let url = folder.url.appending(path: "metrics.jsonl")
        var tail = MetricsTail(url)
        #expect(try tail.readNew().isEmpty)
        try Data("{\"step\":1}\n{\"st".utf8).write(to: url)
        #expect(try tail.readNew().map { $0["step"] } == [1])
        #expect(try tail.readNew().isEmpty)
        let handle = try FileHandle(forWritingTo: url)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("ep\":2}\nnot json\n{\"step\":3}\n".utf8))
        try handle.close()
        #expect(try tail.readNew().map { $0["step"] } == [2, 3])
        #expect(tail.malformedLines == 1)
        var later = MetricsTail(url, offset: tail.offset)
        #expect(try later.readNew().isEmpty)
    }
}
