import Foundation
import Hummingbird
import Labels
import Preferences

/// A project's practice set: tasks with a known answer and the reason for it.
struct PracticeSetPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.practice(":project"))) { request, context -> Response in
            let project = try await services.store.project(try context.id("project"))
            let label = request.uri.queryParameters.get("label") ?? ""
            return try services.pages.page(try await page(project, label: label), for: context)
        }
        routes.post(RouterPath(Path.practice(":project"))) { request, context -> Response in
            try await change(request, context) { project, form, actor in
                guard let label = LabelID(form.text("label")) else {
                    throw FieldError(field: "label", message: "Label: give the number of a ranking or a comparison.")
                }
                guard let purpose = PracticePurpose(rawValue: form.text("purpose")) else {
                    throw FieldError(field: "purpose", message: "What the task is for: choose practice or a check.")
                }
                _ = try await services.store.addPracticeItem(
                    from: label, explanation: form.raw("explanation"), purpose: purpose, in: project.id, by: actor)
                return purpose == .practice
                    ? "The practice set has one task more." : "One check more is mixed into the real tasks."
            }
        }
        routes.post(RouterPath(Path.practiceImport(":project"))) { request, context -> Response in
            try await change(request, context) { project, form, actor in
                try await services.store.importPractice(
                    project.id, from: .data(Data(form.raw("lines").utf8), name: "the text"), by: actor
                ).sentence
            }
        }
        routes.post(RouterPath(Path.practiceRetire(":project", item: ":item"))) { _, context -> Response in
            let project: ProjectID = try context.id("project")
            try await services.store.retirePracticeItem(
                try context.id("item"), in: project, by: try context.lead())
            return .redirect(
                to: Path.practice(project.description), notice: "Nobody is given that task any more.",
                settings: services.settings)
        }
        routes.get(RouterPath(Path.practiceFile(":project"))) { _, context -> Response in
            let lines = try await services.store.practiceLines(try context.id("project"))
            return .file(
                lines.map { $0 + "\n" }.joined(), mediaType: "application/jsonl", savedAs: "practice.jsonl")
        }
    }

    private func change(
        _ request: Request, _ context: PlumbContext,
        _ work: (Project, LeadForm, Actor) async throws -> String
    ) async throws -> Response {
        let form = try await LeadForm(request, context)
        let project = try await services.store.project(try context.id("project"))
        do {
            let notice = try await work(project, form, try context.lead())
            return .redirect(
                to: Path.practice(project.id.description), notice: notice, settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await page(project, label: form.text("label"))
            page.problem = words
            page.explanation = form.raw("explanation")
            page.isGold = form.text("purpose") == PracticePurpose.gold.rawValue
            page.lines = form.raw("lines")
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private func page(_ project: Project, label: String) async throws -> PracticeSetPage {
        let id = project.id.description
        let items = try await services.store.practiceItems(project.id)
        return PracticeSetPage(
            title: "Practice · \(project.name)", nav: ProjectNav(project, .practice),
            rows: items.filter { !$0.isRetired }.map { PracticeSetPage.Row($0, id) }, addPath: Path.practice(id),
            importPath: Path.practiceImport(id), filePath: Path.practiceFile(id), labelsPath: Path.projectLabels(id),
            settingsPath: Path.projectSettings(id), label: label,
            passShare: LeadWords.share(project.settings.feedback.practicePassShare),
            goldShare: LeadWords.share(project.settings.quality.goldShare), qualityPath: Path.quality(id))
    }
}

extension Path {
    public static func practice(_ project: String) -> String { "/lead/projects/\(project)/practice" }
    static func practiceImport(_ project: String) -> String { "/lead/projects/\(project)/practice/import" }
    static func practiceFile(_ project: String) -> String { "/lead/projects/\(project)/practice/file" }
    static func practiceRetire(_ project: String, item: String) -> String {
        "/lead/projects/\(project)/practice/\(item)/retire"
    }
}

struct PracticeSetPage: PageModel {
    static let template = "lead-practice"
    let title: String

    struct Row: Sendable {
        let id: String
        let kind: String
        let isGold: Bool
        let prompt: String
        let explanation: String
        let answers: String
        let retirePath: String

        init(_ item: PracticeItem, _ project: String) {
            id = item.id.description
            kind = item.mode.words
            isGold = item.purpose == .gold
            prompt = String(item.group.prompt.plainText.prefix(200))
            explanation = item.explanation
            answers = item.answers == 0 ? "–" : "\(item.rightAnswers) of \(item.answers)"
            retirePath = Path.practiceRetire(project, item: item.id.description)
        }
    }

    var nav: ProjectNav
    var rows: [Row]
    var addPath: String
    var importPath: String
    var filePath: String
    var labelsPath: String
    var settingsPath: String
    var label: String
    var passShare: String
    var goldShare: String
    var qualityPath: String
    var problem: String?
    var explanation = ""
    var isGold = false
    var lines = ""
}
