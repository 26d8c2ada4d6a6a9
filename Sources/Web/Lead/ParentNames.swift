import Labels

/// What runs, reward models and policies were made from, by the names that people know.
struct ParentNames: Sendable {
    private let names: [Parent: String]

    /// - Throws: what the store throws where a parent is not in it.
    init(of parents: [Parent], in store: Store) async throws {
        var names: [Parent: String] = [:]
        for parent in Set(parents) {
            names[parent] =
                switch parent.kind {
                case .policy: try await store.policy(PolicyID(rawValue: parent.id)).name
                case .rewardModel: try await store.rewardModel(RewardModelID(rawValue: parent.id)).name
                case .snapshot: "\(parent.id)"
                }
        }
        self.names = names
    }

    /// “base demo-supervised, reward model reward-1, snapshot 5”; nil for what was made from nothing that is known.
    func words(_ parents: [Parent]) -> String? {
        parents.isEmpty
            ? nil
            : parents.map { "\($0.role.replacing("-", with: " ")) \(names[$0] ?? "\($0.id)")" }.joined(separator: ", ")
    }
}
