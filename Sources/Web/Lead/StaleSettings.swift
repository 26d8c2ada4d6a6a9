import Crypto
import Foundation
import JSON
import Labels
import Preferences

/// A form of settings that were changed after it was opened; nothing of it was saved.
struct StaleSettings: Error {
    var stored: Project
    var typedName: String
    var typed: ProjectSettings

    static let words =
        "Somebody changed these settings after you had opened this page, perhaps you in another window, so nothing was "
        + "saved now. All that you typed is still here. Look at the differences below, take over what should stay, and "
        + "save again: that overwrites what is stored."

    /// What a posted form asks for, unless it was opened before a change that it would take back.
    /// - Throws: `StaleSettings`, or `FieldError` or `StoreError` naming the field that can't be taken.
    static func settings(_ form: LeadForm, over stored: Project) throws -> ProjectSettings {
        let typed = try ProjectForm.settings(form, from: stored.settings)
        let name = form.text("name")
        let version = try ProjectForm.version(of: stored)
        // A form that was sent twice is no conflict with itself.
        let isStored = typed == stored.settings && name == stored.name
        guard isStored || form.text("version") == version else {
            throw StaleSettings(stored: stored, typedName: name, typed: typed)
        }
        return typed
    }

    /// One setting that is stored otherwise than typed, by its name in the API.
    struct Difference: Sendable {
        var name: String
        var stored: String
        var typed: String
    }

    /// What is stored otherwise than typed, in order of name.
    func differences() throws -> [Difference] {
        let before = try Self.values(stored.name, stored.settings)
        let after = try Self.values(typedName, typed)
        return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { name in
            Difference(name: name, stored: before[name] ?? "none", typed: after[name] ?? "none")
        }
    }

    private static func values(_ name: String, _ settings: ProjectSettings) throws -> [String: String] {
        var found = ["name": name]
        try add(try JSONValue(encoding: settings), at: "", to: &found)
        return found
    }

    /// Adds the values inside objects by their paths, such as `quality.repeat_share`; an empty object has none.
    private static func add(_ value: JSONValue, at path: String, to found: inout [String: String]) throws {
        switch value {
        case .object(let members):
            for (name, member) in members {
                try add(member, at: path.isEmpty ? name : "\(path).\(name)", to: &found)
            }
        case .string(let text): found[path] = text.isEmpty ? "empty" : text
        default: found[path] = try value.json()
        }
    }
}

extension ProjectForm {
    /// A digest of what is stored of all that the form can change.
    static func version(of project: Project) throws -> String {
        let settings = try JSONLines.line(project.settings)
        return Data(SHA256.hash(data: Data("\(project.name)\n\(settings)".utf8))).urlSafeBase64
    }
}
