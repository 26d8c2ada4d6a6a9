import ArgumentParser
import Foundation
import JSON
import Runs

/// Settings of a run as the store keeps them: a text for each value, by its name in `run.json`.
enum RunSettings {
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

    /// What the project sets, overridden by what this request sets.
    static func merged(project: [String: String], request: [String: String]) -> [String: String] {
        project.merging(request) { $1 }
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
