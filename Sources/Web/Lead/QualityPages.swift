import Hummingbird
import Labels
import Preferences

/// How reliable a project's answers are: people against themselves, against known answers, and against each other.
struct QualityPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.quality(":project"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            let store = services.store
            let page = QualityPage(
                try await store.checkResults(project.id), try await store.sharedTasks(project.id),
                try await store.certainty(project.id), try await store.habits(project.id), in: project)
            return try services.pages.page(page, for: context)
        }
        routes.get(RouterPath(Path.taskAnswers(":project", task: ":task"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            let answers = try await services.store.taskAnswers(try context.id("task"), in: project.id)
            return try services.pages.page(TaskAnswersPage(answers, in: project), for: context)
        }
        routes.post(RouterPath(Path.adjudicate(":project", task: ":task"))) { _, context in
            let assignment = try await services.store.adjudicate(
                try context.id("task"), in: try context.id("project"), by: try context.requireUser().id)
            return Response.redirect(to: Path.task(assignment.token))
        }
        routes.post(RouterPath(Path.adjudicationUse(":project", task: ":task"))) { request, context in
            let project: ProjectID = try context.id("project")
            let task: TaskID = try context.id("task")
            let isAlone = try await LeadForm(request, context).text("alone") == "true"
            try await services.store.readAdjudication(alone: isAlone, of: task, in: project, by: try context.lead())
            return Response.redirect(
                to: Path.taskAnswers(project.description, task: task.description),
                notice: isAlone
                    ? "From now on training reads the lead's answer alone."
                    : "From now on training reads all answers to this task.", settings: services.settings)
        }
    }
}

extension Path {
    public static func quality(_ project: String) -> String { "/lead/projects/\(project)/quality" }
    /// Everybody's answers to one task.
    public static func taskAnswers(_ project: String, task: String) -> String {
        "/lead/projects/\(project)/tasks/\(task)"
    }
    /// Hands the task to a lead who decides it.
    public static func adjudicate(_ project: String, task: String) -> String {
        taskAnswers(project, task: task) + "/decision"
    }
    public static func adjudicationUse(_ project: String, task: String) -> String {
        taskAnswers(project, task: task) + "/decision/use"
    }
}

struct QualityPage: PageModel {
    static let template = "lead-quality"
    let title: String
    let nav: ProjectNav
    let repeats: Checks
    let gold: Checks
    let tasks: [Shared]
    let hasTasks: Bool
    let rounds: [Round]
    let hasRounds: Bool
    let habits: [Habit]
    let hasHabits: Bool
    let settingsPath: String
    let practicePath: String

    /// One kind of check: everybody together, then each person.
    struct Checks: Sendable {
        let name: String
        let people: [Person]
        let isEmpty: Bool
    }

    struct Person: Sendable {
        let name: String
        /// Nil for everybody together.
        let statisticsPath: String?
        let tasks: Int
        /// “7 of 9: 77.8% (95% interval …)”
        let right: String
        let agreement: String
        let tau: String
        /// Checks by the share of their pairs that agree, from all to less than half.
        let bands: [Int]
    }

    struct Shared: Sendable {
        let id: String
        let path: String
        let kind: String
        let prompt: String
        let people: Int
        let agreement: String
        let tau: String
    }

    struct Round: Sendable {
        let number: Int
        let answers: Int
        let negligible: String
        let tied: String
    }

    struct Habit: Sendable {
        let name: String
        let statisticsPath: String
        let left: String
        let longer: String
    }

    init(
        _ checks: [AnnotatorChecks], _ shared: [SharedTask], _ certainty: [RoundCertainty], _ habits: [AnnotatorHabits],
        in project: Project
    ) {
        title = "Quality · \(project.name)"
        nav = ProjectNav(project, .quality)
        let id = project.id.description
        func kind(_ name: String, _ result: KeyPath<AnnotatorChecks, CheckResult>) -> Checks {
            let people = checks.filter { $0[keyPath: result].tasks > 0 }
            let rows = people.map {
                Person(
                    $0.user.name, $0[keyPath: result],
                    statisticsPath: Path.personStatistics(id, user: $0.user.id.description))
            }
            let everybody = people.reduce(CheckResult()) { $0 + $1[keyPath: result] }
            return Checks(
                name: name,
                people: (rows.count > 1 ? [Person("Everybody", everybody, statisticsPath: nil)] : []) + rows,
                isEmpty: rows.isEmpty)
        }
        repeats = kind("Repeats by annotator", \.repeats)
        gold = kind("Known answers by annotator", \.gold)
        hasTasks = !shared.isEmpty
        tasks = shared.map { task in
            Shared(
                id: task.taskID.description, path: Path.taskAnswers(id, task: task.taskID.description),
                kind: task.mode.words, prompt: task.promptPreview, people: task.people,
                agreement: task.agreement.rate.map { LeadWords.share($0) } ?? "–",
                tau: task.meanTau.map { LeadWords.coefficient($0) } ?? "–")
        }
        rounds = certainty.map(Round.init)
        hasRounds = !rounds.isEmpty
        self.habits = habits.map { Habit($0, in: id) }
        hasHabits = !habits.isEmpty
        settingsPath = Path.projectSettings(id)
        practicePath = Path.practice(id)
    }
}

extension QualityPage.Round {
    init(_ round: RoundCertainty) {
        func share(_ part: Int, of whole: Int) -> String {
            LeadWords.share(
                whole == 0 ? nil : Double(part) / Double(whole),
                wilsonInterval(successes: Double(part), trials: Double(whole)), otherwise: "–")
        }
        number = round.round
        answers = round.answers
        negligible = share(round.negligible, of: round.graded)
        tied = share(round.tiedPairs, of: round.pairs)
    }
}

extension QualityPage.Habit {
    init(_ habits: AnnotatorHabits, in project: String) {
        name = habits.user.name
        statisticsPath = Path.personStatistics(project, user: habits.user.id.description)
        left = LeadWords.share(habits.sides.leftShare, habits.sides.interval, otherwise: "–")
        longer = LeadWords.share(habits.lengths.longerShare, habits.lengths.interval, otherwise: "–")
    }
}

extension QualityPage.Person {
    init(_ name: String, _ result: CheckResult, statisticsPath: String?) {
        self.name = name
        self.statisticsPath = statisticsPath
        tasks = result.tasks
        let share = result.tasks == 0 ? nil : Double(result.right) / Double(result.tasks)
        right = "\(result.right): " + LeadWords.share(share, result.interval, otherwise: "–")
        agreement = LeadWords.share(result.agreement.rate, result.agreement.interval, otherwise: "–")
        tau = result.meanTau.map { LeadWords.coefficient($0) } ?? "–"
        bands = CheckResult.Band.allCases.map { result.bands[$0] ?? 0 }
    }
}
