import Hummingbird
import Labels
import Preferences

/// The lead's first page: the projects, the model process and the disk.
struct LeadHomePages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.lead)) { _, context in
            try services.pages.page(try await home(), for: context)
        }
        routes.get(RouterPath(Path.projects)) { _, context in
            try services.pages.page(try await home(), for: context)
        }
    }

    private func home() async throws -> LeadHomePage {
        var rows: [LeadHomePage.Row] = []
        let names = Dictionary(
            try await services.store.policies().map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        for project in try await services.store.projects() {
            let progress = try await services.store.progress(project.id)
            rows.append(
                .init(
                    name: project.name, path: Path.project(project.id.description),
                    mode: project.settings.mode.rawValue, isPaused: project.paused,
                    labels: Wording.count(progress.labels, "label", "labels"),
                    tasksReady: Wording.count(progress.tasksReady, "task ready", "tasks ready"),
                    policy: project.currentPolicy.flatMap { names[$0] } ?? "none yet"))
        }
        let model = await services.operations.modelServerStatus()
        return LeadHomePage(
            rows: rows, newProjectPath: Path.newProject, modelServer: Self.sentence(model),
            isModelServerWell: model.state == .ready, disk: try await diskLines())
    }

    private func diskLines() async throws -> [LeadHomePage.DiskLine] {
        let disk = try await services.operations.diskUsage()
        var lines = [
            ("Labels and everything else in the store", disk.database), ("Policies", disk.policies),
            ("Reward models", disk.rewardModels), ("Runs", disk.runs),
        ]
        if let quota = disk.quota { lines.append(("Quota for models and runs", quota)) }
        lines.append(("Free on the disk", disk.free))
        return lines.map { LeadHomePage.DiskLine(name: $0.0, size: LeadWords.bytes($0.1)) }
    }

    static func sentence(_ status: ModelServerStatus) -> String {
        let restarts =
            status.restarts == 0 ? "" : " It was restarted \(Wording.count(status.restarts, "time", "times"))."
        let message = status.message.map { " \($0)" } ?? ""
        let loaded =
            status.loadedPolicies.isEmpty
            ? "" : " Loaded: \(status.loadedPolicies.joined(separator: ", "))."
        return switch status.state {
        case .starting: "The model process is starting.\(message)"
        case .ready: "The model process is ready.\(loaded)\(restarts)\(message)"
        case .restarting: "The model process is being restarted.\(restarts)\(message)"
        case .stopped: "The model process is not running, so no new tasks are made.\(message)"
        }
    }
}

struct LeadHomePage: PageModel {
    static let template = "lead-home"
    let title = "Projects"

    struct Row: Sendable {
        var name: String
        var path: String
        var mode: String
        var isPaused: Bool
        var labels: String
        var tasksReady: String
        var policy: String
    }
    struct DiskLine: Sendable {
        var name: String
        var size: String
    }

    var rows: [Row]
    var newProjectPath: String
    var modelServer: String
    var isModelServerWell: Bool
    var disk: [DiskLine]
}
