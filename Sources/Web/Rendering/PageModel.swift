/// What one page shows: plain stored values that its template reads as `page.…`.
///
/// A page is three things: a route (a method that takes a request), a query (a function that fills the model from the
/// store) and this model, which a test can look at without HTTP. Templates see stored properties only; a section over
/// an optional is left out where it is nil, a section over a Bool where it is false.
protocol PageModel: Sendable {
    /// Name of the template file without `.mustache`.
    static var template: String { get }
    /// Shown in the browser's title bar.
    var title: String { get }
}

/// What the layout shows around every page; templates read it as `shell.…`.
struct Shell: Sendable {
    /// Name of the person signed in; nil hides what needs an account.
    var userName: String?
    var isLead: Bool
    /// Public id of the person signed in, under which their browser keeps what it could not send.
    var person: String?
    /// The value of the hidden field `csrf` of every form.
    var csrf: String
    /// Where the static files lie: templates write `{{shell.assets}}/base.css`.
    var assets: String
    /// A one-line message after an action, carried over a redirect.
    var notice: String?
    let paths = ShellPaths()
}

/// The addresses that every page links to.
struct ShellPaths: Sendable {
    let home = Path.home
    let signIn = Path.signIn
    let signOut = Path.signOut
    let formToken = Path.formToken
    let tasks = Path.tasks
    let history = Path.history
    let statistics = Path.statistics
    let lead = Path.lead
}

/// What a template is rendered with: `page.…` and `shell.…`.
struct RenderedPage<Model: PageModel>: Sendable {
    var page: Model
    var shell: Shell
}
