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
    ///   - onBegin: called when the request has been found good, before the first token.
    ///   - onText: is given new text with the number of its choice, as it comes.
    /// - Throws: `ModelServerError`, or `CancellationError` where the client has gone.
    func complete(
        _ work: CompletionWork, onBegin: @escaping @Sendable () -> Void = {},
        onText: (@Sendable (_ choice: Int, _ text: String) -> Void)? = nil
    ) async throws -> CompletionResult {
        let folder = try catalog.folder(of: work.fields.model)
        let models = models
        return try await queue.run { flag, end in
            let sampler = try models.sampler(named: work.fields.model, folder: folder)
            let run = CompletionRun(work: work, sampler: sampler, pool: models.pool, flag: flag)
            return try run.begin(onBegin: onBegin, onText: onText, end: end)
        }
    }
}

/// One request on the compute thread.
private struct CompletionRun: Sendable {
    let work: CompletionWork
    let sampler: PolicySampler
    let pool: WorkerPool
    let flag: CancellationFlag

    /// - Returns: the sampler that brings the request on, unless it has ended.
    func begin(
        onBegin: () -> Void, onText: (@Sendable (Int, String) -> Void)?,
        end: @escaping ComputeQueue.End<CompletionResult>
    ) throws -> PolicySampler? {
        let fields = work.fields
        let policy = sampler.policy
        let prompts = try Self.tokens(of: work.source, policy: policy)
        let maximum = fields.maximumTokens ?? policy.contextLength
        for prompt in prompts {
            try Self.check(prompt.promptTokens, work.source.field, policy, samples: maximum > 0)
        }
        onBegin()
        guard maximum > 0 else {
            end(Result { try finished(prompts, []) })
            return nil
        }
        let requests = prompts.enumerated().map { index, prompt in
            PolicyRequest(
                tokens: prompt.promptTokens, count: fields.count, seed: fields.seed(ofPrompt: index),
                options: fields.options(maximumTokens: maximum))
        }
        let read = onText.map { onText in
            { @Sendable (prompt: Int, response: Int, text: String) in
                onText(prompt * fields.count + response, text)
                return true
            }
        }
        let flag = flag
        do {
            try sampler.begin(requests, onText: read, isCancelled: { flag.isCancelled }) { sampled in
                end(
                    Result {
                        do { return try finished(prompts, try sampled.get()) } catch let error as EngineError {
                            throw ModelServerError.failed("\(error)")
                        }
                    })
            }
        } catch PolicyError.badOption(let field, let reason) {
            throw ModelServerError.badField(field, problem: reason)
        } catch {
            throw ModelServerError.failed("\(error)")
        }
        return sampler
    }

    private func finished(_ prompts: [CompletedPrompt], _ sampled: [[PolicyResponse]]) throws -> CompletionResult {
        try flag.check()
        var prompts = prompts
        for (index, responses) in sampled.enumerated() { prompts[index].responses = responses }
        if let alternatives = work.fields.logProbabilities {
            let scorer = TokenScorer(
                model: sampler.policy.model, pool: pool, temperature: work.fields.temperature,
                alternatives: alternatives)
            for index in prompts.indices {
                try flag.check()
                try Self.addScores(scorer, echo: work.fields.echo, to: &prompts[index])
            }
        }
        return CompletionResult(prompts: prompts, tokenizer: sampler.policy.template.tokenizer)
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

    /// Without alternatives and echo, the sampler's own log-probabilities are what was asked for; else one pass over the
    /// prompt and all its responses tells all of them.
    private static func addScores(_ scorer: TokenScorer, echo: Bool, to prompt: inout CompletedPrompt) throws {
        guard echo || scorer.alternatives > 0 else {
            prompt.scoredResponses = prompt.responses.map { response in
                zip(response.tokenIDs, response.tokenLogProbabilities).map { ScoredToken(id: $0, logProbability: $1) }
            }
            return
        }
        let scored: (prompt: [ScoredToken], responses: [[ScoredToken]])
        do {
            scored = try scorer.score(
                TokenGroup(prompt: prompt.promptTokens, responses: prompt.responses.map(\.tokenIDs)))
        } catch {
            throw ModelServerError.failed("\(error)")
        }
        prompt.scoredPrompt = echo ? scored.prompt : nil
        prompt.scoredResponses = scored.responses
    }
}
