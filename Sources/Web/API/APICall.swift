import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import NIOCore

/// One authorised request to the API: who asks, for what, with what.
struct APICall: Sendable {
    let services: WebServices
    let request: Request
    let context: PlumbContext
    /// The token's owner and role; nil only where an endpoint takes calls without a token.
    let access: APIAccess?
    /// The JSON body, already checked against the endpoint's schema; `.null` where there is none.
    let body: JSONValue
    /// The text body; empty where there is none.
    let text: Data

    var store: Store { services.store }
    var operations: any ServerOperations { services.operations }

    /// The person behind the token.
    /// - Throws: `APIFailure` 401 without one.
    var user: User {
        get throws(APIFailure) {
            guard let access else { throw .tokenNeeded }
            return access.user
        }
    }

    /// Who did it, for the audit.
    var actor: Actor { get throws(APIFailure) { .user(try user.id) } }

    /// A parameter of the path as an id.
    /// - Throws: `APIFailure` 404 where it is no number, since nothing has such an id.
    func id<Subject>(_ name: String) throws(APIFailure) -> ID<Subject> {
        let text = try parameter(name)
        guard let id = ID<Subject>(text) else { throw .notFound("There is no \(name) “\(text)”; ids are numbers.") }
        return id
    }

    /// A parameter of the path as it stands.
    func parameter(_ name: String) throws(APIFailure) -> String {
        guard let text = context.parameters.get(name) else { throw .notFound("The address has no \(name).") }
        return text
    }

    /// The items of the query string.
    var query: QueryItems { QueryItems(request) }

    /// How many elements of a list the client wants.
    func limit(otherwise: Int, atMost: Int) throws(APIFailure) -> Int {
        let limit = try query.integer("limit") ?? otherwise
        guard (1...atMost).contains(limit) else {
            throw .invalid("The query item “limit” is \(limit), but must be from 1 to \(atMost).", field: "limit")
        }
        return limit
    }
}

extension APIFailure {
    static let tokenNeeded = APIFailure(
        .unauthorized,
        "This needs a token: send the header “Authorization: Bearer TOKEN”. A lead makes tokens on the page "
            + "“API tokens”.")
    static let tokenUnknown = APIFailure(
        .unauthorized, "This token is not known: it was mistyped or revoked, or its owner was deactivated.")
    static let leadsOnly = APIFailure(.forbidden, "This needs the token of a lead; yours is an annotator's.")
}
