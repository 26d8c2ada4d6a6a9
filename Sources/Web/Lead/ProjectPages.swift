import Hummingbird
import Labels

/// Making a project and changing its settings.
struct ProjectPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.newProject)) { _, context in
            try services.pages.page(try await newPage(), for: context)
        }
        routes.post(RouterPath(Path.projects)) { request, context in
            try await create(request, context)
        }
        routes.get(RouterPath(Path.projectSettings(":project"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            return try services.pages.page(try await editPage(project), for: context)
        }
        routes.post(RouterPath(Path.projectSettings(":project"))) { request, context in
            try await update(request, context)
        }
    }

    private func create(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        do {
            let project = try await services.store.createProject(
                name: form.text("name"), settings: try ProjectForm.settings(form, from: ProjectSettings()),
                by: try context.lead())
            return Response.redirect(
                to: Path.prompts(project.id.description),
                notice: "The project is there. Import prompts, and make a policy current for it.",
                settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            return try services.pages.page(
                try await newPage(typed: form, problem: words), status: .unprocessableContent, for: context)
        }
    }

    private func update(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let id: ProjectID = try context.id("project")
        do {
            _ = try await services.store.updateProject(id, name: form.text("name"), by: try context.lead()) { stored in
                try StaleSettings.settings(form, over: stored)
            }
            return Response.redirect(
                to: Path.projectSettings(id.description),
                notice: "Saved. Tasks that are ready already keep the settings they were made with.",
                settings: services.settings)
        } catch let stale as StaleSettings {
            var page = try await editPage(stale.stored, typed: form, problem: StaleSettings.words)
            page.form.version = try ProjectForm.version(of: stale.stored)
            page.differences = try stale.differences()
            page.hasDifferences = true
            return try services.pages.page(page, status: .conflict, for: context)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            let page = try await editPage(try await services.store.project(id), typed: form, problem: words)
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private func newPage(typed: LeadForm? = nil, problem: String? = nil) async throws -> ProjectFormPage {
        let policies = try await services.store.policies()
        var form = ProjectForm(name: "", settings: ProjectSettings(), policies: policies)
        if let typed { form.keep(typed, policies: policies) }
        return ProjectFormPage(
            title: "New project", nav: nil, form: form, action: Path.projects, submitLabel: "Make the project",
            problem: problem)
    }

    private func editPage(
        _ project: Project, typed: LeadForm? = nil, problem: String? = nil
    ) async throws -> ProjectFormPage {
        let policies = try await services.store.policies()
        var form = ProjectForm(name: project.name, settings: project.settings, policies: policies)
        form.version = try ProjectForm.version(of: project)
        if let typed { form.keep(typed, policies: policies) }
        return ProjectFormPage(
            title: "Settings · \(project.name)", nav: ProjectNav(project, .settings), form: form,
            action: Path.projectSettings(project.id.description), submitLabel: "Save", problem: problem)
    }
}

struct ProjectFormPage: PageModel {
    static let template = "lead-project-form"
    let title: String
    var nav: ProjectNav?
    var form: ProjectForm
    var action: String
    var submitLabel: String
    var problem: String?
    /// Where somebody else has saved meanwhile: what is stored otherwise than typed.
    var hasDifferences = false
    var differences: [StaleSettings.Difference] = []
}
