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

/// The job that the workers share, handed over without a lock: threads that wait look at one word for some microseconds
/// before they go to sleep.
///
/// `ticket` holds the job's number and its next chunk. Who takes a chunk has read what the job is before, and the
/// exchange that takes it fails if the job has changed since; a job's caller waits until all its chunks are done, so
/// its body lives as long as anyone calls it.
private final class PoolState: @unchecked Sendable {
    private typealias Body = (Int, Int) -> Void

    private let ticket = Atomic<UInt64>(closed)
    private let count = Atomic<Int>(0)
    /// Address of the caller's closure.
    private let body = Atomic<UInt>(0)
    private let done = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    /// Workers that sleep or are about to, and whether the caller does.
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let condition = NSCondition()
    /// Number of the last job; only the one caller at a time touches it.
    private var job: UInt64 = 0

    /// A chunk that no job has: its job is being written.
    private static let closed: UInt64 = 0xFFFF_FFFF
    /// Looks at the word before a thread sleeps, some tens of microseconds.
    private static let spins = 2000

    func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        precondition(count < Int(Self.closed), "\(count) chunks")
        unsafe withUnsafePointer(to: body) { body in
            publish(count, body: UInt(bitPattern: body))
            drain(worker: 0)
            waitForOthers(count)
        }
    }

    private func publish(_ count: Int, body: UInt) {
        job &+= 1
        ticket.store(job << 32 | Self.closed, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        self.count.store(count, ordering: .relaxed)
        self.body.store(body, ordering: .relaxed)
        done.store(0, ordering: .relaxed)
        ticket.store(job << 32, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
    }

    private func wakeAll() {
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    private func waitForOthers(_ count: Int) {
        for _ in 0..<Self.spins where done.load(ordering: .acquiring) < count { plumb_pause() }
        guard done.load(ordering: .acquiring) < count else { return }
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        condition.lock()
        while done.load(ordering: .sequentiallyConsistent) < count { condition.wait() }
        condition.unlock()
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
    }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    func work(as worker: Int) {
        var seen: UInt64 = 0
        while !stopping.load(ordering: .relaxed) {
            for _ in 0..<Self.spins where !isOpen(after: seen) { plumb_pause() }
            if !isOpen(after: seen) { sleep(seen) }
            seen = drain(worker: worker)
        }
    }

    private func isOpen(after seen: UInt64) -> Bool {
        let ticket = ticket.load(ordering: .acquiring)
        return ticket >> 32 != seen && ticket & Self.closed != Self.closed
    }

    private func sleep(_ seen: UInt64) {
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        condition.lock()
        while !isOpen(after: seen) && !stopping.load(ordering: .sequentiallyConsistent) { condition.wait() }
        condition.unlock()
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    /// Takes chunks until there are none left.
    /// - Returns: the number of the job that has none left.
    @discardableResult private func drain(worker: Int) -> UInt64 {
        var current = ticket.load(ordering: .acquiring)
        while true {
            let chunk = Int(current & Self.closed)
            let count = count.load(ordering: .relaxed)
            let body = body.load(ordering: .relaxed)
            // A job that is being written is none that was seen.
            if current & Self.closed == Self.closed { return (current >> 32) &- 1 }
            if chunk >= count { return current >> 32 }
            let (taken, found) = ticket.compareExchange(
                expected: current, desired: current &+ 1, ordering: .acquiringAndReleasing)
            guard taken else {
                current = found
                continue
            }
            Self.call(body, chunk, worker)
            let finished = done.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
            if finished == count, callerSleeps.load(ordering: .sequentiallyConsistent) { wakeAll() }
            current = ticket.load(ordering: .acquiring)
        }
    }

    /// A function of its own, so that no reference to the closure is left when its chunk counts as done.
    @inline(never) private static func call(_ address: UInt, _ chunk: Int, _ worker: Int) {
        guard let body = unsafe UnsafePointer<Body>(bitPattern: address) else { return }
        unsafe body.pointee(chunk, worker)
    }
}
