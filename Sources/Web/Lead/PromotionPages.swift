import Hummingbird
import Labels
import Preferences

/// Whether a policy goes live, decided on what people prefer: starting the comparison, watching it, deciding.
struct PromotionPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.startPromotion(":project", policy: ":policy"))) { _, context in
            try services.pages.page(
                try await form(try context.id("project"), try context.id("policy")), for: context)
        }
        routes.post(RouterPath(Path.startPromotion(":project", policy: ":policy"))) { request, context in
            try await start(request, context)
        }
        routes.get(RouterPath(Path.promotion(":promotion"))) { _, context in
            try services.pages.page(try await page(try context.id("promotion")), for: context)
        }
        routes.get(RouterPath(Path.promotionPlot(":promotion", name: ":name"))) { _, context in
            let id: PromotionID = try context.id("promotion")
            let plot = PromotionWords.plot(try await services.store.promotion(id))
            let name = context.parameters.get("name") ?? ""
            guard name == "\(plot.name).svg" || name == "\(plot.name).csv" else { throw Problem.notFound }
            return Response.plot(plot, isNumbers: name.hasSuffix(".csv"), fileName: "promotion-\(id)-\(plot.name)")
        }
        routes.post(RouterPath(Path.decidePromotion(":promotion"))) { request, context in
            try await change(request, context) { id, form, lead in
                guard let decision = PromotionDecision(rawValue: form.text("decision")) else {
                    throw FieldError(field: "decision", message: "Choose whether to promote or to discard it.")
                }
                return try await Self.decide(id, decision, by: lead.id, services)
            }
        }
        routes.post(RouterPath(Path.extendPromotion(":promotion"))) { request, context in
            try await change(request, context) { id, form, lead in
                let pairs = try form.whole("pairs", label: "More pairs")
                _ = try await services.store.extendPromotion(id, by: pairs, actor: .user(lead.id))
                return "\(Wording.count(pairs, "more pair", "more pairs")) will be sampled."
            }
        }
        routes.post(RouterPath(Path.promotionLabels(":promotion"))) { request, context in
            try await change(request, context) { id, form, lead in
                guard let use = LabelUse(rawValue: form.text("label_use")) else {
                    throw FieldError(field: "label_use", message: "Choose what the labels may be used for.")
                }
                try await services.store.setLabelUse(use, of: id, by: .user(lead.id))
                return "From the next snapshot on. \(PromotionWords.labelUse(use))."
            }
        }
    }

    /// Records the decision; a promoted policy becomes current with it.
    /// - Returns: what was done, in a sentence.
    static func decide(
        _ id: PromotionID, _ decision: PromotionDecision, by user: UserID, _ services: WebServices
    ) async throws -> String {
        let promotion = try await services.store.promotion(id).promotion
        guard promotion.decision == nil else {
            throw OperationError(.conflict, "This comparison is decided already. Start another one.")
        }
        guard decision == .promote else {
            _ = try await services.store.decidePromotion(id, decision, by: .user(user))
            return "\(promotion.candidate.name) was discarded. \(promotion.incumbent.name) stays as it is."
        }
        try await services.operations.promote(id, by: user)
        return "\(promotion.candidate.name) is current: new tasks are sampled from it."
    }

    private func form(
        _ id: ProjectID, _ policy: PolicyID, values: PromotionStartPage.Values? = nil, problem: String? = nil
    ) async throws -> PromotionStartPage {
        let project = try await services.store.project(id)
        let candidate = try await services.store.policy(policy)
        var incumbent: String?
        if let current = project.currentPolicy { incumbent = try await services.store.policy(current).name }
        let prompts = try await services.store.promptCounts(id)[.heldOut] ?? 0
        return PromotionStartPage(
            title: "Compare \(candidate.name) with the current policy", nav: ProjectNav(project, .policies),
            candidate: candidate.name, incumbent: incumbent, isCurrent: project.currentPolicy == policy,
            prompts: Wording.count(prompts, "held-out prompt", "held-out prompts"),
            values: values ?? PromotionStartPage.Values(project, prompts: prompts),
            uses: PromotionPage.uses(chosen: values?.labelUse ?? .none), problem: problem,
            action: Path.startPromotion(id.description, policy: policy.description),
            backPath: Path.policies(id.description), promptsPath: Path.prompts(id.description), hasPrompts: prompts > 0)
    }

    private func start(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let posted = try await LeadForm(request, context)
        let project: ProjectID = try context.id("project")
        let policy: PolicyID = try context.id("policy")
        do {
            let use = LabelUse(rawValue: posted.text("label_use")) ?? .none
            let promotion = try await services.store.startPromotion(
                NewPromotion(
                    candidate: policy, temperature: try posted.number("temperature", label: "Temperature"),
                    pairs: try posted.whole("pairs", label: "Pairs"),
                    worthwhile: try posted.number("worthwhile", label: "Smallest win rate worth it") / 100,
                    labelUse: use, seed: UInt64.random(in: 0..<(1 << 53))), in: project, by: try context.lead())
            return Response.redirect(to: Path.promotion(promotion.id.description))
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            let page = try await form(
                project, policy, values: PromotionStartPage.Values(posted), problem: words)
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    /// Does what was posted and shows the comparison again, with what came of it.
    private func change(
        _ request: Request, _ context: PlumbContext,
        _ body: (PromotionID, LeadForm, User) async throws -> String
    ) async throws -> Response {
        let form = try await LeadForm(request, context)
        let id: PromotionID = try context.id("promotion")
        do {
            let sentence = try await body(id, form, try context.requireLead())
            return Response.redirect(
                to: Path.promotion(id.description), notice: sentence, settings: services.settings)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            var page = try await page(id)
            page.problem = words
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    private func page(_ id: PromotionID) async throws -> PromotionPage {
        let standing = try await services.store.promotion(id)
        let project = try await services.store.project(standing.promotion.project)
        return PromotionPage(standing, project: project)
    }
}
