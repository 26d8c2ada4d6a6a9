internal import Dispatch
internal import Foundation
internal import Synchronization

/// Whether whoever asked for a piece of work still wants it.
final class CancellationFlag: Sendable {
    private let cancelled = Atomic<Bool>(false)

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }

    func check() throws { if isCancelled { throw CancellationError() } }
}

/// A thread of its own that does one piece of work after the other, in the order they came, with a bounded number waiting.
///
/// Models compute here (and on the threads of their `WorkerPool`), never on Swift's cooperative pool, which answers
/// requests.
final class ComputeQueue: Sendable {
    private let core: Core

    /// - Parameter limit: pieces of work that may wait; one more is refused.
    init(limit: Int) {
        core = Core(limit: limit)
        let core = core
        let thread = Thread { core.work() }
        thread.name = "plumb model server"
        thread.stackSize = 16 << 20
        thread.start()
    }

    deinit { core.stop() }

    /// Pieces of work that wait.
    var waitingCount: Int { core.state.withLock { $0.waiting.count } }

    /// Whether work is being done.
    var isBusy: Bool { core.state.withLock { $0.running != nil } }

    /// Does the work when its turn comes. A task that is cancelled while its work waits takes it out of the queue; work
    /// that has begun sees the flag.
    /// - Throws: `ModelServerError.queueFull`, `.stopping`, `CancellationError`, or what the work throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable (CancellationFlag) throws -> Value) async throws -> Value {
        let flag = CancellationFlag()
        let core = core
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                core.add(
                    Core.Entry(
                        flag: flag,
                        start: {
                            let result = Result {
                                try flag.check()
                                return try work(flag)
                            }
                            continuation.resume(with: result)
                        },
                        refuse: { continuation.resume(throwing: $0) }))
            }
        } onCancel: {
            flag.cancel()
            core.removeCancelled()
        }
    }

    /// Refuses what waits and what comes; work that has begun sees its flag.
    func stop() { core.stop() }

    private final class Core: Sendable {
        struct Entry: Sendable {
            let flag: CancellationFlag
            let start: @Sendable () -> Void
            let refuse: @Sendable (any Error) -> Void
        }

        struct State {
            var waiting: [Entry] = []
            var running: CancellationFlag?
            var stopped = false
        }

        let state = Mutex(State())
        private let limit: Int
        /// Counts what was added; the thread may find nothing where something was taken out again.
        private let added = DispatchSemaphore(value: 0)

        init(limit: Int) { self.limit = limit }

        func add(_ entry: Entry) {
            let refusal: (any Error)? = state.withLock { state in
                if state.stopped { return ModelServerError.stopping }
                if entry.flag.isCancelled { return CancellationError() }
                if state.waiting.count >= limit { return ModelServerError.queueFull(limit: limit) }
                state.waiting.append(entry)
                return nil
            }
            if let refusal { entry.refuse(refusal) } else { added.signal() }
        }

        func removeCancelled() {
            let removed = state.withLock { state in
                let removed = state.waiting.filter { $0.flag.isCancelled }
                state.waiting.removeAll { $0.flag.isCancelled }
                return removed
            }
            for entry in removed { entry.refuse(CancellationError()) }
        }

        func stop() {
            let refused = state.withLock { state in
                let refused = state.waiting
                state.waiting = []
                state.stopped = true
                state.running?.cancel()
                return refused
            }
            for entry in refused { entry.refuse(ModelServerError.stopping) }
            added.signal()
        }

        func work() {
            while true {
                added.wait()
                let (next, stopped) = state.withLock { state in
                    let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
                    state.running = next?.flag
                    return (next, state.stopped)
                }
                next?.start()
                state.withLock { $0.running = nil }
                if stopped { return }
            }
        }
    }
}
