import Hummingbird
import Labels
import Preferences

/// A project's first page: how far it is, how good the labels are, who labels, and the two buttons of the loop.
struct ProgressPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.project(":project"))) { _, context in
            try services.pages.page(try await progress(try context.id("project")), for: context)
        }
        routes.post(RouterPath(Path.projectSampling(":project"))) { _, context in
            let id: ProjectID = try context.id("project")
            try await services.operations.requestSampling(project: id)
            return Response.redirect(
                to: Path.project(id.description), notice: "Sampling was woken up.", settings: services.settings)
        }
        routes.post(RouterPath(Path.projectPause(":project"))) { request, context in
            let id: ProjectID = try context.id("project")
            let pause = try await LeadForm(request, context).text("paused") == "true"
            _ = try await services.store.updateProject(id, paused: pause, by: try context.lead())
            return Response.redirect(
                to: Path.project(id.description),
                notice: pause ? "Paused: no tasks are handed out." : "Tasks are handed out again.",
                settings: services.settings)
        }
        routes.get(RouterPath(Path.projectLabels(":project"))) { request, context in
            let before = request.uri.queryParameters.get("before").flatMap { LabelID($0) }
            return try services.pages.page(
                try await labels(try context.id("project"), before: before), for: context)
        }
    }

    private func progress(_ id: ProjectID) async throws -> ProgressPage {
        let store = services.store
        let project = try await store.project(id)
        let progress = try await store.progress(id)
        let quality = try await store.quality(id)
        let annotators = try await store.annotatorCounts(id)
        let skipped = try await store.skippedTaskCount(id)
        let lengths = try await store.leaseLengths(of: id)
        let sampling = try await services.operations.samplingStatus(project: id)
        let names = Dictionary(try await store.policies().map { ($0.id, $0.name) }, uniquingKeysWith: { a, _ in a })
        let text = id.description
        return ProgressPage(
            title: "Progress · \(project.name)", nav: ProjectNav(project, .progress),
            currentPolicy: project.currentPolicy.flatMap { names[$0] },
            policiesPath: Path.policies(text), labelsPath: Path.projectLabels(text), counts: Self.counts(progress),
            newLabels: Wording.count(progress.labelsSinceSnapshot, "label has come", "labels have come"),
            sampling: Self.sentence(sampling),
            unanswerable: sampling.unanswerable == 0
                ? nil
                : Wording.count(sampling.unanswerable, "prompt is", "prompts are")
                    + " passed over: a policy cannot answer \(Wording.word(sampling.unanswerable, "it", "them")).",
            unanswerablePath: "\(Path.prompts(text))?state=\(PromptState.unanswerable.rawValue)",
            samplingProblem: sampling.problem, samplingChoice: sampling.choice,
            samplingPath: Path.projectSampling(text),
            retrainPath: Path.retrain(text), refreshPath: Path.refresh(text), pausePath: Path.projectPause(text),
            isPaused: project.paused, skipReasons: Self.skipReasons(progress),
            skippedTasks: skipped == 0
                ? nil : Wording.count(skipped, "task was skipped", "tasks were skipped") + " by several people.",
            skippedPath: Path.skippedTasks(text), qualityPath: Path.quality(text),
            times: TimesSection(try await store.timeDistribution(id), lengths),
            annotators: annotators.map { ProgressPage.Annotator($0, in: project) },
            quality: Self.quality(quality, project.settings.mode), positions: Self.positions(quality.slots),
            hasPositions: quality.slots.shown.contains { $0 > 0 })
    }

    private func labels(_ id: ProjectID, before: LabelID?) async throws -> LabelsPage {
        let project = try await services.store.project(id)
        let limit = 50
        let lines = try await services.store.recentLabels(id, before: before, limit: limit)
        let last = lines.count == limit ? lines.last : nil
        let olderPath = last.map { "\(Path.projectLabels(id.description))?before=\($0.labelID)" }
        return LabelsPage(
            title: "Labels · \(project.name)", nav: ProjectNav(project, .progress),
            rows: lines.map {
                .init(
                    id: $0.labelID.description, annotator: $0.annotator.name, mode: $0.mode.rawValue,
                    preview: $0.promptPreview,
                    taskPath: Path.taskAnswers(id.description, task: $0.taskID.description),
                    check: $0.check.map { $0 == .repeat ? "repeat" : "check" }, isDecision: $0.isDecision,
                    revision: $0.revision, isExtra: $0.kept == .extra,
                    isRetracted: $0.retracted,
                    answer: Self.answer($0, flags: project.settings.flags),
                    practicePath: $0.mode.isPreference && !$0.retracted
                        ? "\(Path.practice(id.description))?label=\($0.labelID)" : nil,
                    identityWords: $0.identityWords.isEmpty ? nil : $0.identityWords.joined(separator: ", "),
                    submitted: LeadWords.Moment($0.submittedAt))
            }, olderPath: olderPath)
    }

    private static func answer(_ line: LabelLine, flags: [ResponseFlag]) -> String {
        let words = AnswerWords(displayOrder: line.displayOrder, flags: flags)
        switch line.content {
        case .judgement(let judgement): return words.sentence(judgement)
        case .feedback(let feedback): return words.sentence(feedback)
        }
    }

    private static func counts(_ progress: ProjectProgress) -> [ProgressPage.Figure] {
        [
            .init("Labels that count", "\(progress.labels)"),
            .init("Labels since the last snapshot", "\(progress.labelsSinceSnapshot)"),
            .init("Labels with ties", "\(progress.labelsWithTies)"), .init("Late extras", "\(progress.extras)"),
            .init("Taken back", "\(progress.retracted)"), .init("Answers to checks", "\(progress.checks)"),
            .init("Skips", "\(progress.skips)"),
            .init("Tasks ready", "\(progress.tasksReady)"), .init("Tasks with somebody now", "\(progress.liveLeases)"),
            .init("Tasks finished", "\(progress.tasksDone)"), .init("Tasks withdrawn", "\(progress.tasksWithdrawn)"),
            .init("Tasks in which a response names a model", "\(progress.tasksWithIdentityWords)"),
            .init("Prompts for ranking", "\(progress.prompts[.ranking] ?? 0)"),
            .init("Prompts for PPO", "\(progress.prompts[.ppo] ?? 0)"),
        ]
    }

    /// “3 expertise, 1 unsafe”, the most frequent first; nil where no skip gave a reason.
    private static func skipReasons(_ progress: ProjectProgress) -> String? {
        let reasons = progress.skipReasons.filter { $0.value > 0 }
            .sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        return reasons.isEmpty ? nil : reasons.map { "\($0.value) \($0.key.words)" }.joined(separator: ", ")
    }

    private static func sentence(_ sampling: SamplingStatus) -> String {
        let ready =
            "\(sampling.ready) of \(Wording.count(sampling.target, "wanted task", "wanted tasks")) "
            + Wording.word(sampling.ready, "is ready", "are ready")
        let doing = sampling.isSampling ? "; more responses are being sampled now" : ""
        let left = Wording.count(sampling.promptsLeft, "prompt has", "prompts have")
        return "\(ready)\(doing). \(left) no task yet."
    }

    private static func quality(_ quality: Quality, _ mode: TaskMode) -> [ProgressPage.Figure] {
        let agreement = quality.agreement
        var figures = [
            ProgressPage.Figure(
                "Agreement between people",
                LeadWords.share(
                    agreement.rate, agreement.interval, otherwise: QualityWords.agreementUndefined(agreement)),
                note: "\(PairAgreement.definition) Agreed \(agreement.agreed), disagreed \(agreement.disagreed), "
                    + "tied by one \(agreement.tiedByOne), tied by both \(agreement.tiedByBoth)."),
            ProgressPage.Figure(
                "Kendall's τ-b, mean",
                quality.meanTau.map { LeadWords.coefficient($0) } ?? QualityWords.tauUndefined()),
            ProgressPage.Figure(
                "Krippendorff's α of orders", QualityWords.alpha(quality.orders, "pair", "pairs"),
                note:
                    "Agreement on which of two responses is better, or that they are tied, beyond what chance gives: 1 is "
                    + "perfect, 0 is chance."),
            ProgressPage.Figure(
                "Longer response preferred",
                LeadWords.share(
                    quality.lengths.longerShare, quality.lengths.interval,
                    otherwise: "Not defined yet: no pair of different lengths was put in an order."),
                note: "Near 50% people do not care for length; far from it, a reward model may learn length alone."),
        ]
        if mode == .comparison {
            figures.append(
                ProgressPage.Figure(
                    "Krippendorff's α of grades", QualityWords.alpha(quality.gradedSides, "pair", "pairs"),
                    note: "The same with how much better the one is."))
            figures.append(
                ProgressPage.Figure(
                    "Left side preferred", QualityWords.sides(quality.sides),
                    note: "Sides are drawn at random, so it should hold 50%."))
            figures += Grade.allCases.sorted(by: >).map {
                ProgressPage.Figure("“\($0.words)”", "\(quality.grades[$0] ?? 0)")
            }
            figures.append(.init("Ties", "\(quality.ties)"))
            figures.append(.init("Both unacceptable", "\(quality.bothUnacceptable)"))
        }
        if quality.ratings.units > 0 {
            figures.append(
                ProgressPage.Figure(
                    "Krippendorff's α of ratings", QualityWords.alpha(quality.ratings, "response", "responses"),
                    note: "Agreement on the ratings from 1 to 7 of the same responses."))
        }
        return figures
    }

    private static func positions(_ slots: SlotCounts) -> [ProgressPage.Position] {
        zip(slots.shown, slots.first).enumerated().map { slot, counts in
            ProgressPage.Position(
                letter: DisplayOrder.letter(slot: slot), shown: counts.0, first: counts.1,
                share: counts.0 == 0 ? "–" : LeadWords.share(Double(counts.1) / Double(counts.0)))
        }
    }
}

