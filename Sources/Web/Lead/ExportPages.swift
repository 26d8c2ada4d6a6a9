import Hummingbird
import Labels
import Preferences

/// Labels as files: what each format holds and drops, and the streamed download.
struct ExportPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.export(":project"))) { _, context in
            try services.pages.page(try await page(try context.id("project")), for: context)
        }
        routes.get(RouterPath(Path.exportFile(":project"))) { request, context in
            let project = try await services.store.project(try context.id("project"))
            let query = request.uri.queryParameters
            guard let format = ExportFormat(rawValue: query.get("format") ?? "") else {
                throw Problem.unreadable("The address names no export format that there is.")
            }
            var options = ExportOptions()
            if query.get("extras") != nil { options.includeExtras = true }
            options.everyRevision = query.get("every_revision") != nil
            if let scale = query.get("margin").flatMap({ MarginScale(rawValue: $0) }) { options.marginScale = scale }
            options.snapshot = query.get("snapshot").flatMap { SnapshotID($0) }
            return LabelDownload.response(services.store, project, format, options)
        }
    }

    private func page(_ id: ProjectID) async throws -> ExportPage {
        let project = try await services.store.project(id)
        var formats: [ExportPage.Format] = []
        for format in ExportFormat.allCases {
            let summary = try await services.store.exportSummary(id, as: format, ExportOptions())
            formats.append(
                .init(
                    value: format.rawValue, title: LabelDownload.title(format), holds: summary.sentence,
                    drops: LabelDownload.drops(format), isNative: format == .native))
        }
        let snapshots = try await services.store.snapshots(id).map {
            ExportPage.SnapshotRow(
                id: $0.id.description, created: LeadWords.Moment($0.createdAt), hash: $0.hash, labels: $0.labels,
                groups: $0.groups, trainGroups: $0.trainGroups, heldOutGroups: $0.heldOutGroups, ties: $0.ties,
                splitRule: $0.splitRule)
        }
        return ExportPage(
            title: "Export · \(project.name)", nav: ProjectNav(project, .export),
            filePath: Path.exportFile(id.description), formats: formats, snapshots: snapshots)
    }
}

struct ExportPage: PageModel {
    static let template = "lead-export"
    let title: String

    struct Format: Sendable {
        var value: String
        var title: String
        var holds: String
        var drops: String
        var isNative: Bool
    }
    struct SnapshotRow: Sendable {
        var id: String
        var created: LeadWords.Moment
        var hash: String
        var labels: Int
        var groups: Int
        var trainGroups: Int
        var heldOutGroups: Int
        var ties: Int
        var splitRule: String
    }

    var nav: ProjectNav
    var filePath: String
    var formats: [Format]
    var snapshots: [SnapshotRow]
}
