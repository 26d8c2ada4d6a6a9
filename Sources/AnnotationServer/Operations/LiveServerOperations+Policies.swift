import Labels
import Web

/// Policies that come from outside while the server runs.
extension LiveServerOperations {
    func policyFolders() async throws -> [String] {
        try await translated { try IncomingPolicies(data: self.data).folders(besides: await self.store.policies()) }
    }

    func addPolicy(_ request: AddPolicyRequest) async throws -> Labels.Policy {
        try await translated {
            do {
                return try await self.store.addPolicy(self.incoming(request), by: .user(request.user))
            } catch let problem as IncomingPolicies.Problem {
                throw OperationError(.invalid, problem.description, field: problem.field)
            }
        }
    }

    private func incoming(_ request: AddPolicyRequest) async throws -> NewPolicy {
        switch request.origin {
        case .server(let address): return try IncomingPolicies.foreign(request.name, server: address)
        case .folder(let isBase):
            let incoming = IncomingPolicies(data: data)
            let policy = try await incoming.local(request.name, isBase: isBase)
            try await incoming.tryOut(request.name)
            return policy
        }
    }
}
