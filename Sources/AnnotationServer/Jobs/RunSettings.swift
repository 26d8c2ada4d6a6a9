import ArgumentParser
import Foundation
import JSON
package import Labels
import Policy
import RewardModel
import Runs
import Web

/// Settings of a run as the store keeps them: a text for each value, by its name in `run.json`.
package enum RunSettings {
    /// Settings from a command line, each written as `name=value`.
    static func parsed(_ pairs: [String]) throws -> [String: String] {
        var settings: [String: String] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw ValidationError("The setting '\(pair)' is not of the form name=value.")
            }
            settings[String(parts[0])] = String(parts[1])
        }
        return settings
    }

    /// A string as a setting's text: as it stands, or quoted where it would be read as a number or another JSON value.
    static func text(_ string: String) throws -> String {
        let isValue = (try? JSONValue(json: Data(string.utf8))) != nil
        return isValue ? try JSONValue.string(string).json() : string
    }

    /// Whose responses a reward model's card has a figure of its own for: those of the project's current policy.
    package static func newestPolicy(of project: Project, in store: Store) async throws -> [String: String] {
        guard let current = project.currentPolicy else { return [:] }
        return ["newest_policy": try text(try await store.policy(current).name)]
    }

    /// What the project sets, overridden by what this request sets.
    static func merged(project: [String: String], request: [String: String]) -> [String: String] {
        project.merging(request) { $1 }
    }

    /// Reads settings as the job of that kind will, so that a mistake shows before anything starts.
    /// - Throws: `OperationError` of the reason `invalid` that names the setting.
    package static func check(_ settings: [String: String], of kind: String) throws {
        do {
            try read(settings, of: kind)
        } catch let error as RunError {
            guard case .badSettings(let field, _) = error else { throw error }
            if !field.isEmpty { throw OperationError(.invalid, error.description, field: field) }
            // Of a number that is not whole where one must be, Foundation does not say which it was.
            let culprit = settings.sorted { $0.key < $1.key }.first { name, text in
                do { try read([name: text], of: kind) } catch RunError.badSettings { return true } catch {}
                return false
            }
            guard let culprit else { throw OperationError(.invalid, error.description) }
            throw OperationError(
                .invalid, "The run's setting “\(culprit.key)” cannot be \(culprit.value).", field: culprit.key)
        } catch let error as RewardModelError {
            guard case .badSetting(let field, _) = error else { throw error }
            throw OperationError(.invalid, error.description, field: field)
        } catch let error as PolicyError {
            guard case .badOption(let field, _) = error else { throw error }
            throw OperationError(.invalid, error.description, field: field)
        }
    }

    private static func read(_ settings: [String: String], of kind: String) throws {
        let specification = RunSpecification(
            kind: kind, seed: 0, parents: [], settings: object(settings), version: PlumbVersion.current)
        switch kind {
        case RunKind.rewardModel: try specification.settings(as: RewardModelSettings.self).validate()
        case RunKind.policyRefresh: try specification.settings(as: PolicyRefreshSettings.self).validate()
        case RunKind.supervised: try specification.settings(as: SupervisedSettings.self).validate()
        case RunKind.preferenceTuning: try specification.settings(as: PreferenceTuningSettings.self).validate()
        default: break
        }
    }

    /// The JSON object for `run.json`. Text that is no JSON value is taken as a string.
    static func object(_ settings: [String: String]) -> JSONValue {
        .object(
            settings.mapValues { text in
                let data = Data(text.utf8)
                return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .string(text)
            })
    }
}
