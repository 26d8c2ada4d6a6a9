import Foundation
import Synchronization

/// Whether a job was asked to leave. It is set by SIGTERM or SIGINT, or by `request()`; jobs look between steps.
public final class StopFlag: Sendable {
    private let requested = Atomic<Bool>(false)
    private let listensToSignals = Atomic<Bool>(false)

    public init() {}

    public var shouldStop: Bool {
        if requested.load(ordering: .acquiring) { return true }
        return listensToSignals.load(ordering: .relaxed) && signalArrived.load(ordering: .acquiring)
    }

    public func request() { requested.store(true, ordering: .releasing) }

    /// From now on SIGTERM and SIGINT set the flag in place of ending the process.
    public func installSignalHandlers() {
        // The first use makes the process's flag here rather than inside a handler.
        _ = signalArrived.load(ordering: .acquiring)
        listensToSignals.store(true, ordering: .relaxed)
        for number in [SIGTERM, SIGINT] { signal(number) { _ in signalArrived.store(true, ordering: .releasing) } }
    }
}

/// A signal belongs to the whole process, and its handler may do no more than store an atomic.
private let signalArrived = Atomic<Bool>(false)
