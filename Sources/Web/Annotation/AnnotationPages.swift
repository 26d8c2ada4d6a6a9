import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// Where annotators work: the next task, its ranking or comparison, and skipping.
///
/// What reaches the browser is the lease's token, its random response ids, letters and texts: never a policy, a round,
/// a temperature, a seed or an id that outlives the lease.
struct AnnotationPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.tasks), use: chooseProject)
        routes.get(RouterPath(Path.nextTask(":project")), use: nextTask)
        routes.get(RouterPath(Path.task(":lease")), use: showTask)
        routes.post(RouterPath(Path.ranking(":lease")), use: submitRanking)
        routes.post(RouterPath(Path.comparison(":lease")), use: submitComparison)
        routes.post(RouterPath(Path.feedback(":lease")), use: submitFeedback)
        routes.post(RouterPath(Path.skip(":lease")), use: skip)
        routes.post(RouterPath(Path.taskAhead(":project")), use: taskAhead)
        for path in [Path.ranking, Path.comparison, Path.feedback, Path.skip].map({ $0(":lease") }) {
            routes.get(RouterPath(path)) { _, context in
                Response.redirect(to: Path.task(try context.parameters.require("lease")))
            }
        }
        TaskKeepingRoutes(services).add(to: routes)
        HistoryPages(services).add(to: routes)
        ConversationPages(services).add(to: routes)
        PracticePages(services).add(to: routes)
        StatisticsPages(services).add(to: routes)
    }

    // MARK: Next task

    @Sendable private func chooseProject(_ request: Request, context: PlumbContext) async throws -> Response {
        let projects = try await services.store.projects()
        if projects.count == 1 {
            return .redirect(to: Path.nextTask(projects[0].id.description))
        }
        return try services.pages.page(ProjectChoicePage(projects), for: context)
    }

    @Sendable private func nextTask(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let id = try context.parameters.require("project", as: ProjectID.self)
        let (project, task) = try await services.store.nextWork(
            of: user.id, in: id,
            insteadOfConversation: request.uri.queryParameters.get("besides") == "conversation")
        switch task {
        case nil:
            return .redirect(to: Path.conversation(id.description))
        case .task(let assignment):
            return try page(of: assignment, in: project, problem: nil, for: context)
        case .nothing(let reason):
            return try services.pages.page(NoTaskPage(reason, project: project), for: context)
        }
    }

    /// The page of the task after the one in hand, for a script to show later; 204 where there is none yet, and where a
    /// message of a conversation comes next. `besides` names the leases that the person has in hand or on the way.
    @Sendable private func taskAhead(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let id = try context.parameters.require("project", as: ProjectID.self)
        let fields = try await request.decode(as: [String: String].self, context: context)
        let besides = (fields["besides"] ?? "").split(separator: " ").map(String.init)
        let (project, task) = try await services.store.nextWork(of: user.id, in: id, besides: besides, ahead: true)
        switch task {
        case .task(let assignment) where !assignment.isPractice:
            return try page(of: assignment, in: project, problem: nil, for: context)
        case .task, .nothing, nil: return Response(status: .noContent)
        }
    }

    @Sendable private func showTask(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let lease = try context.parameters.require("lease")
        let assignment = try await services.store.assignment(token: lease, user: user.id)
        let project = try await services.store.project(assignment.projectID)
        return try page(of: assignment, in: project, problem: nil, for: context)
    }

    private func page(
        of assignment: Assignment, in project: Project, problem: String?, fields: [String: String]? = nil,
        for context: PlumbContext
    ) throws -> Response {
        let status: HTTPResponse.Status = problem == nil ? .ok : .unprocessableContent
        switch assignment.mode {
        case .ranking:
            let page = RankingPage(assignment, in: project, problem: problem, fields: fields)
            return try services.pages.page(page, status: status, for: context)
        case .comparison:
            let page = try ComparisonPage(assignment, in: project, problem: problem, fields: fields)
            return try services.pages.page(page, status: status, for: context)
        case .demonstration, .correction, .rating, .criticism, .prompt:
            let page = FeedbackPage(assignment, in: project, problem: problem, fields: fields)
            return try services.pages.page(page, status: status, for: context)
        }
    }

    // MARK: Submitting

    @Sendable private func submitRanking(_ request: Request, context: PlumbContext) async throws -> Response {
        let fields = try await request.decode(as: [String: String].self, context: context)
        return try await submit(fields, reading: { .judgement(try RankingForm.judgement($0)) }, request, context)
    }

    @Sendable private func submitComparison(_ request: Request, context: PlumbContext) async throws -> Response {
        let fields = try await request.decode(as: [String: String].self, context: context)
        return try await submit(fields, reading: { .judgement(try ComparisonForm.judgement($0)) }, request, context)
    }

    @Sendable private func submitFeedback(_ request: Request, context: PlumbContext) async throws -> Response {
        let fields = try await request.decode(as: [String: String].self, context: context)
        if FeedbackForm.changesOnly(fields) {
            let lease = try context.parameters.require("lease")
            let assignment = try await services.store.assignment(token: lease, user: try context.requireUser().id)
            return try await again(fields, assignment: assignment, problem: nil, context: context)
        }
        let original = try await original(of: fields, context: context)
        return try await submit(
            fields, reading: { .feedback(try FeedbackForm.feedback($0, original: original)) }, request, context)
    }

    /// The response that a correction is of; nil for other feedback, and for a task that was answered already, where
    /// submitting decides.
    private func original(of fields: [String: String], context: PlumbContext) async throws -> String? {
        guard fields["kind"] == Feedback.Kind.correction.rawValue else { return nil }
        do {
            let lease = try context.parameters.require("lease")
            return try await services.store.assignment(token: lease, user: try context.requireUser().id)
                .responses.first?.text
        } catch StoreError.leaseAlreadyUsed { return nil }
    }

    /// The task again as it was filled in.
    private func again(
        _ fields: [String: String], assignment: Assignment, problem: String?, context: PlumbContext
    ) async throws -> Response {
        let project = try await services.store.project(assignment.projectID)
        return try page(of: assignment, in: project, problem: problem, fields: fields, for: context)
    }

    /// Stores the answer, or shows the task again as it was filled in with what is missing.
    private func submit(
        _ fields: [String: String], reading read: ([String: String]) throws -> LabelContent, _ request: Request,
        _ context: PlumbContext
    ) async throws -> Response {
        let user = try context.requireUser()
        let lease = try context.parameters.require("lease")
        let submission: Submission
        do {
            let content = try read(fields)
            if let practised = try await services.store.answerPractice(content, token: lease, user: user.id) {
                let page = Path.practiceAnswer(practised.id.description)
                return ErrorPages.wantsJSON(request) ? try .json(["page": .string(page)]) : .redirect(to: page)
            }
            submission = try await services.store.submit(
                content, token: lease, user: user.id, timing: TimingFields.timing(fields))
        } catch let refusal where refusal is FormRefusal || (refusal as? StoreError)?.isInvalidAnswer == true {
            let assignment = try await services.store.assignment(token: lease, user: user.id)
            let problem =
                (refusal as? FormRefusal)?.explanation(letters: assignment.letters) ?? Wording.sentence("\(refusal)")
            if ErrorPages.wantsJSON(request) { throw Problem.incomplete(problem) }
            return try await again(fields, assignment: assignment, problem: problem, context: context)
        }
        let notice = Self.notice(of: submission)
        if ErrorPages.wantsJSON(request) {
            let takeBack = submission.kept == .counted ? Path.takeBack(submission.labelID.description) : nil
            return try .json([
                "notice": notice.map(JSONValue.string) ?? .null, "take_back": takeBack.map(JSONValue.string) ?? .null,
            ])
        }
        let next = Self.next(after: fields)
        guard let notice else { return .redirect(to: next) }
        return .redirect(to: next, notice: notice, settings: services.settings)
    }

    /// What to say of an answer that was not simply counted.
    private static func notice(of submission: Submission) -> String? {
        if submission.repeated { return "That answer was stored already; nothing was changed." }
        switch submission.kept {
        case .counted: return nil
        case .extra:
            return "Your time for that task had run out and others had answered it. Your answer is kept as an extra."
        case .duplicate:
            return "You had answered that task on another page already. That answer counts; this one is kept beside it."
        }
    }

    // MARK: Skipping

    @Sendable private func skip(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let lease = try context.parameters.require("lease")
        let fields = try await request.decode(as: [String: String].self, context: context)
        let given = fields["reason"] ?? ""
        let reason = SkipReason(rawValue: given)
        if reason == nil, !given.isEmpty {
            throw Problem.unreadable("There is no reason “\(given)” for skipping. Go back and choose one of the list.")
        }
        let note = (fields["note"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        try await services.store.skip(
            token: lease, user: user.id, reason: reason, note: note.isEmpty ? nil : String(note.prefix(2_000)))
        let said = "Skipped; you will not be given that one again."
        if ErrorPages.wantsJSON(request) { return try .json(["said": .string(said)]) }
        return .redirect(to: Self.next(after: fields), notice: said, settings: services.settings)
    }

    /// The next task of the project that the form names; after a lead's decision the task that was decided.
    private static func next(after fields: [String: String]) -> String {
        guard let project = fields["project"].flatMap(ProjectID.init) else { return Path.tasks }
        if let decided = fields["decides"].flatMap(TaskID.init) {
            return Path.taskAnswers(project.description, task: decided.description)
        }
        return Path.nextTask(project.description)
    }
}

extension StoreError {
    /// The answer can be put right in the form that it came in.
    fileprivate var isInvalidAnswer: Bool {
        if case .invalidAnswer = self { true } else { false }
    }
}

extension Assignment {
    /// Letter of each response id of the lease.
    var letters: [String: String] {
        Dictionary(responses.map { ($0.id, $0.letter) }, uniquingKeysWith: { first, _ in first })
    }
}
