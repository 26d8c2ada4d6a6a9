internal import Foundation
internal import LanguageModel
internal import Policy

/// One prompt with its responses, as the compute thread hands them back.
struct CompletedPrompt: Sendable {
    var promptTokens: [Int32]
    /// The prompt as text, for `echo`.
    var promptText: String
    /// Empty where only the prompt was to be scored.
    var responses: [PolicyResponse]
    /// Of all responses that were sampled, also those that are not given.
    var completionTokens = 0
    /// The prompt's tokens with log-probabilities, where they were asked for.
    var scoredPrompt: [ScoredToken]?
    /// Each response's tokens with log-probabilities, where they were asked for `[responses][tokens]`.
    var scoredResponses: [[ScoredToken]]?
}

/// What was asked, without its form.
struct CompletionWork: Sendable {
    enum Source: Sendable {
        case prompts([TextRequest.Prompt])
        case messages([ChatMessage])

        /// The request's field that errors name.
        var field: String {
            switch self {
            case .prompts: "prompt"
            case .messages: "messages"
            }
        }
    }

    var source: Source
    var fields: SamplingFields
}

/// New text of a choice, with the tokens since the piece before.
struct StreamedPiece: Sendable {
    var text: String
    var tokens: [ScoredToken]
    var tokenizer: Tokenizer
}

/// A finished request: its prompts and the tokenizer that reads their ids.
struct CompletionResult: Sendable {
    var prompts: [CompletedPrompt]
    var tokenizer: Tokenizer
}

/// Turns requests into responses on the compute thread.
struct CompletionEngine: Sendable {
    let catalog: ModelCatalog
    let models: LoadedModels
    let queue: ComputeQueue

    /// Waits for its turn and samples, together with what else is in work for the same model.
    /// - Parameters:
    ///   - onBegin: called when the request has been taken in, before the first token: it is not refused any more.
    ///   - onPiece: is given new text with the number of its choice, as it comes.
    /// - Throws: `ModelServerError`, or `CancellationError` where the client has gone.
    func complete(
        _ work: CompletionWork, onBegin: @escaping @Sendable () -> Void = {},
        onPiece: (@Sendable (_ choice: Int, _ piece: StreamedPiece) -> Void)? = nil
    ) async throws -> CompletionResult {
        let folder = try catalog.folder(of: work.fields.model)
        let models = models
        return try await queue.run(work.fields.model) { flag, end in
            let sampler = try models.sampler(named: work.fields.model, folder: folder)
            let run = CompletionRun(
                work: work, sampler: sampler, pool: models.pool, scoringBytes: models.maximumCacheBytes, flag: flag)
            return try run.begin(onBegin: onBegin, onPiece: onPiece, end: end)
        }
    }
}

/// One request on the compute thread.
private struct CompletionRun: Sendable {
    let work: CompletionWork
    let sampler: PolicySampler
    let pool: WorkerPool
    /// What a scoring pass may take for its tokens.
    let scoringBytes: Int
    let flag: CancellationFlag

    /// - Returns: the sampler that brings the request on, unless it has ended.
    func begin(
        onBegin: () -> Void, onPiece: (@Sendable (Int, StreamedPiece) -> Void)?,
        end: @escaping ComputeQueue.End<CompletionResult>
    ) throws -> PolicySampler? {
        let fields = work.fields
        let policy = sampler.policy
        let prompts = try Self.tokens(of: work.source, policy: policy)
        let samples = fields.maximumTokens != 0
        for prompt in prompts { try Self.check(prompt.promptTokens, work.source.field, policy, samples: samples) }
        let maxima = try prompts.map { try maximum(prompt: $0.promptTokens.count) }
        guard samples else {
            end(Result { try finished(prompts, []) })
            return nil
        }
        let requests = prompts.enumerated().map { index, prompt in
            PolicyRequest(
                tokens: prompt.promptTokens, count: fields.sampled, seed: fields.seed(ofPrompt: index),
                options: fields.options(maximumTokens: maxima[index]))
        }
        let tokenizer = policy.template.tokenizer
        let read = onPiece.map { onPiece in
            { @Sendable (prompt: Int, response: Int, piece: ResponsePiece) in
                let tokens = piece.tokens.map { ScoredToken($0) }
                onPiece(
                    prompt * fields.count + response,
                    StreamedPiece(text: piece.text, tokens: tokens, tokenizer: tokenizer))
                return true
            }
        }
        let flag = flag
        do {
            try sampler.begin(requests, onPiece: read, isCancelled: { flag.isCancelled }) { sampled in
                end(
                    Result {
                        do { return try finished(prompts, try sampled.get()) } catch let error as EngineError {
                            throw ModelServerError.failed("\(error)")
                        }
                    })
            }
        } catch PolicyError.badOption(let field, let reason) {
            throw ModelServerError.badField(field, problem: reason)
        } catch EngineError.tooMuchMemory(_, let bytes, let most) {
            throw tooMuchMemory(bytes, most)
        } catch {
            throw ModelServerError.failed("\(error)")
        }
        onBegin()
        return sampler
    }

