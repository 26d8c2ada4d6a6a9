import Foundation
import Runs
import Web

/// Settings of a run as the store keeps them: the JSON text of each value, by its name in `run.json`.
///
/// A lead's form sends plain words and numbers, the API sends JSON; both end up as the same JSON object.
enum RunSettings {
    /// What the project sets, overridden by what this request sets.
    static func merged(project: [String: String], request: [String: Web.JSONValue]) throws -> [String: String] {
        var settings = project
        for (name, value) in request {
            if let text = value.stringValue { settings[name] = text } else { settings[name] = try value.json() }
        }
        return settings
    }

    /// The JSON object for `run.json`. Text that is no JSON value is taken as a string.
    static func object(_ settings: [String: String]) -> Runs.JSONValue {
        .object(settings.mapValues { text in
            let data = Data(text.utf8)
            return (try? JSONDecoder().decode(Runs.JSONValue.self, from: data)) ?? .string(text)
        })
    }
}
