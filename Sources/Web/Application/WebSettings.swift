public import Foundation

/// How the pages are served: where the static files lie and at which address people reach the server.
public struct WebSettings: Sendable {
    /// The folder with the style sheet, the browser modules and the icons (`static/` of the source tree).
    public var staticFolder: URL
    /// The address that people type, for example `https://labels.example.org`; nil when it is not known.
    /// With `https` the cookies are marked Secure.
    public var publicURL: String?
    /// How long a sign-in lasts from when it was made, used or not.
    public var sessionLifetime: Duration
    /// Largest body of a posted form in bytes; above it the answer is 413.
    public var maximumFormBytes: Int

    public init(
        staticFolder: URL, publicURL: String? = nil, sessionLifetime: Duration = .seconds(14 * 86_400),
        maximumFormBytes: Int = 2 << 20
    ) {
        self.staticFolder = staticFolder
        self.publicURL = publicURL
        self.sessionLifetime = sessionLifetime
        self.maximumFormBytes = maximumFormBytes
    }

    /// Whether cookies may travel over TLS only.
    var hasSecureCookies: Bool { publicURL?.lowercased().hasPrefix("https://") ?? false }

    /// `path` as a whole address where the public one is known, else `path` itself.
    func absolute(_ path: String) -> String {
        guard var base = publicURL else { return path }
        while base.hasSuffix("/") { base.removeLast() }
        return base + path
    }
}
