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

    /// Waits for its turn and samples.
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
        return try await queue.run { flag in
            let sampler = try models.sampler(named: work.fields.model, folder: folder)
            return try Self.compute(
                work, with: sampler, pool: models.pool, flag: flag, onBegin: onBegin, onText: onText)
        }
    }

    private static func compute(
        _ work: CompletionWork, with sampler: PolicySampler, pool: WorkerPool, flag: CancellationFlag,
        onBegin: () -> Void, onText: (@Sendable (Int, String) -> Void)?
    ) throws -> CompletionResult {
        let fields = work.fields
        let policy = sampler.policy
        var prompts = try tokens(of: work.source, policy: policy)
        let maximum = fields.maximumTokens ?? policy.contextLength
        for prompt in prompts { try check(prompt.promptTokens, work.source.field, policy, samples: maximum > 0) }
        onBegin()
        if maximum > 0 {
            let requests = prompts.enumerated().map { index, prompt in
                PolicyRequest(
                    tokens: prompt.promptTokens, count: fields.count, seed: fields.seed(ofPrompt: index),
                    options: fields.options(maximumTokens: maximum))
            }
            let sampled: [[PolicyResponse]]
            do {
                let read = onText.map { onText in
                    { @Sendable (prompt: Int, response: Int, text: String) in
                        onText(prompt * fields.count + response, text)
                        return true
                    }
                }
                sampled = try sampler.sample(requests, onText: read, isCancelled: { flag.isCancelled })
            } catch PolicyError.badOption(let field, let reason) {
                throw ModelServerError.badField(field, problem: reason)
            } catch {
                throw ModelServerError.failed("\(error)")
            }
            for index in prompts.indices { prompts[index].responses = sampled[index] }
        }
        try flag.check()
        if let alternatives = fields.logProbabilities {
            let scorer = TokenScorer(
                model: policy.model, pool: pool, temperature: fields.temperature, alternatives: alternatives)
            for index in prompts.indices {
                try flag.check()
                try addScores(scorer, echo: fields.echo, to: &prompts[index])
            }
        }
        return CompletionResult(prompts: prompts, tokenizer: policy.template.tokenizer)
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
