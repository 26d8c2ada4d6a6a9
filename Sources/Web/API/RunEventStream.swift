import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import ServiceLifecycle

/// A run's events as server-sent events: `metrics` with the line's index as its id, and `status`.
///
/// The answer ends when the run has ended, when the client goes away, and when the server shuts down.
struct RunEventStream: Sendable {
    /// How long nothing may be sent before a comment keeps proxies from closing the connection.
    var keepAlive: Duration = .seconds(15)

    private enum Item: Sendable {
        case event(RunEvent)
        case keepAlive
    }

    /// - Parameters:
    ///   - events: from `ServerOperations.runEvents`.
    ///   - request: must not have had its body read or replaced.
    func response(_ events: AsyncStream<RunEvent>, to request: Request) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                HTTPField.Name("X-Accel-Buffering")!: "no",
            ],
            body: ResponseBody { [keepAlive] writer in
                var output = writer
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await Self.write(events, keepAlive: keepAlive, to: &output)
                }
                try await output.finish(nil)
            })
    }

    /// The index after the last one that a client has seen, from the header that browsers send when they reconnect.
    static func firstIndex(of request: Request, otherwise start: Int) -> Int {
        guard let name = HTTPField.Name("Last-Event-ID"), let value = request.headers[name], let last = Int(value),
            last >= 0, last < Int.max
        else { return start }
        return last + 1
    }

    private static func write(
        _ events: AsyncStream<RunEvent>, keepAlive: Duration, to output: inout any ResponseBodyWriter
    ) async throws {
        let (items, continuation) = AsyncStream<Item>.makeStream()
        let forwarding = Task {
            for await event in events { continuation.yield(.event(event)) }
            continuation.finish()
        }
        let ticking = Task {
            while (try? await Task.sleep(for: keepAlive)) != nil { continuation.yield(.keepAlive) }
        }
        defer {
            forwarding.cancel()
            ticking.cancel()
        }
        for await item in items.cancelOnGracefulShutdown() {
            try await output.write(ByteBuffer(string: try text(item)))
        }
    }

    private static func text(_ item: Item) throws -> String {
        switch item {
        case .keepAlive: ": still here\n\n"
        case .event(.status(let status)): "event: status\ndata: \(try APIEncoding.run(status).json())\n\n"
        case .event(.metrics(let line)):
            "id: \(line.index)\nevent: metrics\ndata: \(try APIEncoding.metrics(line).json())\n\n"
        }
    }
}
