import Foundation
import Hummingbird
import Labels
import Preferences

/// A project's runs, and the buttons that start one.
struct RunListPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.runs(":project"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            return try services.pages.page(try await list(project), for: context)
        }
        routes.post(RouterPath(Path.retrain(":project"))) { request, context in
            try await start(request, context, \.rewardModel) { project, form, user in
                try await services.operations.startRewardModelRun(
                    RewardModelRunRequest(
                        project: project, settings: try RewardChoice.settings(form, and: Self.settings(form)),
                        seed: try Self.seed(form), onHalves: form.text("halves") == "both", user: user))
            }
        }
        routes.post(RouterPath(Path.refresh(":project"))) { request, context in
            try await start(request, context, \.refresh) { project, form, user in
                let (rewardModel, watcher) = (form.text("reward_model"), form.text("watcher"))
                return try await services.operations.startPolicyRefresh(
                    PolicyRefreshRequest(
                        project: project, rewardModel: rewardModel.isEmpty ? nil : RewardModelID(rewardModel),
                        watcher: watcher.isEmpty ? nil : RewardModelID(watcher),
                        settings: try Self.settings(form, chosen: ["method", "safety"]), seed: try Self.seed(form),
                        user: user))
            }
        }
        routes.post(RouterPath(Path.tuneOnOrders(":project"))) { request, context in
            try await start(request, context, \.orders) { project, form, user in
                try await services.operations.startPreferenceTuning(
                    TuningRequest(
                        project: project, base: PolicyID(form.text("base")),
                        settings: try Self.settings(form, chosen: ["method"]), seed: try Self.seed(form), user: user))
            }
        }
        routes.post(RouterPath(Path.tune(":project"))) { request, context in
            try await start(request, context, \.supervised) { project, form, user in
                try await services.operations.startSupervisedRun(
                    TuningRequest(
                        project: project, base: PolicyID(form.text("base")), settings: try Self.settings(form),
                        seed: try Self.seed(form), user: user))
            }
        }
    }

    /// What a supervised run learns from, in words.
    private func demonstrations(_ project: ProjectID) async throws -> String {
        let written = Wording.count(
            try await services.store.demonstrationCount(project), "demonstration or correction",
            "demonstrations and corrections")
        let sets = try await services.store.instructionSets(project).filter { $0.retiredAt == nil }
        guard !sets.isEmpty else { return written }
        return written + ", and "
            + Wording.count(sets.reduce(0) { $0 + $1.instructions }, "answer", "answers") + " of "
            + Wording.count(sets.count, "instruction set", "instruction sets")
    }

    /// Policies that a supervised run can start from.
    private static func bases(_ policies: [Policy]) -> [(id: String, name: String)] {
        policies.filter { $0.prunedAt == nil && $0.kind != .foreign }.map { ($0.id.description, $0.name) }
    }

    /// The two newest reward models where they learnt from the two halves of one snapshot.
    /// - Parameter models: newest first.
    private static func pair(_ models: [RewardModelRecord], of runs: [RunRecord]) -> (model: String, watcher: String)? {
        let newest = models.prefix(2).map { model in (model, runs.first { $0.id == model.run }) }
        guard newest.count == 2, let snapshot = newest[0].0.snapshot, newest[1].0.snapshot == snapshot,
            let first = newest.first(where: { $0.1?.settings["labels"] == "first-half" }),
            let second = newest.first(where: { $0.1?.settings["labels"] == "second-half" })
        else { return nil }
        return (first.0.id.description, second.0.id.description)
    }

    /// Starts a run and shows it; where it can't be started, the list of runs says why, with the form as it was sent.
    private func start(
        _ request: Request, _ context: PlumbContext, _ shown: WritableKeyPath<RunsPage, RunForm>,
        _ operation: (ProjectID, LeadForm, UserID) async throws -> RunID
    ) async throws -> Response {
        let form = try await LeadForm(request, context)
        let project = try await services.store.project(try context.id("project"))
        do {
            let run = try await operation(project.id, form, try context.requireLead().id)
            return Response.redirect(to: Path.run(run.description))
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await list(project)
            page.problem = words
            page[keyPath: shown].keep(form)
            return try services.pages.page(page, status: .conflict, for: context)
        }
    }

    /// - Parameter chosen: settings that the form has a list for; a line of the settings goes before it.
    private static func settings(_ form: LeadForm, chosen: [String] = []) throws -> [String: String] {
        var settings = try ProjectForm.jobSettings(form, "settings", label: "Settings")
        for name in chosen where !form.text(name).isEmpty && settings[name] == nil { settings[name] = form.text(name) }
        return settings
    }

    private static func seed(_ form: LeadForm) throws(FieldError) -> UInt64? {
        let text = form.text("seed")
        if text.isEmpty { return nil }
        guard let seed = UInt64(text) else {
            throw FieldError(field: "seed", message: "Seed: “\(text)” is not a whole number from 0 to 2^64 − 1.")
        }
        return seed
    }

    /// What becomes of ratings of responses that stood alone; nil where there are none.
    private static func ratings(_ count: Int) -> String? {
        count == 0
            ? nil
            : Wording.count(count, "rating of a response by itself is", "ratings of responses by themselves are")
                + " learnt where ratings, or what people called unsafe, are chosen under Settings."
    }

    private func list(_ project: Project) async throws -> RunsPage {
        let id = project.id.description
        let runs = try await services.store.runs(project.id)
        let models = try await services.store.rewardModels(project.id)
        let rewardModels = models.filter { $0.prunedAt == nil }.sorted { $0.id > $1.id }
        let policies = try await services.store.policies()
        let bases = Self.bases(policies)
        let policyNames = Dictionary(uniqueKeysWithValues: policies.map { ($0.id, $0.name) })
        let modelNames = Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0.name) })
        let progress = try await services.store.progress(project.id)
        return RunsPage(
            title: "Runs · \(project.name)", nav: ProjectNav(project, .runs),
            rows: runs.map { run in
                RunsPage.Row(
                    run,
                    made: run.resultPolicy.flatMap { policyNames[$0] }
                        ?? run.resultRewardModel.flatMap { modelNames[$0] })
            },
            rewardModel: .rewardModel(id),
            refresh: .refresh(
                id, models: rewardModels.map { ($0.id.description, $0.name) }, pair: Self.pair(rewardModels, of: runs)),
            orders: .orders(id, bases: bases), supervised: .supervised(id, bases: bases),
            demonstrations: try await demonstrations(project.id),
            labels: Wording.count(progress.preferences, "ranking or comparison", "rankings and comparisons"),
            ratings: Self.ratings(try await services.store.ratingCount(project.id)),
            newLabels: Wording.count(progress.labelsSinceSnapshot, "is new", "are new"),
            hasRewardModel: !rewardModels.isEmpty)
    }
}

