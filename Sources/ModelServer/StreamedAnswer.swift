internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import LanguageModel
internal import NIOCore
internal import Policy
internal import ServiceLifecycle

/// An answer as server-sent events: text as it is sampled, then each choice's end, then `[DONE]`.
struct StreamedAnswer<Form: AnswerForm>: Sendable {
    let engine: CompletionEngine
    let form: Form

    private enum Event: Sendable {
        case begun
        case piece(choice: Int, StreamedPiece)
        case finished(CompletionResult)
    }

    /// Answers once sampling begins: a request that is wrong, or that nobody has room for, is refused as any other.
    ///
    /// The connection is watched from now on until the last event: a client that goes takes its request out of the queue,
    /// or ends its sampling.
    func begin(_ work: CompletionWork, _ request: Request) async throws -> Response {
        let (events, sampling) = start(work)
        let watch = ConnectionWatch(of: request) { sampling.cancel() }
        do {
            for try await event in events { if case .begun = event { break } }
        } catch {
            await watch.end()
            throw error
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache", .connection: "close"],
            body: ResponseBody { writer in
                var out = writer
                do {
                    try await write(events) { try await out.write(ByteBuffer(bytes: $0)) }
                } catch {
                    sampling.cancel()
                    await watch.end()
                    throw error
                }
                await watch.end()
                try await out.finish(nil)
            })
    }

    private func write(
        _ events: AsyncThrowingStream<Event, any Error>, with send: ([UInt8]) async throws -> Void
    ) async throws {
        for choice in 0..<form.fields.count {
            guard let opening = form.opening(choice: choice) else { break }
            try await send(try line([opening]))
        }
        var told: [Int: Told] = [:]
        var iterator = events.makeAsyncIterator()
        while true {
            let next: Event?
            do { next = try await iterator.next() } catch {
                // The status has gone out already; OpenAI's clients look for an error among the events.
                let found = error is CancellationError ? .stopping : ModelServerError.failed("\(error)")
                let told = error as? ModelServerError ?? found
                return try await send(Self.line(try JSONAnswer.encode(told.body)))
            }
            guard let event = next else { return }
            for bytes in try pieces(of: event, &told) { try await send(bytes) }
        }
    }

    /// Samples in a task that ends when nobody reads the events any more.
    private func start(
        _ work: CompletionWork
    ) -> (events: AsyncThrowingStream<Event, any Error>, sampling: Task<Void, Never>) {
        let (events, continuation) = AsyncThrowingStream<Event, any Error>.makeStream()
        let engine = engine
        let task = Task {
            do {
                let result = try await withGracefulShutdownHandler {
                    try await engine.complete(work) {
                        continuation.yield(.begun)
                    } onPiece: { choice, piece in
                        continuation.yield(.piece(choice: choice, piece))
                    }
                } onGracefulShutdown: {
                    engine.queue.stop()
                }
                continuation.yield(.finished(result))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return (events, task)
    }

    /// What has been told of a choice.
    private struct Told {
        var tokens = 0
        var place: TextLogProbabilities.Place
    }

    private func pieces(of event: Event, _ told: inout [Int: Told]) throws -> [[UInt8]] {
        let scores = form.fields.logProbabilities != nil
        switch event {
        case .begun: return []
        case .piece(let choice, let piece):
            var own = told[choice] ?? Told(place: .init(piece.tokenizer))
            defer { told[choice] = own }
            own.tokens += piece.tokens.count
            return [
                try line([
                    form.piece(
                        choice: choice, text: piece.text, scored: scores ? piece.tokens : nil, told: &own.place,
                        tokenizer: piece.tokenizer)
                ])
            ]
        case .finished(let result):
            var lines: [[UInt8]] = []
            let responses = result.prompts.flatMap(\.responses)
            for (choice, response) in responses.enumerated() {
                var own = told[choice] ?? Told(place: .init(result.tokenizer))
                let rest = response.tokens.dropFirst(own.tokens).map { ScoredToken($0) }
                lines.append(
                    try line([
                        form.end(
                            choice: choice, ending: ChoiceEnding(response),
                            scored: scores && !rest.isEmpty ? rest : nil,
                            told: &own.place, tokenizer: result.tokenizer)
                    ]))
            }
            if form.fields.streamsUsage { lines.append(try line([], usage: Usage(result))) }
            return lines + [Array("data: [DONE]\n\n".utf8)]
        }
    }

    private func line(_ choices: [Form.Choice], usage: Usage? = nil) throws -> [UInt8] {
        Self.line(
            try JSONAnswer.encode(Answer(form.head, object: form.pieceObject, choices: choices, usage: usage)))
    }

    private static func line(_ json: Data) -> [UInt8] { Array("data: ".utf8) + Array(json) + Array("\n\n".utf8) }
}
