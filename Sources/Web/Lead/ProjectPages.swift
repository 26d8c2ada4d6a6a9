import Hummingbird
import Labels

/// Making a project and changing its settings.
struct ProjectPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.newProject)) { _, context in
            try services.pages.page(
                try await newPage(name: "", settings: ProjectSettings(), problem: nil), for: context)
        }
        routes.post(RouterPath(Path.projects)) { request, context in
            try await create(request, context)
        }
        routes.get(RouterPath(Path.projectSettings(":project"))) { _, context in
            let project = try await services.store.project(try context.id("project"))
            return try services.pages.page(
                try await editPage(project, name: project.name, settings: project.settings, problem: nil),
                for: context)
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
            var page = try await newPage(name: form.text("name"), settings: ProjectSettings(), problem: words)
            page.form.keep(form)
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private func update(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let project = try await services.store.project(try context.id("project"))
        do {
            _ = try await services.store.updateProject(
                project.id, name: form.text("name"),
                settings: try ProjectForm.settings(form, from: project.settings), by: try context.lead())
            return Response.redirect(
                to: Path.projectSettings(project.id.description),
                notice: "Saved. Tasks that are ready already keep the settings they were made with.",
                settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await editPage(
                project, name: form.text("name"), settings: project.settings, problem: words)
            page.form.keep(form)
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private func newPage(name: String, settings: ProjectSettings, problem: String?) async throws -> ProjectFormPage {
        let policies = try await services.store.policies()
        return ProjectFormPage(
            title: "New project", nav: nil,
            form: ProjectForm(name: name, settings: settings, policies: policies), action: Path.projects,
            submitLabel: "Make the project", problem: problem)
    }

    private func editPage(
        _ project: Project, name: String, settings: ProjectSettings, problem: String?
    ) async throws -> ProjectFormPage {
        let policies = try await services.store.policies()
        return ProjectFormPage(
            title: "Settings · \(project.name)", nav: ProjectNav(project, .settings),
            form: ProjectForm(name: name, settings: settings, policies: policies),
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
}

extension ProjectForm {
    /// Puts what was typed back into the fields, so that a refused form loses nothing.
    mutating func keep(_ form: LeadForm) {
        name = form.text("name")
        for index in modes.indices { modes[index].isSelected = modes[index].value == form.text("mode") }
        for index in numbers.indices { numbers[index].value = form.text(numbers[index].name) }
        instructions = form.raw("instructions")
        stop = form.raw("stop")
        acceptabilityLine = form.flag("acceptability_line")
        allowSkip = form.flag("allow_skip")
        for index in mix.indices {
            let chosen = form.text(mix[index].policyName)
            for option in mix[index].policies.indices {
                mix[index].policies[option].isSelected = mix[index].policies[option].value == chosen
            }
            mix[index].temperature = form.text(mix[index].temperatureName)
            mix[index].weight = form.text(mix[index].weightName)
        }
        rewardModelSettings = form.raw("reward_model_settings")
        policyRefreshSettings = form.raw("policy_refresh_settings")
        supervisedSettings = form.raw("supervised_settings")
        preferenceTuningSettings = form.raw("preference_tuning_settings")
    }
}