struct RunsPage: PageModel {
    static let template = "lead-runs"
    let title: String

    struct Row: Sendable {
        var id: String
        var path: String
        var kind: String
        var state: String
        var isFailed: Bool
        var isLive: Bool
        var attempt: Int
        /// Name of the policy or reward model.
        var made: String?
        var message: String?
        var created: LeadWords.Moment
        var took: String

        init(_ run: RunRecord, made: String?) {
            self.made = made
            id = run.id.description
            path = Path.run(run.id.description)
            kind = LeadWords.kind(run.kind)
            state = LeadWords.state(run.state)
            isFailed = run.state == .failed
            isLive = run.state == .queued || run.state == .running
            attempt = run.attempt
            message = run.message
            created = LeadWords.Moment(run.createdAt)
            took = LeadWords.seconds(
                run.startedAt.flatMap { start in run.finishedAt.map { $0.timeIntervalSince(start) } })
        }
    }

    var nav: ProjectNav
    var rows: [Row]
    var rewardModel: RunForm
    var refresh: RunForm
    var orders: RunForm
    var supervised: RunForm
    /// “12 demonstrations and corrections, and 52000 answers of 1 instruction set”.
    var demonstrations: String
    /// “12 rankings and comparisons”.
    var labels: String
    /// What becomes of ratings of responses by themselves; nil where there are none.
    var ratings: String?
    /// “3 are new”.
    var newLabels: String
    var hasRewardModel: Bool
    var problem: String?
}
