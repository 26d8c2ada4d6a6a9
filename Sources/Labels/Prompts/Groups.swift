import Foundation
import GRDB
public import Preferences

/// A response to be entered. Only what is known is given.
public struct NewResponse: Sendable, Hashable {
    public var text: String
    public var tokenIDs: [Int32]?
    public var tokenIDsSource: GroupResponse.TokenIDsSource?
    public var policy: PolicyID?
    /// Bit pattern of the generator's seed.
    public var seed: Int64?
    public var temperature: Double?
    /// Sum over the tokens with the end token, in nats, at `temperature`.
    public var logProbability: Double?
    public var finished: Bool?

    public init(
        text: String, tokenIDs: [Int32]? = nil, tokenIDsSource: GroupResponse.TokenIDsSource? = nil,
        policy: PolicyID? = nil, seed: Int64? = nil, temperature: Double? = nil, logProbability: Double? = nil,
        finished: Bool? = nil
    ) {
        self.text = text
        self.tokenIDs = tokenIDs
        self.tokenIDsSource = tokenIDsSource
        self.policy = policy
        self.seed = seed
        self.temperature = temperature
        self.logProbability = logProbability
        self.finished = finished
    }
}

/// A response group to be entered.
public struct NewGroup: Sendable, Hashable {
    public var prompt: PromptID
    public var responses: [NewResponse]
    /// The probability with which this task was chosen, for weights in evaluations; nil where it was not drawn.
    public var samplingProbability: Double?
    /// How the project stood when it was planned; nil takes how it stands when it is entered.
    public var basis: SamplingBasis?
    /// What its task asks for; nil is what the project's mode says.
    public var mode: TaskMode?

    public init(
        prompt: PromptID, responses: [NewResponse], samplingProbability: Double? = nil, mode: TaskMode? = nil
    ) {
        self.prompt = prompt
        self.responses = responses
        self.samplingProbability = samplingProbability
        self.mode = mode
    }

    /// What was sampled by a plan.
    public init(_ plan: GroupPlan, responses: [NewResponse], samplingProbability: Double? = nil) {
        self.init(
            prompt: plan.prompt.id, responses: responses, samplingProbability: samplingProbability, mode: plan.mode)
        basis = plan.basis
    }
}

extension Store {
    /// Enters sampled groups as open tasks, in one transaction. Any K from 2 up; a comparison has 2. A group that was
    /// planned under another current policy than the project has now is left out, as its task would be withdrawn.
    /// - Returns: the tasks of the groups that were entered.
    /// - Throws: `StoreError.invalid` that names the group.
    public func enqueue(_ groups: [NewGroup], in project: ProjectID, by actor: Actor = .system) async throws -> [TaskID]
    {
        let now = now
        let configuration = configuration
        return try await write { db in
            let project = try db.project(project)
            let tasks = try db.enter(groups, in: project, at: now, configuration: configuration)
            if actor != .system {  // The sampler enters a group at a time, all day; the tasks themselves say so.
                try db.audit(
                    .tasksAdd, subject: "project \(project.id)", details: "\(tasks.count) sampled groups", by: actor,
                    at: now)
            }
            return tasks
        }
    }

    /// The group of a task, with its sources: for leads and tests, never for annotators.
    public func group(ofTask task: TaskID) async throws -> ResponseGroup {
        try await read { db in
            guard let row = try db.row("SELECT group_id FROM tasks WHERE id = ?", [task]) else {
                throw StoreError.unknown(what: "task", id: "\(task)")
            }
            return try db.group(row["group_id"])
        }
    }

    public func groups(of tasks: [TaskID]) async throws -> [ResponseGroup] {
        var groups: [ResponseGroup] = []
        for task in tasks { groups.append(try await group(ofTask: task)) }
        return groups
    }
}

extension ProjectSettings {
    /// - Parameter task: nil is the project's mode.
    func check(responseCount: Int, of task: TaskMode? = nil, field: String) throws {
        switch task ?? mode {
        case .correction where responseCount != 1, .rating where responseCount != 1,
            .criticism where responseCount != 1:
            throw StoreError.invalid(field: field, problem: "such a task is about 1 response; found \(responseCount)")
        case .comparison where responseCount != 2:
            throw StoreError.invalid(
                field: field, problem: "a comparison is between 2 responses; found \(responseCount)")
        case .ranking where responseCount < 2:
            throw StoreError.invalid(
                field: field, problem: "a group needs at least 2 responses; found \(responseCount)")
        default: break
        }
    }
}

