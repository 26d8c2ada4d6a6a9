import Hummingbird
import Labels
import Preferences

/// The card of a policy: where it comes from, what people and standard evaluations say of it, before and after.
struct PolicyCardPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.policyCard(":project", policy: ":policy"))) { _, context in
            try services.pages.page(try await card(try context.id("project"), try context.id("policy")), for: context)
        }
    }

    private func card(_ id: ProjectID, _ policyID: PolicyID) async throws -> PolicyCardPage {
        let store = services.store
        let project = try await store.project(id)
        let policy = try await store.policy(policyID)
        let strengths = try await store.policyStrengths(id)
        let promotions = try await store.promotions(id).filter {
            $0.promotion.candidate.id == policyID || $0.promotion.incumbent.id == policyID
        }
        var run: RunRecord?
        if let made = policy.run { run = try await store.run(made) }
        var before: Policy?
        if let base = policy.parents.first(where: { $0.role == "base" && $0.kind == .policy }) {
            before = try await store.policy(PolicyID(rawValue: base.id))
        }
        let after = try await store.evaluations(of: policyID)
        let earlier = try await before.map { $0.id }.asyncMap { try await store.evaluations(of: $0) } ?? []
        return PolicyCardPage(
            project: project, policy: policy, lineage: try await lineage(of: policy), run: run, before: before,
            strengths: strengths, promotions: promotions, evaluations: after, earlier: earlier)
    }

    /// The policy's ancestors, the nearest first, with what each was made from.
    private func lineage(of policy: Policy) async throws -> [PolicyCardPage.Ancestor] {
        var ancestors: [PolicyCardPage.Ancestor] = []
        var seen: Set<PolicyID> = []
        var next: Policy? = policy
        while let current = next, seen.insert(current.id).inserted {
            let names = try await ParentNames(of: current.parents, in: services.store)
            ancestors.append(
                .init(
                    name: current.name, kind: current.kind.rawValue, sha256: current.sha256,
                    madeFrom: names.words(current.parents), runPath: current.run.map { Path.run($0.description) },
                    run: current.run?.description, created: LeadWords.Moment(current.createdAt)))
            next = nil
            if let base = current.parents.first(where: { $0.kind == .policy && $0.role == "base" }) {
                next = try await services.store.policy(PolicyID(rawValue: base.id))
            }
        }
        return ancestors
    }
}

extension Optional {
    fileprivate func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await transform(self)
    }
}

struct PolicyCardPage: PageModel {
    static let template = "lead-policy-card"
    let title: String

    struct Ancestor: Sendable {
        var name: String
        var kind: String
        var sha256: String?
        var madeFrom: String?
        var runPath: String?
        var run: String?
        var created: LeadWords.Moment
    }
    struct Row: Sendable {
        var task: String
        var figure: String
        var raw: String
        var items: Int
        /// “81.0% (95% interval …)”; a dash where it was not measured.
        var before: String
        var after: String
        var change: String
        /// Whether the interval of the change is below 0.
        var isLoss: Bool
    }
    struct PromotionLine: Sendable {
        var path: String
        var words: String
        var winRate: String
        var state: String
    }

    var nav: ProjectNav
    var name: String
    var facts: [Fact]
    var lineage: [Ancestor]
    var settings: [Fact]
    var hasSettings: Bool
    var figures: [Fact]
    var hasFigures: Bool
    var strength: String?
    var promotions: [PromotionLine]
    var hasPromotions: Bool
    var startPath: String?
    var evaluations: [Row]
    var hasEvaluations: Bool
    /// The policy that it was made from, which stands for “before”.
    var before: String?
    /// What to type to measure it.
    var command: String

