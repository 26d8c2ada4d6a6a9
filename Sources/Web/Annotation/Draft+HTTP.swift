import Foundation
import Hummingbird
import JSON
import Labels
import NIOCore
import Preferences

/// How drafts travel between a page and the server.
extension Draft {
    /// `{"draft": {…}, "version": 4}`; `{"draft": null, "version": 0}` where there is none.
    static func response(_ draft: Draft?) throws -> Response {
        try .json([
            "draft": try draft.map { try JSONValue(json: Data($0.json.utf8)) } ?? .null,
            "version": .integer(draft?.version ?? 0),
        ])
    }

    /// Reads the same from a request and lets `keep` store it. Answers 409 with the stored `version` where that is not an
    /// older one.
    static func save(from request: Request, _ keep: (Draft) async throws -> Void) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: Draft.largestBytes + 1024)
        guard let sent = try? JSONValue(json: Data(body.readableBytesView)), let content = sent["draft"],
            let version = sent["version"]?.integerValue
        else { throw Problem.unreadable("A draft is sent as JSON with the members “draft” and “version”.") }
        do {
            try await keep(try Draft(json: Data(try content.json().utf8), version: version))
        } catch let error as StoreError {
            guard case .newerDraft(let stored) = error else { throw error }
            return try .json(
                [
                    "version": .integer(stored),
                    "error": [
                        "status": 409, "title": "A newer draft exists",
                        "message": .string(Wording.sentence(error.description)),
                    ],
                ], status: .conflict)
        }
        return Response(status: .noContent)
    }
}
