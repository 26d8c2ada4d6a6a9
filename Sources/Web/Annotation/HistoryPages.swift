import Foundation
import HTTPTypes
import Hummingbird
import Labels

/// A person's own last answers, and taking one back: the label gets a new revision and the task returns to them with
/// the old answer filled in.
struct HistoryPages: RouteSet {
    let services: WebServices
    private static let shown = 10

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.history)) { request, context in
            let user = try context.requireUser()
            return try services.pages.page(try await page(of: user.id), for: context)
        }
        routes.post(RouterPath(Path.takeBack(":label"))) { request, context in
            let user = try context.requireUser()
            let label = try context.parameters.require("label", as: LabelID.self)
            let assignment = try await services.store.undo(label, by: user.id)
            return .redirect(to: Path.task(assignment.token))
        }
        routes.post(RouterPath(Path.takeBackLast(":project"))) { request, context in
            let user = try context.requireUser()
            let project = try context.parameters.require("project", as: ProjectID.self)
            let assignment = try await services.store.undoLast(of: user.id, in: project)
            return .redirect(to: Path.task(assignment.token))
        }
    }

    /// The last answers in every project.
    private func page(of user: UserID) async throws -> HistoryPage {
        var projects: [HistoryPage.ProjectAnswers] = []
        for project in try await services.store.projects() {
            let past = try await services.store.recentSubmissions(of: user, in: project.id, limit: Self.shown)
            guard !past.isEmpty else { continue }
            projects.append(
                .init(
                    name: project.name, nextPath: Path.nextTask(project.id.description),
                    answers: past.map(HistoryPage.Answer.init)))
        }
        return HistoryPage(projects: projects, isEmpty: projects.isEmpty)
    }
}

/// The last answers with what can still be done about each.
struct HistoryPage: PageModel {
    static let template = "annotation-history"
    let title = "My answers"
    let projects: [ProjectAnswers]
    let isEmpty: Bool

    struct ProjectAnswers: Sendable {
        let name: String
        let nextPath: String
        let answers: [Answer]
    }

    struct Answer: Sendable {
        let prompt: String
        let kind: String
        let time: String
        let machineTime: String
        let state: String
        let isTakenBack: Bool
        /// Where to take it back; nil where that is no longer possible.
        let takeBackPath: String?
        /// Why it cannot be taken back.
        let refusal: String?

        init(_ past: PastSubmission) {
            prompt = past.promptPreview
            kind = past.taskMode == .ranking ? "Ranking" : "Comparison"
            machineTime = past.submittedAt.formatted(.iso8601)
            time = past.submittedAt.formatted(
                Date.ISO8601FormatStyle().year().month().day().time(includingFractionalSeconds: false)
                    .dateTimeSeparator(.space))
            isTakenBack = past.retracted
            state =
                past.retracted
                ? "Taken back" : past.kept == .counted ? "Counted" : "Kept as an extra"
            switch past.undo {
            case .possible:
                takeBackPath = Path.takeBack(past.labelID.description)
                refusal = nil
            case .refused(let reason):
                takeBackPath = nil
                refusal = reason
            }
        }
    }
}
