import Foundation

extension RunDirectory {
    /// Where an attempt stands.
    /// - Throws: where its files cannot be looked at just now, which says nothing about its job.
    public func state(attempt: Int) throws(RunError) -> RunState {
        // The lock comes first: a job that ends between the two looks has left its ending file by then.
        let lock = try AttemptLock.probe(attemptURL(attempt))
        if try result(attempt: attempt) != nil { return .done }
        if let failure = try failure(attempt: attempt) {
            return failure.kind == RunFailure.stoppedKind ? .stopped : .failed
        }
        return switch lock {
        case .neverTaken: .waiting
        case .held: .running
        case .free: .interrupted
        }
    }

    /// Where the newest attempt stands; `.waiting` before the first.
    public func state() throws(RunError) -> RunState {
        guard let newest = try attempts().last else { return .waiting }
        return try state(attempt: newest)
    }

    /// RESULT.json of an attempt, once it is there.
    public func result(attempt: Int) throws(RunError) -> RunResult? {
        let file = attemptURL(attempt).appending(path: AttemptFile.result)
        guard try DurableFile.isThere(file) else { return nil }
        return try DurableFile.decode(RunResult.self, at: file)
    }

    /// ERROR.json of an attempt, where it left one.
    public func failure(attempt: Int) throws(RunError) -> RunFailure? {
        let file = attemptURL(attempt).appending(path: AttemptFile.error)
        guard try DurableFile.isThere(file) else { return nil }
        return try DurableFile.decode(RunFailure.self, at: file)
    }

    /// What start.json of an attempt says; where there is none, that nothing went before it.
    public func start(attempt: Int) throws(RunError) -> AttemptStart {
        let file = attemptURL(attempt).appending(path: AttemptFile.start)
        guard DurableFile.exists(file) else { return AttemptStart() }
        return try DurableFile.decode(AttemptStart.self, at: file)
    }

    /// Writes start.json of a prepared attempt.
    public func write(_ start: AttemptStart, attempt: Int) throws {
        try DurableFile.writeJSON(start, to: attemptURL(attempt).appending(path: AttemptFile.start))
    }

    /// Whether an attempt has written a checkpoint that is still there. The newest one of a run always is, until the run
    /// has a result.
    public func hasCheckpoint(attempt: Int) throws -> Bool { try !checkpoints(attempt: attempt).isEmpty }

    /// Bytes of the newest checkpoint of the attempts up to `attempt`; 0 before the first.
    func newestCheckpointBytes(through attempt: Int) throws -> Int64 {
        for number in try attempts().reversed() where number <= attempt {
            if let newest = try checkpoints(attempt: number).last { return try FolderSize.bytes(of: newest.url) }
        }
        return 0
    }

    /// Bytes of all checkpoints of the attempts up to `attempt`.
    func checkpointBytes(through attempt: Int) throws -> Int64 {
        let folders = try attempts().filter { $0 <= attempt }.map {
            attemptURL($0).appending(path: AttemptFile.checkpoints)
        }
        return try FolderSize.bytes(ofEach: folders).reduce(0, +)
    }

    /// Deletes what nobody needs once `attempt` has a result: all checkpoints up to then, and what earlier attempts began
    /// to put out before they were killed.
    public func removeRemains(through attempt: Int) throws {
        try removeCheckpoints(through: attempt)
        for number in try attempts() where try number < attempt && result(attempt: number) == nil {
            DurableFile.removeIfPresent(attemptURL(number).appending(path: AttemptFile.output))
        }
    }

    /// Deletes the checkpoints of the attempts up to `attempt` and what they left half written, except the newest `keep`
    /// checkpoints. A later attempt's are newer whatever their steps, as it begins anew where all older ones are damaged.
    func removeCheckpoints(through attempt: Int, keep: Int = 0) throws {
        var left = keep
        for number in try attempts().reversed() where number <= attempt {
            let folder = attemptURL(number).appending(path: AttemptFile.checkpoints)
            guard DurableFile.exists(folder) else { continue }
            let kept = Set(try checkpoints(attempt: number).suffix(left).map(\.url.lastPathComponent))
            left -= kept.count
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !kept.contains(name) {
                DurableFile.removeIfPresent(folder.appending(path: name))
            }
            if kept.isEmpty { DurableFile.removeIfPresent(folder) }
        }
    }

    /// The whole checkpoint with the highest step among the attempts before `attempt`; damaged ones are passed over.
    public func newestCheckpoint(before attempt: Int) throws -> RunCheckpoint? {
        let found = try attempts().filter { $0 < attempt }.flatMap { try checkpoints(attempt: $0) }
        let newestFirst = found.sorted { ($0.step, $0.attempt) > ($1.step, $1.attempt) }
        return try newestFirst.first { try isWhole($0) }
    }

    /// The checkpoints of one attempt that were written to their end, ascending by step.
    func checkpoints(attempt: Int) throws -> [RunCheckpoint] {
        let folder = attemptURL(attempt).appending(path: AttemptFile.checkpoints)
        guard DurableFile.exists(folder) else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.compactMap { name in
            guard name.hasPrefix(RunCheckpoint.namePrefix),
                let step = Int(name.dropFirst(RunCheckpoint.namePrefix.count))
            else { return nil }
            return RunCheckpoint(attempt: attempt, step: step, url: folder.appending(path: name))
        }.sorted { $0.step < $1.step }
    }

    private func isWhole(_ checkpoint: RunCheckpoint) throws -> Bool {
        let sumsURL = checkpoint.url.appending(path: AttemptFile.sums)
        guard let text = try? String(contentsOf: sumsURL, encoding: .utf8) else { return false }
        return try Digest.sums(of: checkpoint.url, excluding: AttemptFile.sums) == text
    }
}

extension RunCheckpoint {
    static let namePrefix = "step-"
}
