import Foundation
import JSON
import Labels
import Runs
import Web

extension LiveServerOperations {
    func runStatus(_ run: RunID) async throws -> RunStatus {
        try await translated { try await self.status(of: self.store.run(run)) }
    }

    func metricsHistory(_ run: RunID) async throws -> [MetricsLine] {
        try await translated {
            var reader = RunMetricsReader(try await self.directory(of: run))
            return try reader.readNew()
        }
    }

    func runLog(_ run: RunID, lines: Int) async throws -> [String] {
        try await translated {
            let directory = try await self.directory(of: run)
            guard let attempt = try directory.attempts().last,
                let text = try? String(contentsOf: directory.logURL(attempt: attempt), encoding: .utf8)
            else { return [] }
            return text.split(separator: "\n").suffix(lines).map(String.init)
        }
    }

    func runSamples(_ run: RunID) async throws -> [RunSample] {
        try await translated { try RunSamplesReader(try await self.directory(of: run)).samples() }
    }

    func runEvents(_ run: RunID, fromMetricsIndex: Int) async throws -> AsyncStream<RunEvent> {
        let record = try await translated { try await self.store.run(run) }
        let directory = RunDirectory(data.url.appending(path: record.directory, directoryHint: .isDirectory))
        let first = try await translated { try await self.status(of: record) }
        let (stream, continuation) = AsyncStream.makeStream(
            of: RunEvent.self, bufferingPolicy: .bufferingNewest(10_000))
        let follower = Task {
            var reader = RunMetricsReader(directory)
            var shown = first
            continuation.yield(.status(first))
            while !Task.isCancelled {
                for line in (try? reader.readNew()) ?? [] where line.index >= fromMetricsIndex {
                    continuation.yield(.metrics(line))
                }
                if shown.hasEnded { break }
                try? await Task.sleep(for: Self.watchInterval)
                guard let now = try? await self.runStatus(run) else { continue }
                if now != shown {
                    // What the job wrote before it ended is shown before the ending.
                    for line in (try? reader.readNew()) ?? [] where line.index >= fromMetricsIndex {
                        continuation.yield(.metrics(line))
                    }
                    continuation.yield(.status(now))
                    shown = now
                }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in follower.cancel() }
        return stream
    }

    private static let watchInterval = Duration.milliseconds(500)

    private func directory(of run: RunID) async throws -> RunDirectory {
        RunDirectory(data.url.appending(path: try await store.run(run).directory, directoryHint: .isDirectory))
    }

    /// The store's record with what the run directory adds.
    private func status(of record: RunRecord) async throws -> RunStatus {
        let directory = RunDirectory(data.url.appending(path: record.directory, directoryHint: .isDirectory))
        return RunStatus(
            run: record.id, state: record.state, isStopping: record.isStopping, attempt: record.attempt,
            progress: record.state == .succeeded ? 1 : RunMetricsReader.progress(of: directory),
            message: record.message)
    }
}

/// Reads the metrics of all attempts of a run, in order, as they are written.
struct RunMetricsReader {
    private let run: RunDirectory
    private var tails: [(attempt: Int, tail: MetricsTail)] = []
    private var nextIndex = 0

    init(_ run: RunDirectory) { self.run = run }

    /// The lines since the last call. Heartbeats, which say nothing, are left out.
    mutating func readNew() throws -> [MetricsLine] {
        for attempt in (try? run.attempts()) ?? [] where !tails.contains(where: { $0.attempt == attempt }) {
            tails.append((attempt, MetricsTail(run.metricsURL(attempt: attempt))))
        }
        var lines: [MetricsLine] = []
        for index in tails.indices {
            guard FileManager.default.fileExists(atPath: run.metricsURL(attempt: tails[index].attempt).path) else {
                continue
            }
            for values in try tails[index].tail.readNew() where values["event"] != "heartbeat" {
                lines.append(MetricsLine(index: nextIndex, attempt: tails[index].attempt, values: .object(values)))
                nextIndex += 1
            }
        }
        return lines
    }

    /// The share of the work that is done, from the newest line that tells `step` and `steps`. An attempt that goes on after
    /// the last step writes none, so older ones are asked too.
    static func progress(of run: RunDirectory) -> Double? {
        for attempt in ((try? run.attempts()) ?? []).reversed() {
            var tail = MetricsTail(run.metricsURL(attempt: attempt))
            let lines = (try? tail.readNew()) ?? []
            for line in lines.reversed() {
                if let step = line["step"]?.doubleValue, let steps = line["steps"]?.doubleValue, steps > 0 {
                    return min(1, step / steps)
                }
            }
        }
        return nil
    }
}

/// Reads what the attempts of a run sampled for people to read.
struct RunSamplesReader {
    private let run: RunDirectory

    init(_ run: RunDirectory) { self.run = run }

    /// Where a newer attempt sampled again what an older one had, the newer one's sample stands.
    func samples() throws -> [RunSample] {
        var samples: [RunSample] = []
        var places: [String: Int] = [:]
        for attempt in (try? run.attempts()) ?? [] {
            let file = run.samplesURL(attempt: attempt)
            guard let data = try? Data(contentsOf: file) else { continue }
            // A line that is being written is read the next time.
            for line in data.prefix(through: data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex)
                .split(separator: UInt8(ascii: "\n"))
            {
                guard let sample = try? JSONDecoder().decode(RunSample.self, from: Data(line)) else { continue }
                let key = "\(sample.phase ?? "") \(sample.step) \(sample.promptID)"
                if let place = places[key] {
                    samples[place] = sample
                } else {
                    places[key] = samples.count
                    samples.append(sample)
                }
            }
        }
        return samples
    }
}
