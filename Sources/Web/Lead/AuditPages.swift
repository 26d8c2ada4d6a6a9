import Hummingbird
import Labels

/// Who did what and when, the newest first.
struct AuditPages: RouteSet {
    private let services: WebServices
    private static let pageLength = 100

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.audit)) { request, context in
            let before = request.uri.queryParameters.get("before").flatMap { Int64($0) }
            let entries = try await services.store.auditEntries(before: before, limit: Self.pageLength)
            let last = entries.count == Self.pageLength ? entries.last : nil
            return try services.pages.page(
                AuditPage(
                    rows: entries.map {
                        .init(
                            at: LeadWords.Moment($0.at), actor: $0.actor, action: $0.words, name: $0.action,
                            subject: $0.subject,
                            details: $0.details)
                    }, olderPath: last.map { "\(Path.audit)?before=\($0.id)" }), for: context)
        }
    }
}

struct AuditPage: PageModel {
    static let template = "lead-audit"
    let title = "Audit"

    struct Row: Sendable {
        var at: LeadWords.Moment
        var actor: String
        /// In words.
        var action: String
        /// As exports and the API name it.
        var name: String
        var subject: String
        var details: String
    }

    var rows: [Row]
    var olderPath: String?
}
