public import Foundation
import GRDB
import JSON

/// Unfinished work on a task, as the page of the task keeps it: an object of JSON whose meaning is the page's alone.
public struct Draft: Sendable, Hashable {
    public static let largestBytes = 512 * 1024
    static let deepest = 64

    /// One object of JSON, keys sorted.
    public let json: String
    /// Counts up with every save.
    public let version: Int

    /// - Throws: `StoreError.invalid` for what is no object of JSON, or is too large, too deep or of no version.
    public init(json: Data, version: Int) throws {
        guard json.count <= Draft.largestBytes else {
            throw StoreError.invalid(
                field: "draft", problem: "it has \(json.count) bytes, and \(Draft.largestBytes) is the most")
        }
        guard version >= 1 else {
            throw StoreError.invalid(field: "version", problem: "counts from 1; found \(version)")
        }
        guard Draft.depth(of: json) <= Draft.deepest else {
            throw StoreError.invalid(field: "draft", problem: "it is nested deeper than \(Draft.deepest) levels")
        }
        guard let value = try? JSONValue(json: json), value.objectValue != nil else {
            throw StoreError.invalid(field: "draft", problem: "it is not an object of JSON")
        }
        self.json = try value.json()
        self.version = version
    }

    init(stored json: String, version: Int) {
        self.json = json
        self.version = version
    }

    /// At most as deep as this; brackets in texts count too.
    private static func depth(of json: Data) -> Int {
        var depth = 0
        var deepest = 0
        for byte in json {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return deepest
    }
}

extension Store {
    /// Keeps unfinished work. The same draft with the same version again changes nothing.
    /// - Throws: `StoreError.newerDraft` where another window saved that version or a later one.
    public func saveDraft(_ draft: Draft, token: String, user: UserID) async throws {
        try await writeTogether { db in
            let lease = try db.openLease(token: token, of: user)
            guard draft.version > lease.draftVersion else {
                if draft == lease.draft { return }
                throw StoreError.newerDraft(version: lease.draftVersion)
            }
            try db.run(
                "UPDATE leases SET draft = ?, draft_version = ? WHERE id = ?", [draft.json, draft.version, lease.id])
        }
    }

    /// The newest draft of a task that is not answered yet.
    public func draft(token: String, user: UserID) async throws -> Draft? {
        try await read { db in try db.openLease(token: token, of: user).draft }
    }
}
