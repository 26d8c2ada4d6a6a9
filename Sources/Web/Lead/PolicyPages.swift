import Hummingbird
import Labels
import Preferences

/// A project's policies: where each one comes from, how it stands, and which one is current.
struct PolicyPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.policies(":project"))) { _, context in
            try services.pages.page(try await list(try context.id("project")), for: context)
        }
        routes.get(RouterPath(Path.makeCurrent(":project", policy: ":policy"))) { _, context in
            try services.pages.page(
                try await confirmation(try context.id("project"), try context.id("policy")), for: context)
        }
        routes.post(RouterPath(Path.makeCurrent(":project", policy: ":policy"))) { _, context in
            let project: ProjectID = try context.id("project")
            let policy: PolicyID = try context.id("policy")
            let outcome = try await services.operations.makePolicyCurrent(
                project: project, policy: policy, by: try context.requireLead().id)
            let name = try await services.store.policy(policy).name
            return Response.redirect(
                to: Path.policies(project.description), notice: Self.sentence(outcome, name),
                settings: services.settings)
        }
        routes.post(RouterPath(Path.makeReference(":project", policy: ":policy"))) { _, context in
            let project: ProjectID = try context.id("project")
            let policy: PolicyID = try context.id("policy")
            try await services.store.setReference(policy, in: project, by: try context.lead())
            return Response.redirect(
                to: Path.policies(project.description), notice: "The reference policy was set.",
                settings: services.settings)
        }
    }

    private func list(_ id: ProjectID) async throws -> PoliciesPage {
        let project = try await services.store.project(id)
        let standings = try await PolicyOverview.all(of: id, in: services.store)
        let history = try await services.store.currentPolicyHistory(id)
        return PoliciesPage(
            title: "Policies · \(project.name)", nav: ProjectNav(project, .policies),
            hasCurrent: project.currentPolicy != nil, rows: standings.map { row($0, project: id.description) },
            history: history.map {
                .init(
                    name: $0.policy.name, from: LeadWords.Moment($0.from), until: LeadWords.Moment($0.until),
                    by: $0.by)
            })
    }

    private func row(_ standing: PolicyOverview, project: String) -> PoliciesPage.Row {
        let policy = standing.policy
        let decided = standing.wins + standing.losses
        return PoliciesPage.Row(
            name: policy.name, version: policy.version, kind: policy.kind.rawValue,
            lineage: LeadWords.lineage(policy.parents), runPath: policy.run.map { Path.run($0.description) },
            run: policy.run?.description, isCurrent: standing.isCurrent, isReference: standing.isReference,
            isPruned: policy.prunedAt != nil, canBeMadeCurrent: !standing.isCurrent && policy.prunedAt == nil,
            responses: standing.responses, labelledGroups: standing.labelledGroups,
            record: decided == 0
                ? "–"
                : "\(standing.wins) won, \(standing.losses) lost "
                    + "(\(LeadWords.share(Double(standing.wins) / Double(decided))))",
            size: LeadWords.bytes(policy.bytes),
            metrics: policy.metrics.sorted { $0.key < $1.key }.map {
                .init(name: MetricWords.words($0.key), raw: $0.key, value: MetricsCurve.text($0.value))
            },
            created: LeadWords.Moment(policy.createdAt),
            currentPath: Path.makeCurrent(project, policy: policy.id.description),
            referencePath: Path.makeReference(project, policy: policy.id.description))
    }

    private func confirmation(_ id: ProjectID, _ policy: PolicyID) async throws -> MakeCurrentPage {
        let project = try await services.store.project(id)
        let chosen = try await services.store.policy(policy)
        let progress = try await services.store.progress(id)
        var current: String?
        if let old = project.currentPolicy { current = try await services.store.policy(old).name }
        return MakeCurrentPage(
            title: "Make \(chosen.name) current?", nav: ProjectNav(project, .policies), policy: chosen.name,
            current: current,
            ready: Wording.count(progress.tasksReady, "task is ready now", "tasks are ready now"),
            open: Wording.count(progress.liveLeases, "task is open", "tasks are open"),
            action: Path.makeCurrent(id.description, policy: policy.description),
            backPath: Path.policies(id.description))
    }

    private static func sentence(_ outcome: WithdrawnTasks, _ policy: String) -> String {
        let withdrawn = Wording.count(outcome.withdrawn, "unopened task was", "unopened tasks were")
        let finishing = Wording.count(outcome.finishing, "open task", "open tasks")
        return "\(policy) is current: new tasks are sampled from it. \(withdrawn) withdrawn; \(finishing) of older "
            + "policies may be finished."
    }
}

struct PoliciesPage: PageModel {
    static let template = "lead-policies"
    let title: String

    struct Metric: Sendable {
        var name: String
        /// The name in files and the API.
        var raw: String
        var value: String
    }
    struct Row: Sendable {
        var name: String
        var version: Int
        var kind: String
        var lineage: String?
        var runPath: String?
        var run: String?
        var isCurrent: Bool
        var isReference: Bool
        var isPruned: Bool
        var canBeMadeCurrent: Bool
        var responses: Int
        var labelledGroups: Int
        var record: String
        var size: String
        var metrics: [Metric]
        var created: LeadWords.Moment
        var currentPath: String
        var referencePath: String
    }
    struct Period: Sendable {
        var name: String
        var from: LeadWords.Moment
        var until: LeadWords.Moment?
        var by: String
    }

    var nav: ProjectNav
    var hasCurrent: Bool
    var rows: [Row]
    var history: [Period]
}

struct MakeCurrentPage: PageModel {
    static let template = "lead-make-current"
    let title: String
    var nav: ProjectNav
    var policy: String
    var current: String?
    /// “3 tasks are ready now”.
    var ready: String
    /// “1 task is open”.
    var open: String
    var action: String
    var backPath: String
}
