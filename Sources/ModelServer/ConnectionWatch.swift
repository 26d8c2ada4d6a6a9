internal import Hummingbird

/// Watches whether the client of a request is still there, over the time between two answers of a handler.
///
/// Hummingbird's own watch lasts as long as one closure. A stream waits in the queue before its response begins and is
/// written after the handler has returned it, so its watch is a task, which must be ended before the connection is read on.
struct ConnectionWatch: Sendable {
    private let ending: AsyncStream<Void>.Continuation
    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - request: its body has been read; the connection cannot be used for another request afterwards.
    ///   - onClose: called once when the client closes the connection.
    init(of request: Request, onClose: @escaping @Sendable () -> Void) {
        let (wait, ending) = AsyncStream<Void>.makeStream()
        self.ending = ending
        task = Task {
            // Only cancellation ends the wait with an error, and then nobody watches any more.
            try? await request.body.consumeWithInboundCloseHandler { _ in
                for await _ in wait {}
            } onInboundClosed: {
                onClose()
            }
        }
    }

    /// Ends the watch; the connection is free when this returns.
    func end() async {
        ending.finish()
        await task.value
    }
}
