import Labels

/// One policy and how it stands in a project, also where the project has not used it yet.
struct PolicyOverview: Sendable {
    let policy: Policy
    let isCurrent: Bool
    let isReference: Bool
    /// Responses of the project that it wrote.
    let responses: Int
    let labelledGroups: Int
    /// Strict pairs against responses of other policies.
    let wins: Int
    let losses: Int

    /// The policies that a project could use: its own and those that belong to no project, in the order of their ids.
    static func all(of id: ProjectID, in store: Store) async throws -> [PolicyOverview] {
        let project = try await store.project(id)
        let used = Dictionary(
            try await store.policyTable(id).map { ($0.policy.id, $0) }, uniquingKeysWith: { first, _ in first })
        return try await store.policies().sorted { $0.id < $1.id }.compactMap { policy in
            let standing = used[policy.id]
            guard standing != nil || policy.project == nil || policy.project == id else { return nil }
            return PolicyOverview(
                policy: policy, isCurrent: project.currentPolicy == policy.id,
                isReference: project.referencePolicy == policy.id, responses: standing?.responses ?? 0,
                labelledGroups: standing?.labelledGroups ?? 0, wins: standing?.wins ?? 0,
                losses: standing?.losses ?? 0)
        }
    }
}
