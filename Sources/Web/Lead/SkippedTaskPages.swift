import Foundation
import Hummingbird
import Labels
import Preferences

/// Tasks that several people skipped: what they said, and a lead's decision about each.
struct SkippedTaskPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.skippedTasks(":project"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            let tasks = try await services.store.skippedTasks(project.id)
            return try services.pages.page(SkippedTasksPage(tasks, in: project), for: context)
        }
        routes.post(RouterPath(Path.skippedTask(":project", task: ":task"))) { request, context in
            let project: ProjectID = try context.id("project")
            guard let decision = SkipDecision(rawValue: try await LeadForm(request, context).text("decision")) else {
                throw Problem.unreadable("Choose whether the task is handed out again or withdrawn.")
            }
            try await services.store.decide(decision, task: try context.id("task"), in: project, by: try context.lead())
            let notice =
                decision == .reopen
                ? "The task is handed out again, to others." : "The task is withdrawn; its labels stay."
            return Response.redirect(
                to: Path.skippedTasks(project.description), notice: notice, settings: services.settings)
        }
    }
}

extension Path {
    /// Tasks that wait for a lead, because several people skipped them.
    public static func skippedTasks(_ project: String) -> String { "/lead/projects/\(project)/skipped" }
    static func skippedTask(_ project: String, task: String) -> String { "/lead/projects/\(project)/skipped/\(task)" }
}

struct SkippedTasksPage: PageModel {
    static let template = "lead-skipped"
    let title: String
    let nav: ProjectNav
    let tasks: [Task]

    struct Task: Sendable {
        let id: String
        let path: String
        let answersPath: String
        let prompt: String
        let responses: [Response]
        /// “1 of 2 labels”.
        let labels: String
        let waiting: LeadWords.Moment
        let skips: [Skip]
    }

    struct Response: Sendable {
        let number: Int
        let text: String
    }

    struct Skip: Sendable {
        let annotator: String
        let reason: String
        let note: String?
        let at: LeadWords.Moment
    }

    init(_ tasks: [SkippedTask], in project: Project) {
        title = "Skipped tasks · \(project.name)"
        nav = ProjectNav(project, .progress)
        self.tasks = tasks.map { task in
            Task(
                id: task.taskID.description,
                path: Path.skippedTask(project.id.description, task: task.taskID.description),
                answersPath: Path.taskAnswers(project.id.description, task: task.taskID.description),
                prompt: task.prompt.plainText,
                responses: task.responses.enumerated().map { Response(number: $0 + 1, text: $1) },
                labels: "\(task.labels) of \(Wording.count(task.overlap, "label", "labels"))",
                waiting: LeadWords.Moment(task.waitingSince),
                skips: task.skips.map {
                    Skip(
                        annotator: $0.annotator, reason: $0.reason?.words ?? "no reason given", note: $0.note,
                        at: LeadWords.Moment($0.at))
                })
        }
    }
}
