import GRDB
import Preferences
import SeededRandom

/// How many tasks a project has in store for its annotators.
public struct SamplingNeed: Sendable, Hashable {
    /// Open tasks that nobody has opened, answered or skipped, of the current policy or of none: whoever comes, finds one.
    public let ready: Int
    /// As many as the project's `tasksAhead`.
    public let wanted: Int
    public var missing: Int { max(0, wanted - ready) }
}

/// A share of a group that one policy samples in one call.
public struct PlanPart: Sendable, Hashable {
    public let policy: Policy
    public let temperature: Double
    public let count: Int
    /// Not negative and below 2^53, so that it survives any JSON reader.
    public let seed: Int64

    public init(policy: Policy, temperature: Double, count: Int, seed: Int64) {
        self.policy = policy
        self.temperature = temperature
        self.count = count
        self.seed = seed
    }
}

/// A group to be sampled.
public struct GroupPlan: Sendable, Hashable {
    public let prompt: StoredPrompt
    public internal(set) var parts: [PlanPart]
    public let basis: SamplingBasis
    /// What its task asks for.
    public let mode: TaskMode
}

/// How a project stood when a group was planned.
public struct SamplingBasis: Sendable, Hashable {
    /// The current policy; nil where the mix names its policies itself and the project has none.
    public let policy: PolicyID?
    public let round: Int

    public init(policy: PolicyID?, round: Int) {
        self.policy = policy
        self.round = round
    }
}

extension Store {
    public func samplingNeed(_ project: ProjectID) async throws -> SamplingNeed {
        let now = now
        return try await read { db in
            let project = try db.project(project)
            let ready = try db.count(
                """
                SELECT count(*) FROM tasks WHERE project_id = ? AND state = 'open' AND label_count = 0 AND priority = 0
                    AND \(Database.isOfCurrentPolicy)
                    AND NOT EXISTS (SELECT 1 FROM leases
                        WHERE task_id = tasks.id AND closed_at IS NULL AND expires_at > ?)
                    AND NOT EXISTS (SELECT 1 FROM skips WHERE task_id = tasks.id)
                """, [project.id, project.currentPolicy, now.milliseconds])
            return SamplingNeed(ready: ready, wanted: project.settings.tasksAhead)
        }
    }

    /// Chooses the ranking prompts with the fewest groups so far (the oldest of them first), K per prompt, and which
    /// policy of the mix writes how many of the K. Retired prompts, and those that a policy of the mix cannot answer, are
    /// passed over. The same seed over the same store gives the same plan.
    /// - Parameter mode: what the tasks shall ask for; nil is the project's mode. The others show one response.
    /// - Returns: at most as many groups as there are prompts.
    /// - Throws: `StoreError.noPrompts`, `.noAnswerablePrompts`, `.noCurrentPolicy`, `.noReferencePolicy`.
    public func planSampling(
        _ project: ProjectID, groups: Int, seed: UInt64, mode: TaskMode? = nil
    ) async throws -> [GroupPlan] {
        try await read { db in
            let project = try db.project(project)
            let mix = try db.resolvedMix(of: project)
            let prompts = try db.rows(
                """
                SELECT * FROM prompts p WHERE project_id = ? AND use = 'ranking' AND \(Database.canBeSampled)
                ORDER BY group_count, id LIMIT ?
                """, [project.id, try Database.list(mix.map(\.policy.id)), groups]
            ).map(StoredPrompt.init(row:))
            guard !prompts.isEmpty || groups <= 0 else { throw try db.nothingToSample(in: project, use: .ranking) }
            return prompts.map {
                project.groupPlan(for: $0, from: mix, mode: mode ?? project.settings.mode, seed: seed)
            }
        }
    }

    /// Prompts for ranking that no group was made of yet and that sampling does not pass over.
    public func promptsWithoutTask(_ project: ProjectID) async throws -> Int {
        try await read { db in
            let project = try db.project(project)
            return try db.count(
                """
                SELECT count(*) FROM prompts p WHERE project_id = ? AND use = 'ranking' AND group_count = 0
                    AND \(Database.canBeSampled)
                """, [project.id, try Database.list(project.mixedPolicies)])
        }
    }
}

