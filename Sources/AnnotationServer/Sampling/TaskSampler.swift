import Foundation
package import Labels
package import Logging
import Preferences
import SeededRandom
import ServiceLifecycle
import Web

/// Makes tasks ahead of need: samples responses from each project's mix of policies until enough tasks are ready, so
/// that no annotator waits for a model.
package actor TaskSampler: Service {
    let store: Store
    private let models: ModelServerSupervisor
    private let http: CompletionClientFactory
    private let tokenizers: PolicyTokenizers
    private let scoring: RewardScoring
    private let logger: Logger
    private var sampling: ProjectID?
    /// What keeps each kind of task from being made, and until when it is left alone.
    private var problems: [ProjectID: [Work: String]] = [:]
    private var pausedUntil: [ProjectID: [Work: ContinuousClock.Instant]] = [:]
    private var lastAdded: [ProjectID: Date] = [:]
    /// How each project's tasks are chosen, where not in turn.
    private var choices: [ProjectID: String] = [:]

    /// A kind of task; one that cannot be made keeps no other kind waiting.
    private enum Work: Hashable {
        case mode(TaskMode)
        /// Pairs of two policies that people compare before one goes live.
        case promotions
    }

    /// Groups sampled before the need is looked at again, so that one project does not keep the others waiting.
    private static let groupsATurn = 4
    private static let pauseAfterProblem = Duration.seconds(10)
    private static let idleInterval = Duration.milliseconds(500)

    package init(
        store: Store, data: DataFolder, models: ModelServerSupervisor, http: CompletionClientFactory, logger: Logger
    ) {
        self.store = store
        self.models = models
        self.http = http
        self.tokenizers = PolicyTokenizers(data: data)
        self.scoring = RewardScoring(data: data)
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await !self.turn() { try? await Task.sleep(for: Self.idleInterval) }
            }
        }
    }

    /// Tries again now, also where the last try failed.
    package func wake(_ project: ProjectID) {
        pausedUntil[project] = nil
        problems[project] = nil
    }

    func status(of project: ProjectID) async throws -> SamplingStatus {
        let need = try await store.samplingNeed(project)
        return SamplingStatus(
            ready: need.ready, target: need.wanted, isSampling: sampling == project,
            promptsLeft: try await store.promptsWithoutTask(project),
            unanswerable: try await store.unanswerablePromptCount(project), lastSampledAt: lastAdded[project],
            problem: problem(of: project), choice: choices[project])
    }

    /// One round over all projects. - Returns: whether anything was sampled.
    package func turn() async -> Bool {
        var sampledAny = false
        let projects = (try? await store.projects()) ?? []
        for project in projects where !project.paused && !Task.isCancelled {
            do {
                sampledAny =
                    try await attempt(.promotions, for: project) { try await makePairs(for: project) } || sampledAny
                for need in (try? await store.taskNeeds(project.id)) ?? [] where need.need.missing > 0 {
                    sampledAny =
                        try await attempt(.mode(need.mode), for: project) {
                            try await makeTasks(of: need.mode, for: project, missing: need.need.missing)
                        } || sampledAny
                }
            } catch { return sampledAny }
        }
        return sampledAny
    }

    /// Does one kind of work, unless it failed just now; what goes wrong is kept in words.
    /// - Returns: whether anything was sampled.
    /// - Throws: `CancellationError` alone.
    private func attempt(
        _ work: Work, for project: Project, _ body: () async throws -> Bool
    ) async throws(CancellationError) -> Bool {
        if let pause = pausedUntil[project.id]?[work], ContinuousClock.now < pause { return false }
        sampling = project.id
        defer { sampling = nil }
        do {
            let made = try await body()
            problems[project.id]?[work] = nil
            return made
        } catch let error as CancellationError {
            throw error
        } catch {
            let lastProblem = problems[project.id, default: [:]].updateValue("\(error)", forKey: work)
            pausedUntil[project.id, default: [:]][work] = .now + Self.pauseAfterProblem
            if lastProblem != "\(error)" {
                logger.warning("Sampling for project \(project.name) stands still: \(error)")
            }
            return false
        }
    }

    private func problem(of project: ProjectID) -> String? {
        let found = Set((problems[project] ?? [:]).values).sorted()
        return found.isEmpty ? nil : found.joined(separator: " ")
    }

    /// - Returns: whether any was made.
    private func makeTasks(of mode: TaskMode, for project: Project, missing: Int) async throws -> Bool {
        if FeedbackKind(rawValue: mode.rawValue)?.responseCount == 0 {
            let made = try await store.addWritingTasks(project.id, mode: mode, count: missing)
            if made > 0 { lastAdded[project.id] = Date() }
            return made > 0
        }
        let groups = min(missing, Self.groupsATurn)
        let choice = project.settings.choice
        if mode == project.settings.mode, choice.strategy == .disagreement {
            if let model = try await store.rewardModels(project.id).filter({ $0.prunedAt == nil }).max(by: {
                $0.id < $1.id
            }) {
                choices[project.id] = "Tasks are chosen by what \(model.name) is least sure of."
                return try await makeChosenTasks(for: project, tasks: groups, by: model)
            }
            choices[project.id] = "The prompts take turns until there is a reward model to choose by."
        } else {
            choices[project.id] = nil
        }
        try await sample(for: project, mode: mode, groups: groups)
        return true
    }

    /// Pairs of policies that people compare.
    private func makePairs(for project: Project) async throws -> Bool {
        let pairs = try await store.planPromotionPairs(project.id, limit: Self.groupsATurn)
        var listings: ModelListings = [:]
        for pair in pairs {
            guard let responses = try await answers(to: pair.plan, settings: project.settings, listings: &listings)
            else { continue }
            try await store.enter(pair, responses: responses)
            lastAdded[project.id] = Date()
        }
        return !pairs.isEmpty
    }

    /// Samples more groups than are wanted, and makes tasks of those whose answers are expected to tell most, and of some by
    /// chance, each with the probability that it was chosen with.
    private func makeChosenTasks(for project: Project, tasks: Int, by model: RewardModelRecord) async throws -> Bool {
        let choice = project.settings.choice
        let seed = UInt64.random(in: 0...UInt64.max)
        let candidates = try await store.planCandidates(
            project.id, count: tasks * choice.candidates, seed: seed, oversampling: choice.oversampling)
        var listings: ModelListings = [:]
        var prompts: [StoredPrompt] = []
        var groups: [NewGroup] = []
        for candidate in candidates {
            guard let responses = try await answers(to: candidate.plan, settings: project.settings, listings: &listings)
            else { continue }
            prompts.append(candidate.plan.prompt)
            groups.append(NewGroup(candidate.plan, responses: Self.spread(responses, keeping: candidate.shown)))
        }
        let information = try await scoring.information(
            of: zip(prompts, groups).map { ($0.prompt, $1.responses) }, by: model,
            countsSafety: project.settings.answersTellSafety)
        let probabilities = TaskChoice.inclusionProbabilities(
            information: information, expected: Double(tasks), randomShare: choice.randomShare)
        var random = SplitMix64(seed: seed, stream: .max)
        var chosen: [ChosenGroup] = []
        for (place, probability) in probabilities.enumerated() where random.nextUnit() < probability {
            groups[place].samplingProbability = probability
            chosen.append(ChosenGroup(group: groups[place], information: information[place]))
        }
        let made = try await store.enterChosen(
            chosen, considered: prompts.map(\.id), in: project.id)
        if !made.isEmpty { lastAdded[project.id] = Date() }
        return true
    }

    /// The most different of the responses.
    private static func spread(_ responses: [NewResponse], keeping count: Int) -> [NewResponse] {
        TaskChoice.farthest(responses.map(\.text), keeping: count).map { responses[$0] }
    }

    private func sample(for project: Project, mode: TaskMode, groups: Int) async throws {
        let plans = try await store.planSampling(
            project.id, groups: groups, seed: UInt64.random(in: 0...UInt64.max), mode: mode)
        var listings: ModelListings = [:]
        for plan in plans {
            let times = mode.isPreference ? project.settings.choice.oversampling : 1
            guard
                var responses = try await answers(
                    to: plan, settings: project.settings, times: times, listings: &listings)
            else { continue }
            responses = Self.spread(responses, keeping: responses.count / times)
            let tasks = try await store.enqueue([NewGroup(plan, responses: responses)], in: project.id, by: .system)
            // Another policy became current meanwhile: the other plans are of the old one, too.
            if tasks.isEmpty { return }
            lastAdded[project.id] = Date()
        }
    }

    /// The responses of a group, one part after the other; nil where a policy cannot answer the prompt, which is noted then,
    /// so that the others come to their turn.
    /// - Parameter times: how many are sampled for each one that the plan asks for.
    private func answers(
        to plan: GroupPlan, settings: ProjectSettings, times: Int = 1, listings: inout ModelListings
    ) async throws -> [NewResponse]? {
        var responses: [NewResponse] = []
        for part in plan.parts {
            let more = PlanPart(
                policy: part.policy, temperature: part.temperature, count: part.count * times, seed: part.seed)
            do {
                responses += try await sample(more, prompt: plan.prompt.prompt, settings: settings, listings: &listings)
            } catch let error as UnanswerablePrompt {
                try await store.noteRefusal(of: plan.prompt.id, by: error.policy.id, reason: error.reason)
                logger.warning("Prompt \(plan.prompt.id) is passed over from now on. \(error)")
                return nil
            }
        }
        return responses
    }

    /// The responses of a group that somebody waits for, its parts sampled side by side.
    func responses(for plan: GroupPlan, settings: ProjectSettings) async throws -> [NewResponse] {
        try await withThrowingTaskGroup(of: (Int, [NewResponse]).self) { group in
            for (index, part) in plan.parts.enumerated() {
                group.addTask {
                    var listings: ModelListings = [:]
                    return (
                        index,
                        try await self.sample(
                            part, prompt: plan.prompt.prompt, settings: settings, listings: &listings)
                    )
                }
            }
            var parts: [Int: [NewResponse]] = [:]
            for try await (index, responses) in group { parts[index] = responses }
            return plan.parts.indices.flatMap { parts[$0] ?? [] }
        }
    }

    /// The models of each server that was asked in this turn, by the server's address.
    private typealias ModelListings = [String: [CompletionClient.Model]]

    private func sample(
        _ part: PlanPart, prompt: Prompt, settings: ProjectSettings, listings: inout ModelListings
    ) async throws -> [NewResponse] {
        let (client, model) = try await client(for: part.policy)
        let models: [CompletionClient.Model]
        if let known = listings[client.address] {
            models = known
        } else {
            models = try await client.models()
            listings[client.address] = models
        }
        let listed = models.first { $0.id == model }
        let conversational = try await tokenizers.takesMessages(part.policy, listed: listed)
        let request = CompletionRequest(
            model: model, prompt: prompt, count: part.count, seed: UInt64(bitPattern: part.seed),
            temperature: part.temperature, topP: settings.topP, topK: settings.topK, stop: settings.stop,
            maximumTokens: settings.maxTokens)
        let choices: [CompletionChoice]
        do {
            choices = try await client.complete(request, conversational: conversational)
        } catch let error as CompletionError {
            let fault = await client.fault(
                ofPromptIn: request, conversational: conversational, refusedWith: error)
            guard let fault else { throw error }
            throw UnanswerablePrompt(policy: part.policy, reason: fault)
        }
        var responses: [NewResponse] = []
        for choice in choices {
            let (ids, source) = try await tokenIDs(of: choice, from: part.policy)
            responses.append(
                NewResponse(
                    text: choice.text, tokenIDs: ids, tokenIDsSource: source, policy: part.policy.id,
                    seed: choice.seed.map { Int64(bitPattern: $0) } ?? part.seed, temperature: part.temperature,
                    logProbability: choice.logProbability, finished: choice.finished))
        }
        return responses
    }

    /// The ids as sampled where the server gave them, else those of the policy's tokenizer for the text.
    private func tokenIDs(
        of choice: CompletionChoice, from policy: Labels.Policy
    ) async throws -> ([Int32]?, GroupResponse.TokenIDsSource?) {
        if let ids = choice.tokenIDs { return (ids, .own) }
        guard policy.kind != .foreign else { return (nil, nil) }
        let ids = try await tokenizers.tokenIDs(of: choice.text, finished: choice.finished, policyPath: policy.path)
        return (ids, .retokenised)
    }

    /// The server that samples from a policy: our own child, or the foreign one that the policy's path names.
    private func client(for policy: Labels.Policy) async throws -> (CompletionClient, model: String) {
        if policy.kind == .foreign {
            return (http.client(policy.path, key: await models.key(of: policy.path)), policy.name)
        }
        guard let client = await models.client else { throw SamplingProblem.modelServerStarting }
        return (client, policy.name)
    }
}

/// Why sampling waits, in words for the lead.
enum SamplingProblem: Error, CustomStringConvertible {
    case modelServerStarting

    var description: String {
        switch self {
        case .modelServerStarting: "The model server is starting."
        }
    }
}
