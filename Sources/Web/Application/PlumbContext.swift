public import Hummingbird
import Labels

/// What is known about one request: who is signed in and the token that their forms must carry.
public struct PlumbContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The person behind the session cookie; nil for a visitor.
    var signedIn: SignedIn?
    /// The value that the `csrf` field of a posted form must have.
    var csrf: String = ""
    /// A one-line message to show on the next page.
    var notice: String?
    /// Largest request body in bytes that is read into memory.
    public var maxUploadSize: Int = 2 << 20

    public init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
    }

    /// Forms are decoded by `request.decode(as:context:)`; JSON bodies are decoded where they are read.
    public var requestDecoder: URLEncodedFormDecoder { URLEncodedFormDecoder() }

    /// The person signed in.
    /// - Throws: `Problem` with status 401 for a visitor.
    func requireUser() throws -> User {
        guard let signedIn else { throw Problem.signInNeeded }
        return signedIn.user
    }

    /// The lead signed in.
    /// - Throws: `Problem` with status 401 for a visitor and 403 for an annotator.
    func requireLead() throws -> User {
        guard let signedIn else { throw Problem.signInNeeded }
        guard signedIn.isLead else { throw Problem.leadsOnly }
        return signedIn.user
    }
}

/// A person with an open session.
struct SignedIn: Sendable {
    var user: User
    /// The secret in the cookie; the store keeps only its hash.
    var sessionToken: String
    var isLead: Bool { user.role == .lead }
}
