import GRDB
import Synchronization

/// Lets writes share a transaction, and so one sync of the disk: those that arrive while a transaction is being written
/// go into the next one together.
///
/// Each write returns after the commit that holds it is on disk. Each runs in a savepoint of its own, so one that throws
/// takes back its own changes alone. Where the transaction as a whole fails, every write of it is tried once more by
/// itself, so that only those that cannot be written are refused.
final class GroupCommit: Sendable {
    private struct Queue {
        var waiting: [any QueuedWrite] = []
        /// A commit is under way or was asked for; it takes up what is waiting.
        var isAtWork = false
    }

    private let pool: DatabasePool
    private let queue = Mutex(Queue())

    init(pool: DatabasePool) { self.pool = pool }

    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let write = Write(body: body, continuation: continuation)
            let isFirst = queue.withLock { queue in
                queue.waiting.append(write)
                defer { queue.isAtWork = true }
                return !queue.isAtWork
            }
            if isFirst { askForCommit() }
        }
    }

    /// One batch at a time, so that other users of the one writer have their turn between two.
    private func askForCommit() {
        pool.asyncWriteWithoutTransaction { [self] db in
            commit(takeWaiting(), db)
            if hasMore() { askForCommit() }
        }
    }

    private func takeWaiting() -> [any QueuedWrite] {
        queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }

    private func hasMore() -> Bool {
        queue.withLock { queue in
            queue.isAtWork = !queue.waiting.isEmpty
            return queue.isAtWork
        }
    }

    private func commit(_ batch: [any QueuedWrite], _ db: Database) {
        if batch.count == 1 { return commitAlone(batch[0], db) }
        do {
            try db.beginTransaction(.immediate)
            for write in batch {
                do {
                    try db.inSavepoint {
                        try write.run(db)
                        return .commit
                    }
                } catch {
                    // Its own failure, kept by the write; but some failures of the disk end the whole transaction.
                    if !db.isInsideTransaction { throw error }
                }
            }
            try db.commit()
            for write in batch { write.acknowledge(failure: nil) }
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            for write in batch { commitAlone(write, db) }
        }
    }

    private func commitAlone(_ write: any QueuedWrite, _ db: Database) {
        do {
            try db.inTransaction(.immediate) {
                try write.run(db)
                return .commit
            }
            write.acknowledge(failure: nil)
        } catch {
            write.acknowledge(failure: error)
        }
    }
}

/// A write of any result.
private protocol QueuedWrite: Sendable {
    /// Runs and keeps its result, which nobody is told before `acknowledge`.
    func run(_ db: Database) throws
    /// Tells the caller the kept result, or why there is none.
    func acknowledge(failure: (any Error)?)
}

private final class Write<Value: Sendable>: QueuedWrite {
    private let body: @Sendable (Database) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private let outcome = Mutex<Result<Value, any Error>?>(nil)

    init(body: @escaping @Sendable (Database) throws -> Value, continuation: CheckedContinuation<Value, any Error>) {
        self.body = body
        self.continuation = continuation
    }

    func run(_ db: Database) throws {
        let result = Result { try body(db) }
        outcome.withLock { $0 = result }
        _ = try result.get()
    }

    func acknowledge(failure: (any Error)?) {
        if let failure { return continuation.resume(throwing: failure) }
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a write was told of before it ran") }
        continuation.resume(with: result)
    }
}
