import Foundation
import Labels
import Runs
import Web

/// Policies that come from outside while the server runs.
extension LiveServerOperations {
    func policyFolders() async throws -> [String] {
        try await translated { try await IncomingPolicies(data: self.data).folders(in: self.store) }
    }

    func addPolicy(_ request: AddPolicyRequest) async throws -> Labels.Policy {
        try await translated {
            do {
                if try await self.store.policy(named: request.name) != nil {
                    throw IncomingPolicies.Problem.taken(request.name)
                }
                switch request.origin {
                case .server(let address):
                    let new = try IncomingPolicies.foreign(request.name, server: address)
                    return try await self.store.addPolicy(new, by: .user(request.user))
                case .folder(let folder, let kind):
                    return try await self.tryOuts.alone {
                        try await self.addFolder(folder ?? request.name, kind: kind, request)
                    }
                }
            } catch let problem as IncomingPolicies.Problem {
                throw OperationError(
                    problem.isConflict ? .conflict : .invalid, problem.description, field: problem.field)
            }
        }
    }

    private func addFolder(
        _ folder: String, kind: AddPolicyRequest.Kind, _ request: AddPolicyRequest
    ) async throws -> Labels.Policy {
        // A name alone: what lies elsewhere on the server's disk is not for whoever asks.
        guard folder.wholeMatch(of: /\.?[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else {
            throw IncomingPolicies.Problem.name(folder)
        }
        let incoming = IncomingPolicies(data: data)
        guard try await !store.policies().contains(where: { $0.path == DataFolder.policyPath(folder) }) else {
            throw IncomingPolicies.Problem.taken(folder)
        }
        try await incoming.requireNoResult(folder, in: store)
        let source = data.policy(folder)
        let new = try await incoming.enter(source, as: request.name, kind: kind.policyKind, isTriedOut: true)
        do {
            return try await store.addPolicy(new, by: .user(request.user))
        } catch {
            // Back to where whoever copied it looks for it.
            if folder != request.name { try DurableFile.rename(data.policy(request.name), to: source) }
            throw error
        }
    }
}

extension AddPolicyRequest.Kind {
    fileprivate var policyKind: PolicyKind {
        switch self {
        case .base: .base
        case .supervised: .supervised
        }
    }
}