    init(
        project: Project, policy: Policy, lineage: [Ancestor], run: RunRecord?, before: Policy?,
        strengths: [PolicyStrength], promotions: [PromotionStanding], evaluations: [Evaluation], earlier: [Evaluation]
    ) {
        title = policy.name
        nav = ProjectNav(project, .policies)
        name = policy.name
        var words = [policy.kind.rawValue, "version \(policy.version)"]
        if project.currentPolicy == policy.id { words.append("current") }
        if project.referencePolicy == policy.id { words.append("reference") }
        if policy.prunedAt != nil { words.append("files removed") }
        facts = [
            Fact(name: "What it is", value: words.joined(separator: ", ")),
            Fact(name: "Folder", value: policy.path), Fact(name: "Size", value: LeadWords.bytes(policy.bytes)),
        ]
        if let sha256 = policy.sha256 { facts.append(Fact(name: "SHA-256", value: sha256)) }
        self.lineage = lineage
        settings = (run?.settings ?? [:]).sorted { $0.key < $1.key }.map {
            Fact(named: $0.key, value: $0.value)
        }
        if let run {
            settings.insert(Fact(name: "Seed", raw: "seed", value: "\(run.seed)"), at: 0)
            settings.insert(Fact(name: "Made by", value: "\(LeadWords.kind(run.kind)) run \(run.id)"), at: 0)
        }
        hasSettings = !settings.isEmpty
        figures = policy.metrics.sorted { $0.key < $1.key }.map {
            Fact(named: $0.key, value: Plot.text($0.value))
        }
        hasFigures = !figures.isEmpty
        strength = strengths.first { $0.policy.id == policy.id }.map { found in
            let anchor = strengths.first { $0.isAnchor }?.policy.name ?? ""
            if found.isAnchor {
                return "The others are measured against it, on \(Wording.count(found.pairs, "pair", "pairs"))."
            }
            return "It wins \(LeadWords.share(found.winRate, found.winInterval, otherwise: "–")) against \(anchor), by "
                + "the Bradley–Terry table of all policies: \(Wording.count(found.pairs, "pair", "pairs")) on "
                + "\(Wording.count(found.prompts, "prompt", "prompts"))."
        }
        self.promotions = promotions.map { standing in
            PromotionLine(
                path: Path.promotion(standing.promotion.id.description),
                words: "\(standing.promotion.candidate.name) against \(standing.promotion.incumbent.name)",
                winRate: PromotionWords.winRate(standing.newest), state: PromotionWords.state(standing))
        }
        hasPromotions = !promotions.isEmpty
        let isOpen = promotions.contains {
            $0.promotion.decision == nil && $0.promotion.candidate.id == policy.id
        }
        startPath =
            project.currentPolicy == nil || project.currentPolicy == policy.id || isOpen || policy.prunedAt != nil
            ? nil : Path.startPromotion(project.id.description, policy: policy.id.description)
        self.evaluations = Self.rows(evaluations, earlier: earlier)
        hasEvaluations = !self.evaluations.isEmpty
        self.before = before?.name
        command = "plumb evaluate --policy \(policy.name) --task TASK.jsonl"
    }

    private static func rows(_ evaluations: [Evaluation], earlier: [Evaluation]) -> [Row] {
        func same(_ a: Evaluation, _ b: Evaluation) -> Bool {
            a.found.taskSHA256 == b.found.taskSHA256 && a.found.figure == b.found.figure
        }
        func words(_ evaluation: Evaluation?) -> String {
            LeadWords.share(evaluation?.value, evaluation?.interval, otherwise: "–")
        }
        let onlyBefore = earlier.filter { old in !evaluations.contains { same($0, old) } }
        return (evaluations + onlyBefore).map { found in
            let after = evaluations.first { same($0, found) }
            let before = earlier.first { same($0, found) }
            let change = before.flatMap { old in after.flatMap { EvaluationChange(before: old, after: $0) } }
            return Row(
                task: found.found.task, figure: MetricWords.words(found.found.figure), raw: found.found.figure,
                items: found.found.scores.count, before: words(before), after: words(after),
                change: change.map {
                    "\(points($0.difference)) (95% interval \(points($0.interval.lowerBound)) to "
                        + "\(points($0.interval.upperBound)))"
                } ?? "–", isLoss: change.map { $0.interval.upperBound < 0 } ?? false)
        }
    }

    /// “+1.2 points”.
    private static func points(_ share: Double) -> String {
        let rounded = (share * 1000).rounded() / 10
        return "\(rounded > 0 ? "+" : rounded < 0 ? "−" : "")\(Plot.text(abs(rounded)))"
    }
}
