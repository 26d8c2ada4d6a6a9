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
        routes.post(RouterPath(Path.addPolicy(":project")), use: add)
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

    @Sendable private func add(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let project: ProjectID = try context.id("project")
        let (name, server) = (form.text("name"), form.text("server"))
        do {
            let made = try await services.operations.addPolicy(
                AddPolicyRequest(name: name, origin: try Self.origin(form), user: try context.requireLead().id))
            return Response.redirect(
                to: Path.policies(project.description),
                notice: "\(made.name) was added. Tasks are sampled from it once it is current, or in the mix.",
                settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await list(project)
            page.problem = words
            if form.text("origin") == "server" { (page.typedName, page.typedServer) = (name, server) }
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private static func origin(_ form: LeadForm) throws(FieldError) -> AddPolicyRequest.Origin {
        switch form.text("origin") {
        case "server": return .server(form.text("server"))
        case "folder":
            guard let kind = AddPolicyRequest.Kind(rawValue: form.text("kind")) else {
                throw FieldError(field: "kind", message: "Say whether the folder's model is a base model.")
            }
            return .folder(nil, kind)
        default: throw FieldError(field: "origin", message: "Say where the policy comes from: a server or a folder.")
        }
    }

    private func list(_ id: ProjectID) async throws -> PoliciesPage {
        let project = try await services.store.project(id)
        let standings = try await PolicyOverview.all(of: id, in: services.store)
        let names = try await ParentNames(of: standings.flatMap(\.policy.parents), in: services.store)
        let history = try await services.store.currentPolicyHistory(id)
        let strengths = try await services.store.policyStrengths(id)
        let promotions = try await services.store.promotions(id)
        return PoliciesPage(
            title: "Policies · \(project.name)", nav: ProjectNav(project, .policies),
            hasCurrent: project.currentPolicy != nil,
            rows: standings.map {
                row($0, project: id.description, hasCurrent: project.currentPolicy != nil, names: names)
            },
            strengths: strengths.map { strength($0, project: id.description) }, hasStrengths: !strengths.isEmpty,
            anchor: strengths.first { $0.isAnchor }?.policy.name,
            promotions: promotions.map { standing in
                .init(
                    path: Path.promotion(standing.promotion.id.description),
                    words: "\(standing.promotion.candidate.name) against \(standing.promotion.incumbent.name)",
                    winRate: PromotionWords.winRate(standing.newest), state: PromotionWords.state(standing),
                    advice: standing.promotion.decision == nil ? PromotionWords.adviceName(standing.advice) : nil)
            }, hasPromotions: !promotions.isEmpty,
            history: history.map {
                .init(
                    name: $0.policy.name, from: LeadWords.Moment($0.from), until: LeadWords.Moment($0.until),
                    by: $0.by)
            }, folders: try await services.operations.policyFolders(), addPath: Path.addPolicy(id.description))
    }

    private func strength(_ strength: PolicyStrength, project: String) -> PoliciesPage.Strength {
        PoliciesPage.Strength(
            name: strength.policy.name,
            cardPath: Path.policyCard(project, policy: strength.policy.id.description),
            strength: strength.isAnchor
                ? "0"
                : "\(LeadWords.coefficient(strength.strength)) (\(LeadWords.coefficient(strength.interval.lowerBound)) to "
                    + "\(LeadWords.coefficient(strength.interval.upperBound)))",
            winRate: strength.isAnchor
                ? "–" : LeadWords.share(strength.winRate, strength.winInterval, otherwise: "–"),
            prompts: strength.prompts, pairs: strength.pairs)
    }

    /// What stands in the list; a policy's card has all of them.
    private static let firstMetrics = ["reward", "kl", "response_length", "distinct_2", "held_out_loss"]

    private func row(
        _ standing: PolicyOverview, project: String, hasCurrent: Bool, names: ParentNames
    ) -> PoliciesPage.Row {
        let policy = standing.policy
        let decided = standing.wins + standing.losses
        return PoliciesPage.Row(
            name: policy.name, version: policy.version, kind: policy.kind.rawValue,
            lineage: names.words(policy.parents), runPath: policy.run.map { Path.run($0.description) },
            run: policy.run?.description, isCurrent: standing.isCurrent, isReference: standing.isReference,
            isPruned: policy.prunedAt != nil, canBeMadeCurrent: !standing.isCurrent && policy.prunedAt == nil,
            responses: standing.responses, labelledGroups: standing.labelledGroups,
            record: decided == 0
                ? "–"
                : "\(standing.wins) won, \(standing.losses) lost "
                    + "(\(LeadWords.share(Double(standing.wins) / Double(decided))))",
            size: LeadWords.bytes(policy.bytes),
            metrics: Self.firstMetrics.compactMap { name in
                policy.metrics[name].map { .init(name: MetricWords.words(name), raw: name, value: Plot.text($0)) }
            },
            created: LeadWords.Moment(policy.createdAt),
            cardPath: Path.policyCard(project, policy: policy.id.description),
            comparePath: hasCurrent && !standing.isCurrent && policy.prunedAt == nil
                ? Path.startPromotion(project, policy: policy.id.description) : nil,
            currentPath: Path.makeCurrent(project, policy: policy.id.description),
            referencePath: Path.makeReference(project, policy: policy.id.description))
    }

    private func confirmation(_ id: ProjectID, _ policy: PolicyID) async throws -> MakeCurrentPage {
        let project = try await services.store.project(id)
        let chosen = try await services.store.policy(policy)
        let progress = try await services.store.progress(id)
        let compared = try await services.store.promotions(id).first { $0.promotion.candidate.id == policy }
        var current: String?
        if let old = project.currentPolicy { current = try await services.store.policy(old).name }
        return MakeCurrentPage(
            title: "Make \(chosen.name) current?", nav: ProjectNav(project, .policies), policy: chosen.name,
            current: current,
            people: compared.map { PromotionWords.advice($0) }
                ?? "Nobody has compared it with the current policy. A reward model's praise is no proof that people agree.",
            comparePath: compared.map { Path.promotion($0.promotion.id.description) }
                ?? (current == nil ? nil : Path.startPromotion(id.description, policy: policy.description)),
            compareLabel: compared == nil ? "Compare them first" : "See the comparison",
            isAdvised: compared?.advice == .promote,
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
        var cardPath: String
        /// Where a comparison with the current policy begins; nil where there is nothing to compare.
        var comparePath: String?
        var currentPath: String
        var referencePath: String
    }
    struct Strength: Sendable {
        var name: String
        var cardPath: String
        /// “0.41 (0.2 to 0.63)”.
        var strength: String
        var winRate: String
        var prompts: Int
        var pairs: Int
    }
    struct PromotionLine: Sendable {
        var path: String
        var words: String
        var winRate: String
        var state: String
        /// Of one that is open.
        var advice: String?
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
    /// The Bradley–Terry table, the strongest first.
    var strengths: [Strength]
    var hasStrengths: Bool
    var anchor: String?
    var promotions: [PromotionLine]
    var hasPromotions: Bool
    var history: [Period]
    /// In the data folder, and no policy yet.
    var folders: [String]
    var addPath: String
    /// Why one could not be added, and what was typed.
    var problem: String?
    var typedName = ""
    var typedServer = ""
}

struct MakeCurrentPage: PageModel {
    static let template = "lead-make-current"
    let title: String
    var nav: ProjectNav
    var policy: String
    var current: String?
    /// What the comparison by people says, or that there is none.
    var people: String
    var comparePath: String?
    var compareLabel: String
    var isAdvised: Bool
    /// “3 tasks are ready now”.
    var ready: String
    /// “1 task is open”.
    var open: String
    var action: String
    var backPath: String
}
