import Foundation

/// The only source of addresses: routes, templates, redirects and tests all take theirs from here.
///
/// A path with a parameter is a function; the router is given the same function with `":name"` as the argument.
/// The lead's pages and the API add theirs in extensions beside their routes.
public enum Path {
    public static let home = "/"

    // Signing in
    public static let signIn = "/sign-in"
    /// The sign-in page that leads back to `path` afterwards.
    static func signIn(returningTo path: String) -> String {
        let safe = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~/"))
        return "/sign-in?next=" + (path.addingPercentEncoding(withAllowedCharacters: safe) ?? "/")
    }
    public static let signOut = "/sign-out"
    /// The token that the forms of the session must carry, as JSON.
    public static let formToken = "/form-token"
    /// A one-time link: the lead's first one and the invitations of annotators.
    public static func invitation(_ token: String) -> String { "/welcome/\(token)" }

    // Annotation
    /// Leads to the next task, or to a choice where there are several projects.
    public static let tasks = "/tasks"
    public static func nextTask(_ project: String) -> String { "/projects/\(project)/next" }
    public static func task(_ lease: String) -> String { "/tasks/\(lease)" }
    public static func ranking(_ lease: String) -> String { "/tasks/\(lease)/ranking" }
    public static func comparison(_ lease: String) -> String { "/tasks/\(lease)/comparison" }
    public static func feedback(_ lease: String) -> String { "/tasks/\(lease)/feedback" }
    public static func skip(_ lease: String) -> String { "/tasks/\(lease)/skip" }
    public static func heartbeat(_ lease: String) -> String { "/tasks/\(lease)/heartbeat" }
    public static func draft(_ lease: String) -> String { "/tasks/\(lease)/draft" }
    /// Fetches the task after the one in hand.
    public static func taskAhead(_ project: String) -> String { "/projects/\(project)/ahead" }
    /// A task that was fetched ahead is in front of its person.
    public static func shown(_ lease: String) -> String { "/tasks/\(lease)/shown" }
    /// Its page was left.
    public static func release(_ lease: String) -> String { "/tasks/\(lease)/release" }
    /// The person's own last answers.
    public static let history = "/history"
    public static func takeBack(_ label: String) -> String { "/history/\(label)/take-back" }

    // Files of `static/`
    public static let staticFiles = "/static"
    /// Where the files of `static/` lie under an address that changes with their contents, so that browsers may keep
    /// them for good.
    static func assets(version: String) -> String { "/static/\(version)" }
}