struct ProgressPage: PageModel {
    static let template = "lead-progress"
    let title: String

    struct Figure: Sendable {
        var name: String
        var value: String
        var note: String?

        init(_ name: String, _ value: String, note: String? = nil) {
            self.name = name
            self.value = value
            self.note = note
        }
    }
    struct Annotator: Sendable {
        var name: String
        var statisticsPath: String
        var labels: Int
        var today: Int
        var extras: Int
        var skips: Int
        var open: Int
        var median: String
        var last: LeadWords.Moment?

        init(_ count: AnnotatorCount, in project: Project) {
            name = count.user.name
            statisticsPath = Path.personStatistics(project.id.description, user: count.user.id.description)
            labels = count.labels
            today = count.labelsToday
            extras = count.extras
            skips = count.skips
            open = count.liveLeases
            median = LeadWords.seconds(count.medianActiveSeconds)
            last = LeadWords.Moment(count.lastSubmission)
        }
    }
    struct Position: Sendable {
        var letter: String
        var shown: Int
        var first: Int
        var share: String
    }

    var nav: ProjectNav
    var currentPolicy: String?
    var policiesPath: String
    var labelsPath: String
    var counts: [Figure]
    /// “3 labels have come”.
    var newLabels: String
    var sampling: String
    /// How many prompts are passed over because a policy cannot answer them; nil where none is.
    var unanswerable: String?
    var unanswerablePath: String
    var samplingProblem: String?
    /// How tasks are chosen just now; nil where the prompts simply take turns.
    var samplingChoice: String?
    var samplingPath: String
    var retrainPath: String
    var refreshPath: String
    var pausePath: String
    var isPaused: Bool
    var skipReasons: String?
    /// “2 tasks were skipped by several people.”; nil where none waits for a decision.
    var skippedTasks: String?
    var skippedPath: String
    var qualityPath: String
    var times: TimesSection
    var annotators: [Annotator]
    var quality: [Figure]
    var positions: [Position]
    var hasPositions: Bool
}

struct LabelsPage: PageModel {
    static let template = "lead-labels"
    let title: String

    struct Row: Sendable {
        var id: String
        var annotator: String
        var mode: String
        var preview: String
        /// Everybody's answers to its task.
        var taskPath: String
        /// Of which kind the check is that it answers; nil where it answers none.
        var check: String?
        /// Whether a lead decides by it what others answered.
        var isDecision: Bool
        var revision: Int
        var isExtra: Bool
        var isRetracted: Bool
        /// In letters, as the annotator saw the responses.
        var answer: String
        /// Where the label becomes a practice task; nil for one that orders no responses.
        var practicePath: String?
        /// Nil where no response names a model.
        var identityWords: String?
        var submitted: LeadWords.Moment
    }

    var nav: ProjectNav
    var rows: [Row]
    var olderPath: String?
}
