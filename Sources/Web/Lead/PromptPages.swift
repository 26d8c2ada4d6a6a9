import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import NIOCore
import Preferences

/// A project's prompts, and importing more: typed or pasted into the page, or as a file.
struct PromptPages: RouteSet {
    private let services: WebServices
    /// Nothing is stored before every line was found good, so the whole file is read first.
    private static let largestFile = 256 << 20
    private static let pageLength = 100

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.prompts(":project"))) { request, context in
            let project = try await services.store.project(try context.id("project"))
            let use = request.uri.queryParameters.get("use").flatMap { PromptUse(rawValue: $0) }
            let after = request.uri.queryParameters.get("after").flatMap { PromptID($0) }
            return try services.pages.page(
                try await page(project, use: use, after: after, draft: PromptsPage.Draft()), for: context)
        }
        routes.post(RouterPath(Path.prompts(":project"))) { request, context in
            try await importText(request, context)
        }
        routes.put(RouterPath(Path.promptFile(":project"))) { request, context in
            try await importFile(request, context)
        }
    }

    private func importText(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let project = try await services.store.project(try context.id("project"))
        let draft = PromptsPage.Draft(use: form.text("use"), format: form.text("format"), text: form.raw("text"))
        do {
            let report = try await importPrompts(
                project, use: draft.use, format: draft.format, Data(draft.text.utf8), name: "the text", context)
            return Response.redirect(
                to: Path.prompts(project.id.description), notice: report.sentence, settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await page(project, use: nil, after: nil, draft: draft)
            page.problem = words
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    /// The body is the file itself; the answer is `{"sentence": …}` or the API's error.
    private func importFile(_ request: Request, _ context: PlumbContext) async throws -> Response {
        var request = request
        do {
            let project = try await services.store.project(try context.id("project"))
            let query = request.uri.queryParameters
            let buffer = try await request.collectBody(upTo: Self.largestFile)
            let report = try await importPrompts(
                project, use: query.get("use") ?? "", format: query.get("format") ?? "",
                Data(buffer.readableBytesView), name: query.get("name") ?? "the file", context)
            return try .json(["sentence": .string(report.sentence)])
        } catch {
            guard let failure = APIFailure(describing: error) else { throw error }
            return try .json(failure.json, status: failure.status)
        }
    }

    private func importPrompts(
        _ project: Project, use: String, format: String, _ data: Data, name: String, _ context: PlumbContext
    ) async throws -> ImportReport {
        guard let use = PromptUse(rawValue: use) else {
            throw APIFailure.invalid("Choose what the prompts are for.", field: "use")
        }
        if format == PromptsPage.groupsFormat {
            return try await services.store.importGroups(
                project.id, from: .data(data, name: name), by: try context.lead())
        }
        guard let format = PromptFormat(rawValue: format) else {
            throw APIFailure.invalid("Choose the format of the prompts.", field: "format")
        }
        return try await services.store.importPrompts(
            project.id, use: use, format: format, from: .data(data, name: name), by: try context.lead())
    }

    private func page(
        _ project: Project, use: PromptUse?, after: PromptID?, draft: PromptsPage.Draft
    ) async throws -> PromptsPage {
        let id = project.id.description
        let counts = try await services.store.promptCounts(project.id)
        let prompts = try await services.store.prompts(
            project.id, use: use, after: after, limit: Self.pageLength)
        let last = prompts.count == Self.pageLength ? prompts.last : nil
        let filter = use.map { "use=\($0.rawValue)&" } ?? ""
        return PromptsPage(
            title: "Prompts · \(project.name)", nav: ProjectNav(project, .prompts), importPath: Path.prompts(id),
            filePath: Path.promptFile(id),
            uses: PromptUse.allCases.map {
                .init(
                    value: $0.rawValue, label: PromptsPage.words($0), count: counts[$0] ?? 0,
                    path: "\(Path.prompts(id))?use=\($0.rawValue)", isShown: use == $0,
                    isChosen: draft.use == $0.rawValue)
            },
            formats: PromptsPage.formats.map {
                .init(value: $0.0, label: $0.1, count: 0, path: "", isShown: false, isChosen: draft.format == $0.0)
            }, text: draft.text, allPath: Path.prompts(id),
            rows: prompts.map {
                .init(
                    id: $0.id.description, use: PromptsPage.words($0.use), kind: PromptsPage.words($0.prompt.kind),
                    text: String($0.prompt.plainText.prefix(300)), added: LeadWords.Moment($0.createdAt))
            }, nextPath: last.map { "\(Path.prompts(id))?\(filter)after=\($0.id)" })
    }
}
