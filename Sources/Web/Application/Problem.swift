import HTTPTypes
import Hummingbird

/// Something that went wrong in words for the person in front of the page, with a way on.
struct Problem: HTTPResponseError, CustomStringConvertible {
    var status: HTTPResponse.Status
    /// A few words: the heading of the page.
    var title: String
    /// One or two sentences: what happened to their work and what to do now.
    var explanation: String
    /// Where to go from here.
    var action: Action = Action(label: "Back to the start", path: Path.home)

    struct Action: Sendable, Equatable {
        var label: String
        var path: String
        static let nextTask = Action(label: "Next task", path: Path.tasks)
        static let signIn = Action(label: "Sign in", path: Path.signIn)
    }

    var description: String { "\(status.code) \(title): \(explanation)" }

    /// Used only where no error middleware stands around the route.
    func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: .init(string: explanation)))
    }
}

extension Problem {
    static let signInNeeded = Problem(
        status: .unauthorized, title: "Please sign in",
        explanation: "You are not signed in, or your sign-in has ended. Sign in and open the page again.",
        action: .signIn)
    /// - Parameter path: where the form was sent; its page is shown again after the sign-in.
    static func signInEnded(returningTo path: String) -> Problem {
        Problem(
            status: .unauthorized, title: "Your sign-in has ended",
            explanation: "So nothing was changed. Sign in again to come back to the page you were on.",
            action: Action(label: "Sign in", path: Path.signIn(returningTo: path)))
    }
    static let leadsOnly = Problem(
        status: .forbidden, title: "For project leads",
        explanation: "This page is for project leads. Ask a lead if you need something from it.")
    static let notFound = Problem(
        status: .notFound, title: "There is no such page",
        explanation: "The address may be mistyped, or what it led to is no longer there.")
    static let wrongForm = Problem(
        status: .forbidden, title: "This form is out of date",
        explanation: "The form was made for another sign-in, so nothing was changed. Go back, reload the page and "
            + "send it again.")
    static let tooLarge = Problem(
        status: .contentTooLarge, title: "That was too large",
        explanation: "What you sent is larger than this page takes, so nothing was stored. Send it in smaller parts.")
    static func incomplete(_ explanation: String) -> Problem {
        Problem(status: .unprocessableContent, title: "This is not complete yet", explanation: explanation)
    }
    static func unreadable(_ explanation: String) -> Problem {
        Problem(status: .badRequest, title: "That could not be read", explanation: explanation)
    }
    static func unexpected(requestID: String) -> Problem {
        Problem(
            status: .internalServerError, title: "Something went wrong on our side",
            explanation: "Nothing that was confirmed before is lost. Try again; if it happens again, tell a project "
                + "lead and give the number \(requestID).")
    }
}
