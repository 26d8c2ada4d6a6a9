import Foundation

extension RunDirectory {
    /// Where an attempt stands.
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
        guard DurableFile.exists(file) else { return nil }
        return try DurableFile.decode(RunResult.self, at: file)
    }

    /// ERROR.json of an attempt, where it left one.
    public func failure(attempt: Int) throws(RunError) -> RunFailure? {
        let file = attemptURL(attempt).appending(path: AttemptFile.error)
        guard DurableFile.exists(file) else { return nil }
        return try DurableFile.decode(RunFailure.self, at: file)
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
