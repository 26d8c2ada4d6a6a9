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
            let chosen: LabelDownload
            do throws(APIFailure) {
                chosen = try LabelDownload(QueryItems(request))
            } catch {
                throw Problem.unreadable(error.message)
            }
            return try await chosen.response(services.store, project)
        }
    }

    private func page(_ id: ProjectID) async throws -> ExportPage {
        let project = try await services.store.project(id)
        let counts = try await services.store.exportCounts(id)
        let formats = ExportFormat.allCases.map { format in
            ExportPage.Format(
                value: format.rawValue, title: format.title, holds: counts.summary(as: format).sentence,
                drops: format.drops, isNative: format == .native)
        }
        let snapshots = try await services.store.snapshots(id).map {
            ExportPage.SnapshotRow(
                id: $0.id.description, created: LeadWords.Moment($0.createdAt), hash: $0.hash, holds: Self.words($0),
                splitRule: $0.splitRule)
        }
        return ExportPage(
            title: "Export · \(project.name)", nav: ProjectNav(project, .export),
            filePath: Path.exportFile(id.description), formats: formats, snapshots: snapshots)
    }

    /// “12 labels on 4 groups (3 to learn from, 1 held out), 2 tied pairs.”
    private static func words(_ snapshot: Snapshot) -> String {
        "\(Wording.count(snapshot.labels, "label", "labels")) on \(Wording.count(snapshot.groups, "group", "groups")) "
            + "(\(snapshot.trainGroups) to learn from, \(snapshot.heldOutGroups) held out), "
            + "\(Wording.count(snapshot.ties, "tied pair", "tied pairs"))."
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
        /// What it holds, in a sentence.
        var holds: String
        var splitRule: String
    }

    var nav: ProjectNav
    var filePath: String
    var formats: [Format]
    var snapshots: [SnapshotRow]
}
