internal import Foundation
internal import Kernels
internal import Synchronization

/// Compute threads of our own, so that models never run on Swift's cooperative pool.
///
/// Work is given as numbered chunks; which thread takes which chunk is left to chance, so chunks must own what they
/// write. The thread that calls `run` works too. Calls of `run` from several threads wait for one another, and a chunk
/// must not call `run` of its own pool.
public final class WorkerPool: @unchecked Sendable {
    /// Threads that work at once, the caller included.
    public let threads: Int
    private let state = PoolState()
    private let callers = NSLock()

    /// - Parameter threads: how many; nil takes the environment variable PLUMB_THREADS, or the number of cores.
    public init(threads: Int? = nil) {
        let environment = ProcessInfo.processInfo.environment["PLUMB_THREADS"].flatMap { Int($0) }
        self.threads = max(1, threads ?? environment ?? ProcessInfo.processInfo.activeProcessorCount)
        for worker in 1..<max(1, self.threads) {
            let state = self.state
            let thread = Thread { state.work(as: worker) }
            thread.stackSize = 4 << 20
            thread.name = "plumb worker \(worker)"
            thread.start()
        }
    }

    deinit { state.stop() }

    /// Calls `body` once for each chunk in 0 ..< `count`, on several threads; returns when all are done.
    public func run(_ count: Int, _ body: (Int) -> Void) {
        runOnWorkers(count) { chunk, _ in body(chunk) }
    }

    /// As `run`, and tells each call which worker (0 ..< threads) it runs on, for scratch memory.
    func runOnWorkers(_ count: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) {
        guard threads > 1, count > 1 else {
            for chunk in 0..<max(0, count) { body(chunk, 0) }
            return
        }
        callers.lock()
        defer { callers.unlock() }
        withoutActuallyEscaping(body) { state.run(count, $0) }
    }
}

/// The job that the workers share. A worker joins while the job is open; the caller closes it and waits for those
/// inside.
private final class PoolState: @unchecked Sendable {
    private let condition = NSCondition()
    private let generation = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private let inside = Atomic<Int>(0)
    // Guarded by `condition`; read without it only between join and leave.
    private var count = 0
    private var body: ((Int, Int) -> Void)?
    private var stopping = false

    /// About 20 µs of waiting before a thread goes to sleep.
    private static let spins = 600

    func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        condition.lock()
        self.count = count
        self.body = body
        next.store(0, ordering: .relaxed)
        generation.wrappingAdd(1, ordering: .releasing)
        condition.broadcast()
        condition.unlock()

        drain(count, body, worker: 0)

        condition.lock()
        self.body = nil
        condition.unlock()
        for _ in 0..<Self.spins where inside.load(ordering: .acquiring) > 0 { plumb_pause() }
        if inside.load(ordering: .acquiring) > 0 {
            condition.lock()
            while inside.load(ordering: .acquiring) > 0 { condition.wait() }
            condition.unlock()
        }
    }

    func stop() {
        condition.lock()
        stopping = true
        generation.wrappingAdd(1, ordering: .releasing)
        condition.broadcast()
        condition.unlock()
    }

    func work(as worker: Int) {
        var seen = 0
        while true {
            for _ in 0..<Self.spins where generation.load(ordering: .acquiring) == seen { plumb_pause() }
            condition.lock()
            while generation.load(ordering: .acquiring) == seen && !stopping { condition.wait() }
            if stopping {
                condition.unlock()
                return
            }
            seen = generation.load(ordering: .acquiring)
            join(worker)
        }
    }

    /// Called with the lock held; leaves it released.
    private func join(_ worker: Int) {
        guard body != nil else {
            condition.unlock()
            return
        }
        inside.wrappingAdd(1, ordering: .relaxed)
        condition.unlock()
        drainShared(worker)
        leave()
    }

    /// A function of its own, so that no reference to the closure is left when the worker says it has gone.
    @inline(never) private func drainShared(_ worker: Int) {
        condition.lock()
        guard let body else {
            condition.unlock()
            return
        }
        let count = self.count
        condition.unlock()
        drain(count, body, worker: worker)
    }

    private func leave() {
        if inside.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            condition.lock()
            condition.broadcast()
            condition.unlock()
        }
    }

    private func drain(_ count: Int, _ body: (Int, Int) -> Void, worker: Int) {
        while true {
            let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if chunk >= count { return }
            body(chunk, worker)
        }
    }
}