    /// Most tokens of each response to a prompt; 0 where the prompt alone is to be scored.
    /// - Throws: `ModelServerError.badField` where a scoring pass could not hold the prompt.
    private func maximum(prompt: Int) throws -> Int {
        let fields = work.fields
        let left = sampler.policy.contextLength - prompt
        let asked = fields.maximumTokens.map { min($0, left) }
        if let most = scorer?.mostTokens, prompt > most {
            throw ModelServerError.badField(
                "echo",
                problem: "the prompt's \(prompt) tokens are scored in one pass, and --cache "
                    + "(\(scoringBytes >> 20) MB) gives room for \(most); shorten the prompt, or start the server "
                    + "with a larger --cache")
        }
        return asked ?? max(1, sampler.usualMaximum(prompt: prompt, count: fields.sampled))
    }

    private func tooMuchMemory(_ bytes: Int, _ most: Int) -> ModelServerError {
        let fields = work.fields
        let number = fields.sampled > fields.count ? "best_of" : "n"
        let field = fields.maximumTokens != nil ? "max_tokens" : fields.sampled > 1 ? number : work.source.field
        let remedy =
            switch field {
            case "max_tokens":
                fields.sampled > 1 ? "give a smaller max_tokens or \(number)" : "give a smaller max_tokens"
            case number: "give a smaller \(number), or shorten the prompt"
            default: "shorten the prompt"
            }
        return .badField(
            field,
            problem: "the keys and values of this prompt and \(fields.sampled) response"
                + (fields.sampled == 1 ? "" : "s") + " could come to \(bytes >> 20) MB, and --cache allows "
                + "\(most >> 20) MB; \(remedy), or start the server with a larger --cache")
    }

    /// What scores a prompt that is told with its log-probabilities.
    private var scorer: TokenScorer? {
        let fields = work.fields
        guard let alternatives = fields.logProbabilities, fields.echo else { return nil }
        return TokenScorer(
            model: sampler.policy.model, pool: pool, temperature: fields.temperature, alternatives: alternatives,
            maximumBytes: scoringBytes)
    }

    private func finished(_ prompts: [CompletedPrompt], _ sampled: [[PolicyResponse]]) throws -> CompletionResult {
        try flag.check()
        var prompts = prompts
        for (index, responses) in sampled.enumerated() {
            prompts[index].responses = best(of: responses)
            prompts[index].completionTokens = responses.reduce(0) { $0 + $1.tokenIDs.count }
        }
        if work.fields.logProbabilities != nil {
            let scorer = scorer
            for index in prompts.indices {
                try flag.check()
                try addScores(scorer, to: &prompts[index])
            }
        }
        return CompletionResult(prompts: prompts, tokenizer: sampler.policy.template.tokenizer)
    }

    /// The most probable by the token, the first of equals first; all in their order where all are wanted.
    private func best(of responses: [PolicyResponse]) -> [PolicyResponse] {
        let count = work.fields.count
        guard count < responses.count else { return responses }
        let means = responses.map { $0.logProbability / Double(max(1, $0.tokenIDs.count)) }
        let order = responses.indices.sorted { (-means[$0], $0) < (-means[$1], $1) }
        return order.prefix(count).map { responses[$0] }
    }

    private static func tokens(of source: CompletionWork.Source, policy: LoadedPolicy) throws -> [CompletedPrompt] {
        switch source {
        case .messages(let messages):
            do {
                let tokens = try policy.template.prompt(messages: messages)
                return [CompletedPrompt(promptTokens: tokens, promptText: "", responses: [])]
            } catch {
                throw ModelServerError.badField("messages", problem: "\(error)")
            }
        case .prompts(let prompts):
            return prompts.map { prompt in
                switch prompt {
                case .text(let text):
                    CompletedPrompt(
                        promptTokens: policy.template.prompt(verbatim: text), promptText: text, responses: [])
                case .tokens(let ids):
                    CompletedPrompt(
                        promptTokens: ids,
                        promptText: policy.template.tokenizer.decode(ids, keepingSpecialTokens: true), responses: [])
                }
            }
        }
    }

    private static func check(_ tokens: [Int32], _ field: String, _ policy: LoadedPolicy, samples: Bool) throws {
        guard !tokens.isEmpty else {
            throw ModelServerError.badField(field, problem: "gives no token; a model needs at least one to go on from")
        }
        let vocabulary = policy.model.configuration.vocabularySize
        if let id = tokens.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw ModelServerError.badField(
                field, problem: "the token id \(id) is not from 0 to \(vocabulary - 1), this model's vocabulary")
        }
        guard tokens.count < policy.contextLength + (samples ? 0 : 1) else {
            throw ModelServerError.contextExceeded(field: field, tokens: tokens.count, limit: policy.contextLength)
        }
    }

    /// The sampler's own log-probabilities are the responses'; the scorer tells those of a prompt that is echoed.
    private func addScores(_ scorer: TokenScorer?, to prompt: inout CompletedPrompt) throws {
        prompt.scoredResponses = prompt.responses.map { $0.tokens.map { ScoredToken($0) } }
        guard let scorer else { return }
        do {
            prompt.scoredPrompt = try scorer.score(prompt.promptTokens)
        } catch let error as EngineError {
            throw ModelServerError.failed("\(error)")
        }
    }
}
