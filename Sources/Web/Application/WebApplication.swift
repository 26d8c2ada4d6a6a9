public import Hummingbird
import Logging

/// A set of routes that belong together: one area of the pages.
protocol RouteSet: Sendable {
    init(_ services: WebServices)
    /// Adds the routes, with the whole paths of `Path`, to a group that already carries their middleware.
    func add(to routes: RouterGroup<PlumbContext>)
}

/// The pages and the API as one router.
public enum WebApplication {
    /// All routes with their middleware.
    ///
    /// From outside to inside: security headers, error pages, static files, and then for pages the session and the
    /// form token, for the API what `APIRoutes` adds itself.
    public static func router(_ services: WebServices) -> Router<PlumbContext> {
        let router = Router(context: PlumbContext.self)
        var logger = Logger(label: "plumb.files")
        logger.logLevel = .warning
        router.addMiddleware {
            SecurityHeaders(isSecure: services.settings.hasSecureCookies)
            ErrorPages(pages: services.pages)
            StaticFiles.plain(services.settings, logger: logger)
            StaticFiles.versioned(services.settings, prefix: services.pages.assets, logger: logger)
        }
        let people = router.group()
            .add(middleware: SessionMiddleware(services: services))
            .add(middleware: CSRFMiddleware(maximumFormBytes: services.settings.maximumFormBytes))
        SignInPages(services).add(to: people)

        let signedIn = people.group().add(middleware: RequireRole(role: .anyone))
        AnnotationPages(services).add(to: signedIn)

        let leads = people.group().add(middleware: RequireRole(role: .lead))
        LeadPages(services).add(to: leads)

        APIRoutes(services).add(to: router.group())
        return router
    }
}
