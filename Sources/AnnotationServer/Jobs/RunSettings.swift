import Foundation
import Runs

/// Settings of a run as the store keeps them: a text for each value, by its name in `run.json`.
enum RunSettings {
    /// What the project sets, overridden by what this request sets.
    static func merged(project: [String: String], request: [String: String]) -> [String: String] {
        project.merging(request) { $1 }
    }

    /// The JSON object for `run.json`. Text that is no JSON value is taken as a string.
    static func object(_ settings: [String: String]) -> Runs.JSONValue {
        .object(
            settings.mapValues { text in
                let data = Data(text.utf8)
                return (try? JSONDecoder().decode(Runs.JSONValue.self, from: data)) ?? .string(text)
            })
    }
}
