import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import NIOCore
import Preferences

/// A project's prompts, retiring one, and importing more: typed or pasted into the page, or as a file.
struct PromptPages: RouteSet {
    private let services: WebServices
    /// Nothing is stored before every line was found good, so the whole file is read first.
    private static let largestFile = 256 << 20
    private static let pageLength = 100

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.prompts(":project"))) { request, context in
            let project = try await services.store.project(try context.id("project"))
            return try services.pages.page(
                try await page(project, PromptsView(request), draft: PromptsPage.Draft()), for: context)
        }
        routes.post(RouterPath(Path.retirePrompt(":project", prompt: ":prompt"))) { request, context in
            let project: ProjectID = try context.id("project")
            let prompt = try await services.store.retirePrompt(
                try context.id("prompt"), in: project, by: try context.lead())
            return Response.redirect(
                to: Path.prompts(project.description) + PromptsView(request).query,
                notice: "Prompt \(prompt.id) is retired: nothing new is made of it. What there is of it stays.",
                settings: services.settings)
        }
        routes.post(RouterPath(Path.restorePrompt(":project", prompt: ":prompt"))) { request, context in
            let project: ProjectID = try context.id("project")
            let prompt = try await services.store.restorePrompt(
                try context.id("prompt"), in: project, by: try context.lead())
            return Response.redirect(
                to: Path.prompts(project.description) + PromptsView(request).query,
                notice: "Prompt \(prompt.id) is used again.", settings: services.settings)
        }
        routes.post(RouterPath(Path.promptSafety(":project", prompt: ":prompt"))) { request, context in
            let project: ProjectID = try context.id("project")
            let form = try await LeadForm(request, context)
            let prompt = try await services.store.setAboutSafety(
                form.text("about_safety") == "true", prompt: try context.id("prompt"), in: project,
                by: try context.lead())
            return Response.redirect(
                to: Path.prompts(project.description) + PromptsView(request).query,
                notice: "Prompt \(prompt.id) is \(prompt.isAboutSafety ? "about safety" : "not about safety").",
                settings: services.settings)
        }
        for (verb, retires) in [("retire", true), ("restore", false)] {
            routes.post(RouterPath(Path.changeInstructionSet(":project", set: ":set", verb))) { _, context in
                let project: ProjectID = try context.id("project")
                let set = try await services.store.setRetired(
                    retires, instructionSet: try context.id("set"), in: project, by: try context.lead())
                return Response.redirect(
                    to: Path.prompts(project.description),
                    notice: retires
                        ? "\(set.name) is retired: no further run learns from it." : "\(set.name) is used again.",
                    settings: services.settings)
            }
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
        let draft = PromptsPage.Draft(
            use: form.text("use"), format: form.text("format"), text: form.raw("text"),
            areAboutSafety: form.flag("about_safety"))
        do {
            let report = try await importPrompts(
                project, draft, Data(draft.text.utf8), name: "the text", context)
            return Response.redirect(
                to: Path.prompts(project.id.description), notice: report.sentence, settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await page(project, PromptsView(), draft: draft)
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
            let draft = PromptsPage.Draft(
                use: query.get("use") ?? "", format: query.get("format") ?? "",
                areAboutSafety: query.get("about_safety") == "true")
            let report = try await importPrompts(
                project, draft, Data(buffer.readableBytesView), name: query.get("name") ?? "the file", context)
            return try .json(["sentence": .string(report.sentence)])
        } catch {
            guard let failure = APIFailure(describing: error) else { throw error }
            return try .json(failure.json, status: failure.status)
        }
    }

    private func importPrompts(
        _ project: Project, _ draft: PromptsPage.Draft, _ data: Data, name: String, _ context: PlumbContext
    ) async throws -> ImportReport {
        if draft.format == PromptsPage.instructionsFormat {
            return try await services.store.importInstructions(
                project.id, from: .data(data, name: name), by: try context.lead())
        }
        guard let use = PromptUse(rawValue: draft.use) else {
            throw APIFailure.invalid("Choose what the prompts are for.", field: "use")
        }
        if draft.format == PromptsPage.groupsFormat {
            return try await services.store.importGroups(
                project.id, from: .data(data, name: name), by: try context.lead())
        }
        guard let format = PromptFormat(rawValue: draft.format) else {
            throw APIFailure.invalid("Choose the format of the prompts.", field: "format")
        }
        return try await services.store.importPrompts(
            project.id, use: use, format: format, areAboutSafety: draft.areAboutSafety, from: .data(data, name: name),
            by: try context.lead())
    }

    private func page(_ project: Project, _ view: PromptsView, draft: PromptsPage.Draft) async throws -> PromptsPage {
        let id = project.id.description
        let store = services.store
        let counts = try await store.promptCounts(project.id)
        let unanswerable = try await store.unanswerablePromptCount(project.id)
        let prompts = try await store.prompts(
            project.id, use: view.use, state: view.state, after: view.after, limit: Self.pageLength)
        let refusals = try await store.refusals(of: prompts.map(\.id), in: project.id)
        let sets = try await store.instructionSets(project.id)
        let last = prompts.count == Self.pageLength ? prompts.last : nil
        return PromptsPage(
            title: "Prompts · \(project.name)", nav: ProjectNav(project, .prompts), importPath: Path.prompts(id),
            filePath: Path.promptFile(id),
            uses: PromptUse.allCases.map {
                .init(
                    value: $0.rawValue, label: PromptsPage.words($0), count: counts[$0] ?? 0,
                    path: "\(Path.prompts(id))?use=\($0.rawValue)", isShown: view.use == $0,
                    isChosen: draft.use == $0.rawValue)
            },
            formats: PromptsPage.formats.map {
                .init(value: $0.0, label: $0.1, count: 0, path: "", isShown: false, isChosen: draft.format == $0.0)
            }, text: draft.text, areAboutSafety: draft.areAboutSafety, allPath: Path.prompts(id),
            states: PromptState.allCases.map {
                .init(
                    path: Path.prompts(id) + PromptsView(use: view.use, state: $0).query, label: PromptsPage.words($0),
                    isShown: view.state == $0)
            },
            unanswerable: unanswerable == 0
                ? nil
                : Wording.count(unanswerable, "prompt is", "prompts are")
                    + " passed over, because a policy cannot answer \(Wording.word(unanswerable, "it", "them")).",
            unanswerablePath: Path.prompts(id) + PromptsView(state: .unanswerable).query,
            sets: sets.map { .init($0, of: id) }, hasSets: !sets.isEmpty,
            rows: prompts.map { .init($0, refusals: refusals[$0.id] ?? [], of: id, view) },
            nextPath: last.map {
                Path.prompts(id) + PromptsView(use: view.use, state: view.state, after: $0.id).query
            })
    }
}