enum MixShares {
    /// Whole shares of `count` by weight: each part gets its share rounded down, and what is left is drawn by the
    /// fractions that were cut off, so that over many groups every part has its weight.
    static func split(_ count: Int, weights: [Double], using generator: inout SplitMix64) -> [Int] {
        // Relative to the heaviest one, so that no weight that a store may hold makes the sum infinite.
        let heaviest = weights.filter(\.isFinite).max() ?? 0
        let relative = weights.map { heaviest > 0 && $0.isFinite ? max(0, $0 / heaviest) : 1 }
        let total = relative.reduce(0, +)
        let exact = relative.map { Double(count) * $0 / total }
        var shares = exact.map { Int($0.rounded(.down)) }
        var fractions = zip(exact, shares).map { $0 - Double($1) }
        for _ in 0..<max(0, count - shares.reduce(0, +)) {
            var draw = generator.nextUnit() * fractions.reduce(0, +)
            var chosen = fractions.indices.last { fractions[$0] > 0 } ?? 0
            for (index, fraction) in fractions.enumerated() where fraction > 0 {
                if draw < fraction {
                    chosen = index
                    break
                }
                draw -= fraction
            }
            shares[chosen] += 1
            fractions[chosen] = 0
        }
        return shares
    }
}

extension Project {
    /// K, and which policy of the mix writes how many of the K.
    func groupPlan(
        for prompt: StoredPrompt, from mix: [(policy: Policy, temperature: Double)], mode: TaskMode, seed: UInt64
    ) -> GroupPlan {
        var generator = SplitMix64(seed: seed, stream: UInt64(bitPattern: prompt.id.rawValue))
        let range = mode.isPreference ? settings.responseCount : .fixed(1)
        let count = range.smallest + generator.nextIndex(below: range.largest - range.smallest + 1)
        let shares = MixShares.split(count, weights: settings.mix.map(\.weight), using: &generator)
        let parts = zip(mix, shares).compactMap { part, share in
            let seed = Int64(generator.next() >> 11)
            return share == 0
                ? nil : PlanPart(policy: part.policy, temperature: part.temperature, count: share, seed: seed)
        }
        return GroupPlan(
            prompt: prompt, parts: parts, basis: SamplingBasis(policy: currentPolicy, round: round),
            mode: mode)
    }
}

extension Database {
    /// A group of two responses from two different parts of the mix, drawn by weight; from one part where there is no other.
    func pairPlan(for prompt: StoredPrompt, in project: Project, seed: UInt64) throws -> GroupPlan {
        var generator = SplitMix64(seed: seed, stream: UInt64(bitPattern: prompt.id.rawValue))
        var left = Array(zip(try resolvedMix(of: project), project.settings.mix.map(\.weight)))
        var parts: [PlanPart] = []
        while parts.count < 2, !left.isEmpty {
            let shares = MixShares.split(1, weights: left.map(\.1), using: &generator)
            let drawn = left[shares.firstIndex(of: 1) ?? 0].0
            parts.append(
                PlanPart(
                    policy: drawn.policy, temperature: drawn.temperature, count: 1, seed: Int64(generator.next() >> 11))
            )
            left.removeAll { $0.0.policy.id == drawn.policy.id && $0.0.temperature == drawn.temperature }
        }
        if parts.count == 1 {
            let only = parts[0]
            parts = [PlanPart(policy: only.policy, temperature: only.temperature, count: 2, seed: only.seed)]
        }
        return GroupPlan(
            prompt: prompt, parts: parts, basis: SamplingBasis(policy: project.currentPolicy, round: project.round),
            mode: .comparison)
    }

    func resolvedMix(of project: Project) throws -> [(policy: Policy, temperature: Double)] {
        try project.settings.mix.map { part in
            let id: PolicyID
            switch part.policy {
            case .current:
                guard let current = project.currentPolicy else {
                    throw StoreError.noCurrentPolicy(project: project.name)
                }
                id = current
            case .reference:
                guard let reference = project.referencePolicy else {
                    throw StoreError.noReferencePolicy(project: project.name)
                }
                id = reference
            case .policy(let named): id = named
            }
            return (try usablePolicy(id), part.temperature)
        }
    }
}
