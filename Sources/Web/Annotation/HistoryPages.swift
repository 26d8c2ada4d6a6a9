import Foundation
import HTTPTypes
import Hummingbird
import Labels

/// A person's own last answers, and taking one back: the label gets a new revision and the task returns to them with
/// the old answer filled in.
struct HistoryPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.history)) { _, context -> Response in
            let user = try context.requireUser()
            return try services.pages.page(try await page(of: user.id), for: context)
        }
        routes.post(RouterPath(Path.takeBack(":label"))) { _, context -> Response in
            let user = try context.requireUser()
            let label = try context.parameters.require("label", as: LabelID.self)
            let assignment = try await services.store.undo(label, by: user.id)
            return Response.redirect(to: Path.task(assignment.token))
        }
    }

    /// The last answers in every project.
    private func page(of user: UserID) async throws -> HistoryPage {
        var projects: [HistoryPage.ProjectAnswers] = []
        for project in try await services.store.projects() {
            let past = try await services.store.recentSubmissions(of: user, in: project.id)
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
            kind = past.mode.words
            machineTime = past.submittedAt.formatted(.iso8601)
            time = machineTime.prefix(16).replacingOccurrences(of: "T", with: " ") + " UTC"
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
