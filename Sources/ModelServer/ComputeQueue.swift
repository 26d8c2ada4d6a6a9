internal import Dispatch
internal import Foundation
internal import Policy
internal import Synchronization

/// Whether whoever asked for a piece of work still wants it.
final class CancellationFlag: Sendable {
    private let cancelled = Atomic<Bool>(false)

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }

    func check() throws { if isCancelled { throw CancellationError() } }
}

/// A thread of its own that begins one piece of work after the other, in the order they came, with a bounded number
/// waiting. Sampling goes on together: what has begun is brought a token further at each turn, and what comes later joins
/// it where there is room. A model that has none keeps its own requests waiting, not those of others.
///
/// Models compute here (and on the threads of their `WorkerPool`), never on Swift's cooperative pool, which answers
/// requests.
final class ComputeQueue: Sendable {
    /// Ends a piece of work, once.
    typealias End<Value> = @Sendable (Result<Value, any Error>) -> Void
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
    var waitingCount: Int { core.state.withLock { $0.waiting.count + $0.blocked } }

    /// Whether work is being done.
    var isBusy: Bool { core.state.withLock { !$0.running.isEmpty } }

    /// Begins the work when its turn comes. A task that is cancelled while its work waits takes it out of the queue; work
    /// that has begun sees the flag.
    /// - Parameters:
    ///   - model: whose work it is.
    ///   - begin: called on the queue's thread; returns the sampler that brings the work on, if one does. It or the
    ///     sampler calls `end`.
    /// - Throws: `ModelServerError.queueFull`, `.stopping`, `CancellationError`, or what the work throws.
    func run<Value: Sendable>(
        _ model: String,
        _ begin: @escaping @Sendable (CancellationFlag, _ end: @escaping End<Value>) throws -> PolicySampler?
    ) async throws -> Value {
        let flag = CancellationFlag()
        let core = core
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                core.add(
                    Core.Entry(
                        model: model, flag: flag,
                        begin: {
                            let end: End<Value> = { result in
                                core.remove(flag)
                                continuation.resume(with: result)
                            }
                            do {
                                try flag.check()
                                return try begin(flag, end)
                            } catch {
                                end(.failure(error))
                                return nil
                            }
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
            let model: String
            let flag: CancellationFlag
            let begin: @Sendable () -> PolicySampler?
            let refuse: @Sendable (any Error) -> Void
        }

        struct State {
            var waiting: [Entry] = []
            /// Work that has begun and not ended.
            var running: [CancellationFlag] = []
            /// Pieces of work that were begun and of which something waits for room in its batch.
            var blocked = 0
            /// The models of those: more of their work is not begun before.
            var blockedModels: Set<String> = []
            var stopped = false
        }

        /// A sampler that has something in work.
        private struct Active {
            let model: String
            let sampler: PolicySampler
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
                if state.waiting.count + state.blocked >= limit { return ModelServerError.queueFull(limit: limit) }
                state.waiting.append(entry)
                return nil
            }
            if let refusal { entry.refuse(refusal) } else { added.signal() }
        }

        func remove(_ flag: CancellationFlag) { state.withLock { $0.running.removeAll { $0 === flag } } }

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
                for flag in state.running { flag.cancel() }
                return refused
            }
            for entry in refused { entry.refuse(ModelServerError.stopping) }
            added.signal()
        }

        func work() {
            var active: [Active] = []
            while true {
                if active.isEmpty { added.wait() }
                let stopped = beginWaiting(&active)
                if stopped && active.isEmpty { return }
                for one in active { one.sampler.step() }
                active.removeAll(where: \.sampler.isIdle)
                note(active)
            }
        }

        /// Begins what waits, of each model until something has no room in its batch: the order of coming is kept.
        /// - Returns: whether the queue was stopped.
        private func beginWaiting(_ active: inout [Active]) -> Bool {
            while true {
                note(active)
                let (next, stopped) = state.withLock { state -> (Entry?, Bool) in
                    let place = state.waiting.firstIndex { !state.blockedModels.contains($0.model) }
                    guard let place else { return (nil, state.stopped) }
                    let next = state.waiting.remove(at: place)
                    state.running.append(next.flag)
                    return (next, state.stopped)
                }
                guard let next else { return stopped }
                guard let sampler = next.begin() else {
                    // It was all done at once, as scoring is: what is being sampled goes a token on before the next such piece.
                    if active.isEmpty { continue }
                    return stopped
                }
                if active.contains(where: { $0.sampler === sampler }) { continue }
                active.append(Active(model: next.model, sampler: sampler))
            }
        }

        private func note(_ active: [Active]) {
            let waiting = active.map { ($0.model, $0.sampler.waitingCount) }
            let models = Set(waiting.filter { $0.1 > 0 }.map(\.0))
            let blocked = waiting.reduce(0) { $0 + $1.1 }
            state.withLock { ($0.blocked, $0.blockedModels) = (blocked, models) }
        }
    }
}
