internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import LanguageModel
internal import Logging
internal import NIOCore
internal import ServiceLifecycle

/// The paths of the server.
struct ModelServerRoutes: Sendable {
    let engine: CompletionEngine
    let maximumResponses: Int
    let maximumBodyBytes: Int

    func add(to router: Router<BasicRequestContext>) {
        router.get("/health") { _, _ in
            try JSONAnswer.response(
                Health(
                    busy: engine.queue.isBusy, loaded: engine.models.names, models: engine.catalog.names(),
                    waiting: engine.queue.waitingCount))
        }
        router.get("/v1/models") { _, context in
            try JSONAnswer.response(Listing(data: listings(context.logger)))
        }
        router.get("/v1/models/:name") { _, context in
            let name = try context.parameters.require("name").removingPercentEncoding ?? ""
            return try JSONAnswer.response(try listing(name))
        }
        router.post("/v1/completions") { request, _ in
            try await answer(request) { body in
                let text = try TextRequest(body, maximumResponses: maximumResponses)
                return (
                    CompletionWork(source: .prompts(text.prompts), fields: text.fields), TextForm(fields: text.fields)
                )
            }
        }
        router.post("/v1/chat/completions") { request, _ in
            try await answer(request) { body in
                let chat = try ChatRequest(body, maximumResponses: maximumResponses)
                return (
                    CompletionWork(source: .messages(chat.messages), fields: chat.fields), ChatForm(fields: chat.fields)
                )
            }
        }
    }

    private struct Health: Encodable {
        var busy: Bool
        var loaded: [String]
        var models: [String]
        var status = "ok"
        var waiting: Int
    }

    private struct Listing: Encodable {
        var data: [ModelListing]
        var object = "list"
    }

    /// A folder that cannot be read is left out, and the log says why.
    private func listings(_ logger: Logger) -> [ModelListing] {
        engine.catalog.names().compactMap { name in
            do { return try listing(name) } catch {
                logger.warning("The model \(name) is not listed: \(error)")
                return nil
            }
        }
    }

    private func listing(_ name: String) throws -> ModelListing {
        let folder = try engine.catalog.folder(of: name)
        do {
            return try ModelListing(name: name, folder: folder, loaded: engine.models.names.contains(name))
        } catch {
            throw ModelServerError.unusableModel(name, reason: "\(error)")
        }
    }

    /// Reads a request, samples, and answers whole or as a stream.
    private func answer<Form: AnswerForm>(
        _ request: Request, read: (Data) throws -> (CompletionWork, Form)
    ) async throws -> Response {
        let type = request.headers[.contentType]
        guard type?.lowercased().hasPrefix("application/json") == true else {
            throw ModelServerError.wrongContentType(type)
        }
        var request = request
        let buffer: ByteBuffer
        do {
            buffer = try await request.collectBody(upTo: maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw ModelServerError.bodyTooLarge(limit: maximumBodyBytes)
        }
        let (work, form) = try read(Data(buffer.readableBytesView))
        if work.fields.streams { return try await StreamedAnswer(engine: engine, form: form).begin(work, request) }
        let engine = engine
        // A client that goes away takes its request out of the queue.
        let result = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await withGracefulShutdownHandler {
                try await engine.complete(work)
            } onGracefulShutdown: {
                engine.queue.stop()
            }
        }
        var response = try JSONAnswer.response(form.whole(result))
        // Watching for the client's going used up the connection.
        response.headers[.connection] = "close"
        return response
    }
}

/// How a kind of completion writes its answers.
protocol AnswerForm: Sendable {
    associatedtype Choice: Encodable & Sendable
    var fields: SamplingFields { get }
    /// The answer in one piece.
    func whole(_ result: CompletionResult) -> Answer<Choice>
    /// The kind of a stream's pieces, in OpenAI's words.
    var pieceObject: String { get }
    var head: AnswerHead { get }
    /// What opens each choice of a stream, if anything does.
    func opening(choice: Int) -> Choice?
    /// - Parameters:
    ///   - scored: tokens that came since the piece before; nil where log-probabilities were not asked for.
    ///   - told: how far the choice has been told.
    func piece(
        choice: Int, text: String, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place, tokenizer: Tokenizer
    ) -> Choice
    /// - Parameter scored: tokens that no piece brought.
    func end(
        choice: Int, ending: ChoiceEnding, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place,
        tokenizer: Tokenizer
    ) -> Choice
}

struct TextForm: AnswerForm {
    let fields: SamplingFields
    let head: AnswerHead
    let pieceObject = "text_completion"

    init(fields: SamplingFields) {
        self.fields = fields
        head = AnswerHead(prefix: "cmpl-", fields: fields)
    }

    func whole(_ result: CompletionResult) -> Answer<TextChoice> {
        Answer(
            head, object: "text_completion", choices: result.textChoices(fields), seed: fields.seed,
            usage: Usage(result))
    }

    func opening(choice: Int) -> TextChoice? { nil }

    func piece(
        choice: Int, text: String, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place, tokenizer: Tokenizer
    ) -> TextChoice {
        TextChoice(index: choice, text: text, logprobs: logProbabilities(scored, &told, tokenizer))
    }

    func end(
        choice: Int, ending: ChoiceEnding, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place,
        tokenizer: Tokenizer
    ) -> TextChoice {
        TextChoice(index: choice, text: "", ending: ending, logprobs: logProbabilities(scored, &told, tokenizer))
    }

    private func logProbabilities(
        _ scored: [ScoredToken]?, _ told: inout TextLogProbabilities.Place, _ tokenizer: Tokenizer
    ) -> TextLogProbabilities? {
        guard let scored else { return nil }
        return TextLogProbabilities(
            scored, from: &told, tokenizer: tokenizer, tellsAlternatives: fields.logProbabilities ?? 0 > 0)
    }
}

struct ChatForm: AnswerForm {
    let fields: SamplingFields
    let head: AnswerHead
    let pieceObject = "chat.completion.chunk"

    init(fields: SamplingFields) {
        self.fields = fields
        head = AnswerHead(prefix: "chatcmpl-", fields: fields)
    }

    func whole(_ result: CompletionResult) -> Answer<ChatChoice> {
        Answer(head, object: "chat.completion", choices: result.chatChoices(), seed: fields.seed, usage: Usage(result))
    }

    func opening(choice: Int) -> ChatChoice? {
        ChatChoice(index: choice, delta: ChatChoice.Message(content: "", role: "assistant"))
    }

    func piece(
        choice: Int, text: String, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place, tokenizer: Tokenizer
    ) -> ChatChoice {
        ChatChoice(
            index: choice, delta: ChatChoice.Message(content: text),
            logprobs: scored.map { ChatLogProbabilities($0, tokenizer: tokenizer) })
    }

    func end(
        choice: Int, ending: ChoiceEnding, scored: [ScoredToken]?, told: inout TextLogProbabilities.Place,
        tokenizer: Tokenizer
    ) -> ChatChoice {
        ChatChoice(
            index: choice, delta: ChatChoice.Message(), ending: ending,
            logprobs: scored.map { ChatLogProbabilities($0, tokenizer: tokenizer) })
    }
}