extension Database {
    /// Groups with a task each, as `Store.enqueue` says.
    /// - Parameter isOfCurrentPolicy: whether the tasks are withdrawn when another policy is made current.
    func enter(
        _ groups: [NewGroup], in project: Project, isOfCurrentPolicy: Bool = true, at now: Date,
        configuration: StoreConfiguration
    ) throws -> [TaskID] {
        var tasks: [TaskID] = []
        for (index, new) in groups.enumerated() {
            let prompt = try prompt(new.prompt)
            guard prompt.project == project.id else {
                throw StoreError.invalid(field: "groups[\(index)].prompt", problem: "it belongs to another project")
            }
            if let basis = new.basis, basis.policy != project.currentPolicy { continue }
            try project.settings.check(
                responseCount: new.responses.count, of: new.mode, field: "groups[\(index)].responses")
            let id = configuration.publicID("g")
            let responses = try new.responses.enumerated().map { position, response in
                (
                    response: GroupResponse(
                        id: "\(id)-\(position + 1)", text: response.text, tokenIDs: response.tokenIDs,
                        tokenIDsSource: response.tokenIDsSource,
                        policy: try response.policy.map { try policy($0).name }, seed: response.seed,
                        temperature: response.temperature, logProbability: response.logProbability,
                        finished: response.finished), policy: response.policy
                )
            }
            let group = ResponseGroup(id: id, prompt: prompt.prompt, responses: responses.map(\.response))
            let row = try insert(
                group, policies: responses.map(\.policy), prompt: new.prompt, project: project.id,
                origin: "sampled",
                at: now)
            tasks.append(
                try insertTask(
                    group: row, project: project, mode: new.mode, state: "open", round: new.basis?.round,
                    probability: new.samplingProbability,
                    under: isOfCurrentPolicy ? project.currentPolicy : nil, at: now))
        }
        return tasks
    }

    /// Content alone: equal prompts with equal texts in equal order.
    static func contentHash(_ group: ResponseGroup) -> Data {
        var bytes = group.prompt.canonicalBytes
        for response in group.responses {
            let text = Array(response.text.utf8)
            bytes.append(contentsOf: "|\(text.count):".utf8)
            bytes.append(contentsOf: text)
        }
        return Secrets.sha256(bytes)
    }

    /// - Parameter policies: as many as responses; the policies of this store that wrote them.
    func insert(
        _ group: ResponseGroup, policies: [PolicyID?], prompt: PromptID, project: ProjectID, origin: String,
        at now: Date
    ) throws -> GroupID {
        let row: GroupID = try insert(
            """
            INSERT INTO response_groups (project_id, public_id, prompt_id, k, content_hash, origin, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                project, group.id, prompt, group.responses.count, Database.contentHash(group), origin, now.milliseconds,
            ])
        for (position, response) in group.responses.enumerated() {
            try run(
                """
                INSERT INTO responses (group_id, position, public_id, text, token_ids, token_ids_source, policy_id,
                    policy_name, seed, temperature, log_probability, finished)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    row, position, response.id, response.text, response.tokenIDs.map(TokenBytes.data),
                    response.tokenIDs == nil ? nil : response.tokenIDsSource?.rawValue, policies[position],
                    policies[position] == nil ? response.policy : nil, response.seed, response.temperature,
                    response.logProbability, response.finished,
                ])
        }
        try run("UPDATE prompts SET group_count = group_count + 1 WHERE id = ?", [prompt])
        return row
    }

    func insertTask(
        group: GroupID, project: Project, mode: TaskMode? = nil, state: String, round: Int? = nil, overlap: Int? = nil,
        probability: Double? = nil, under policy: PolicyID?, at now: Date
    ) throws -> TaskID {
        let task: TaskID = try insert(
            """
            INSERT INTO tasks (project_id, group_id, mode, state, round, overlap, made_under_policy_id,
                sampling_probability, created_at, closed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                project.id, group, (mode ?? project.settings.mode).rawValue, state, round ?? project.round,
                overlap ?? project.settings.overlap, policy, probability, now.milliseconds,
                state == "open" ? nil : now.milliseconds,
            ])
        try readIdentityWords(of: task)
        return task
    }

    /// A group with everything that is known of its responses.
    func group(_ id: GroupID) throws -> ResponseGroup {
        guard
            let row = try row(
                """
                SELECT g.public_id, p.content FROM response_groups g JOIN prompts p ON p.id = g.prompt_id
                WHERE g.id = ?
                """, [id])
        else { throw StoreError.unknown(what: "response group", id: "\(id)") }
        return ResponseGroup(id: row["public_id"], prompt: try row.json("content"), responses: try responses(of: id))
    }

    /// In stored order.
    func responses(of group: GroupID) throws -> [GroupResponse] {
        try rows(
            """
            SELECT r.*, coalesce(policies.name, policy_name) AS policy FROM responses r
            LEFT JOIN policies ON policies.id = r.policy_id WHERE group_id = ? ORDER BY position
            """, [group]
        ).map { row in
            let tokens: Data? = row["token_ids"]
            let source: String? = row["token_ids_source"]
            return GroupResponse(
                id: row["public_id"], text: row["text"], tokenIDs: tokens.map(TokenBytes.tokens),
                tokenIDsSource: source.flatMap(GroupResponse.TokenIDsSource.init(rawValue:)), policy: row["policy"],
                seed: row["seed"], temperature: row["temperature"], logProbability: row["log_probability"],
                finished: row["finished"])
        }
    }
}

/// Token ids as 32-bit little-endian integers.
enum TokenBytes {
    static func data(_ tokens: [Int32]) -> Data {
        var data = Data(capacity: tokens.count * 4)
        for token in tokens {
            let bits = UInt32(bitPattern: token)
            for shift in stride(from: 0, to: 32, by: 8) { data.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        return data
    }

    static func tokens(_ data: Data) -> [Int32] {
        let bytes = Array(data)
        return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            var bits: UInt32 = 0
            for offset in 0..<4 { bits |= UInt32(bytes[start + offset]) << (8 * UInt32(offset)) }
            return Int32(bitPattern: bits)
        }
    }
}
