import Hummingbird
import Labels

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
        var rows: [RewardModelsPage.Row] = []
        for model in models {
            var words: String?
            if let run = model.run { words = try await services.store.run(run).message }
            rows.append(row(model, snapshot: model.snapshot.flatMap { snapshots[$0] }, words: words))
        }
        return RewardModelsPage(
            title: "Reward models · \(project.name)", nav: ProjectNav(project, .rewardModels), rows: rows,
            retrainPath: Path.retrain(id.description))
    }

    private func row(_ model: RewardModelRecord, snapshot: Snapshot?, words: String?) -> RewardModelsPage.Row {
        RewardModelsPage.Row(
            name: model.name, runPath: model.run.map { Path.run($0.description) },
            snapshot: snapshot.map {
                "\(LeadWords.count($0.labels, "label", "labels")) on \(LeadWords.count($0.groups, "group", "groups")), "
                    + "\($0.heldOutGroups) of them held out"
            }, lineage: LeadWords.lineage(model.parents), created: LeadWords.Moment(model.createdAt),
            size: LeadWords.bytes(model.bytes), isPruned: model.prunedAt != nil,
            figures: RewardModelFigures(model.metrics).figures,
            tooFew: RewardModelFigures(model.metrics).tooFewWords(heldOutGroups: snapshot?.heldOutGroups), words: words)
    }
}

/// The figures of a reward model in the order in which a lead asks for them.
struct RewardModelFigures: Sendable {
    struct Figure: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// Fewer held-out groups than this say little: the 95% interval of an accuracy is then wider than ±20 points.
    static let fewHeldOutGroups = 20

    private let metrics: [String: Double]

    init(_ metrics: [String: Double]) { self.metrics = metrics }

    /// What a lead asks first, in this order; other numbers follow by name.
    private static let known: [(name: String, title: String)] = [
        ("held_out_accuracy", "Accuracy, held out"),
        ("accuracy_by_grade.significantly", "… “significantly better”"),
        ("accuracy_by_grade.better", "… “better”"),
        ("accuracy_by_grade.slightly", "… “slightly better”"),
        ("accuracy_by_grade.negligibly", "… “negligibly better or unsure”"),
        ("length_baseline_accuracy", "Length-only baseline"),
        ("held_out_log_loss", "Log-loss, held out (nats)"),
        ("held_out_ece", "Calibration error"),
        ("held_out_kendall_tau", "Kendall's τ a prompt"),
        ("length_correlation", "Correlation of score and length"),
        ("training_accuracy", "Accuracy, learned from"),
        ("held_out_pairs", "Held-out pairs"),
    ]

    var figures: [Figure] {
        let first = Self.known.compactMap { name, title in
            metrics[name].map { Figure(name: title, value: Self.text(name, $0)) }
        }
        let names = Set(Self.known.map(\.name))
        let rest = metrics.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
        return first + rest.map { Figure(name: LeadWords.metric($0.key), value: Self.text($0.key, $0.value)) }
    }

    private static func text(_ name: String, _ value: Double) -> String {
        name.contains("accuracy") || name.contains("share") ? LeadWords.share(value) : MetricsCurve.text(value)
    }

    /// What to say where the figures rest on too little, or are missing.
    func tooFewWords(heldOutGroups: Int?) -> String? {
        switch heldOutGroups {
        case 0?:
            return "There were too few labels to hold any out, so nothing says how well this model predicts people. "
                + "Label more and retrain."
        case let groups? where groups < Self.fewHeldOutGroups:
            return "Only \(LeadWords.count(groups, "group was", "groups were")) held out, so the accuracy can be far "
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
        var runPath: String?
        var snapshot: String?
        var lineage: String
        var created: LeadWords.Moment
        var size: String
        var isPruned: Bool
        var figures: [RewardModelFigures.Figure]
        var tooFew: String?
        /// What the run said about its result.
        var words: String?
    }

    var nav: ProjectNav
    var rows: [Row]
    var retrainPath: String
}
