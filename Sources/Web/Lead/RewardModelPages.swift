import Hummingbird
import Labels
import Preferences

/// A project's reward models and how well each one predicts people it has not learned from.
struct RewardModelPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.rewardModels(":project"))) { _, context in
            try services.pages.page(try await list(try context.id("project")), for: context)
        }
    }

    private func list(_ id: ProjectID) async throws -> RewardModelsPage {
        let project = try await services.store.project(id)
        let models = try await services.store.rewardModels(id)
        let snapshots = Dictionary(
            try await services.store.snapshots(id).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let names = try await ParentNames(of: models.flatMap(\.parents), in: services.store)
        var rows: [RewardModelsPage.Row] = []
        for model in models {
            var words: String?
            // A run that could hold nothing out says so itself.
            if let run = model.run { words = try await services.store.run(run).message }
            rows.append(row(model, snapshot: model.snapshot.flatMap { snapshots[$0] }, words: words, names: names))
        }
        return RewardModelsPage(
            title: "Reward models · \(project.name)", nav: ProjectNav(project, .rewardModels), rows: rows,
            retrainPath: Path.retrain(id.description))
    }

    private func row(
        _ model: RewardModelRecord, snapshot: Snapshot?, words: String?, names: ParentNames
    ) -> RewardModelsPage.Row {
        let figures = RewardModelFigures(model.metrics)
        return RewardModelsPage.Row(
            name: model.name, cardPath: Path.rewardModel(model.id.description),
            runPath: model.run.map { Path.run($0.description) },
            snapshot: snapshot.map {
                "\(Wording.count($0.labels, "label", "labels")) on \(Wording.count($0.groups, "group", "groups")), "
                    + "\($0.heldOutGroups) of them held out"
            }, lineage: names.words(model.parents), created: LeadWords.Moment(model.createdAt),
            size: LeadWords.bytes(model.bytes), isPruned: model.prunedAt != nil,
            figures: figures.first, hasFigures: !figures.first.isEmpty, others: figures.others,
            hasOthers: !figures.others.isEmpty,
            tooFew: words != nil && snapshot?.heldOutGroups == 0
                ? nil : figures.tooFewWords(heldOutGroups: snapshot?.heldOutGroups),
            words: words)
    }
}

/// The figures of a reward model in the order in which a lead asks for them.
struct RewardModelFigures: Sendable {
    struct Figure: Sendable, Equatable {
        var name: String
        /// The name in files and the API.
        var raw: String
        var value: String
    }

    /// Fewer held-out groups than this say little: the 95% interval of an accuracy is then wider than ±20 points.
    static let fewHeldOutGroups = 20

    private let metrics: [String: Double]

    init(_ metrics: [String: Double]) { self.metrics = metrics }

    /// What a lead asks first, in this order.
    private static let firstNames = [
        "held_out_accuracy", "length_baseline_accuracy", "held_out_log_loss", "held_out_ece", "held_out_kendall_tau",
        "length_correlation", "held_out_pairs",
    ]

    var first: [Figure] { figures(Self.firstNames) }
    /// The other numbers, by name.
    var others: [Figure] { figures(metrics.keys.filter { !Self.firstNames.contains($0) }.sorted()) }

    private func figures(_ names: [String]) -> [Figure] {
        names.compactMap { name in
            metrics[name].map { Figure(name: MetricWords.words(name), raw: name, value: Self.text(name, $0)) }
        }
    }

    private static func text(_ name: String, _ value: Double) -> String {
        if name.contains("accuracy") || name.contains("share") { return LeadWords.share(value) }
        let isCoefficient = name.contains("kendall") || name.contains("correlation")
        return isCoefficient ? LeadWords.coefficient(value) : Plot.text(value)
    }

    /// What to say where the figures rest on too little, or are missing.
    func tooFewWords(heldOutGroups: Int?) -> String? {
        switch heldOutGroups {
        case 0?:
            return "There were too few labels to hold any out, so nothing says how well this model predicts people. "
                + "Label more and retrain."
        case let groups? where groups < Self.fewHeldOutGroups:
            return "Only \(Wording.count(groups, "group was", "groups were")) held out, so the accuracy can be far "
                + "off by chance. Label more and retrain."
        default:
            return metrics["held_out_accuracy"] != nil
                ? nil : "This model carries no accuracy: it was not measured on held-out labels."
        }
    }
}

struct RewardModelsPage: PageModel {
    static let template = "lead-reward-models"
    let title: String

    struct Row: Sendable {
        var name: String
        var cardPath: String
        var runPath: String?
        var snapshot: String?
        var lineage: String?
        var created: LeadWords.Moment
        var size: String
        var isPruned: Bool
        var figures: [RewardModelFigures.Figure]
        var hasFigures: Bool
        var others: [RewardModelFigures.Figure]
        var hasOthers: Bool
        var tooFew: String?
        /// What the run said about its result.
        var words: String?
    }

    var nav: ProjectNav
    var rows: [Row]
    var retrainPath: String
}
