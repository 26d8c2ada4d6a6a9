import Foundation
import Labels
import Logging
import Preferences
import ServiceLifecycle
import Web

/// Makes tasks ahead of need: samples responses from each project's mix of policies until enough tasks are ready, so
/// that no annotator waits for a model.
actor TaskSampler: Service {
    private let store: Store
    private let models: ModelServerSupervisor
    private let http: CompletionClientFactory
    private let tokenizers: PolicyTokenizers
    private let logger: Logger
    private var sampling: ProjectID?
    /// What keeps each kind of task from being made, and until when it is left alone.
    private var problems: [ProjectID: [TaskMode: String]] = [:]
    private var pausedUntil: [ProjectID: [TaskMode: ContinuousClock.Instant]] = [:]
    private var lastAdded: [ProjectID: Date] = [:]

    /// Groups sampled before the need is looked at again, so that one project does not keep the others waiting.
    private static let groupsATurn = 4
    private static let pauseAfterProblem = Duration.seconds(10)
    private static let idleInterval = Duration.milliseconds(500)

    init(
        store: Store, data: DataFolder, models: ModelServerSupervisor, http: CompletionClientFactory, logger: Logger
    ) {
        self.store = store
        self.models = models
        self.http = http
        self.tokenizers = PolicyTokenizers(data: data)
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await !self.turn() { try? await Task.sleep(for: Self.idleInterval) }
            }
        }
    }

    /// Tries again now, also where the last try failed.
    func wake(_ project: ProjectID) {
        pausedUntil[project] = nil
        problems[project] = nil
    }

    func status(of project: ProjectID) async throws -> SamplingStatus {
        let need = try await store.samplingNeed(project)
        return SamplingStatus(
            ready: need.ready, target: need.wanted, isSampling: sampling == project,
            promptsLeft: try await store.promptsWithoutTask(project),
            lastSampledAt: lastAdded[project], problem: problem(of: project))
    }

    /// One round over all projects. - Returns: whether anything was sampled.
    private func turn() async -> Bool {
        var sampledAny = false
        let projects = (try? await store.projects()) ?? []
        for project in projects where !project.paused && !Task.isCancelled {
            // One kind of task that cannot be made keeps no other kind waiting.
            for need in (try? await store.taskNeeds(project.id)) ?? [] where need.need.missing > 0 {
                let mode = need.mode
                if let pause = pausedUntil[project.id]?[mode], ContinuousClock.now < pause { continue }
                do {
                    sampling = project.id
                    defer { sampling = nil }
                    let made = try await makeTasks(of: mode, for: project, missing: need.need.missing)
                    sampledAny = sampledAny || made
                    problems[project.id]?[mode] = nil
                } catch is CancellationError {
                    return sampledAny
                } catch {
                    let lastProblem = problems[project.id, default: [:]].updateValue("\(error)", forKey: mode)
                    pausedUntil[project.id, default: [:]][mode] = .now + Self.pauseAfterProblem
                    if lastProblem != "\(error)" {
                        logger.warning("Sampling for project \(project.name) stands still: \(error)")
                    }
                }
            }
        }
        return sampledAny
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
        try await sample(for: project, mode: mode, groups: min(missing, Self.groupsATurn))
        return true
    }

    private func sample(for project: Project, mode: TaskMode, groups: Int) async throws {
        let plans = try await store.planSampling(
            project.id, groups: groups, seed: UInt64.random(in: 0...UInt64.max), mode: mode)
        var listings: ModelListings = [:]
        for plan in plans {
            var responses: [NewResponse] = []
            for part in plan.parts {
                responses += try await sample(
                    part, prompt: plan.prompt.prompt, settings: project.settings, listings: &listings)
            }
            let tasks = try await store.enqueue([NewGroup(plan, responses: responses)], in: project.id, by: .system)
            // Another policy became current meanwhile: the other plans are of the old one, too.
            if tasks.isEmpty { return }
            lastAdded[project.id] = Date()
        }
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
        let conversational = listed?.conversational ?? (part.policy.kind == .foreign)
        let request = CompletionRequest(
            model: model, prompt: prompt, count: part.count, seed: UInt64(bitPattern: part.seed),
            temperature: part.temperature, topP: settings.topP, topK: settings.topK, stop: settings.stop,
            maximumTokens: settings.maxTokens)
        let choices = try await client.complete(request, conversational: conversational)
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
        if policy.kind == .foreign { return (http.client(policy.path), policy.name) }
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
