import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import NIOCore
import Preferences

/// Writing a prompt, comparing two answers to it, and going on with the better one.
///
/// Both answers reach the server as they are sampled and the browser together, so that neither's speed tells anything.
struct ConversationPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.conversation(":project")), use: show)
        routes.post(RouterPath(Path.conversation(":project")), use: write)
        routes.get(RouterPath(Path.conversationStep(":project")), use: step)
        routes.post(RouterPath(Path.conversationRetry(":project")), use: retry)
        routes.post(RouterPath(Path.conversationFinish(":project")), use: finish)
        routes.get(RouterPath(Path.conversationDraft(":project"))) { _, context -> Response in
            let draft = try await services.store.messageDraft(
                of: try context.requireUser().id, in: try context.id("project"))
            return try Draft.response(draft)
        }
        routes.put(RouterPath(Path.conversationDraft(":project"))) { request, context -> Response in
            let user = try context.requireUser().id
            let project: ProjectID = try context.id("project")
            return try await Draft.save(from: request) { draft in
                try await services.store.saveMessageDraft(draft, of: user, in: project)
            }
        }
    }

    @Sendable private func show(_ request: Request, context: PlumbContext) async throws -> Response {
        try await page(problem: nil, typed: "", context)
    }

    private func page(problem: String?, typed: String, _ context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let project = try await services.store.project(try context.id("project"))
        let conversation = try await services.store.conversation(of: user.id, in: project.id)
        switch conversation?.step {
        case .compare(let assignment): return .redirect(to: Path.task(assignment.token))
        case .wait(let turn): await services.operations.answer(turn.id)
        case .failed, .write, .ended, nil: break
        }
        let status: HTTPResponse.Status = problem == nil ? .ok : .unprocessableContent
        let draft = try await services.store.messageDraft(of: user.id, in: project.id)
        return try services.pages.page(
            ConversationPage(conversation, in: project, problem: problem, typed: typed, draft: draft), status: status,
            for: context)
    }

    @Sendable private func write(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let project: ProjectID = try context.id("project")
        let fields = try await request.decode(as: [String: String].self, context: context)
        let text = FeedbackForm.typed(fields, FeedbackForm.textField)
        do {
            let turn = try await services.store.writeInConversation(text, by: user.id, in: project)
            await services.operations.answer(turn.id)
        } catch StoreError.invalidAnswer(let problem) {
            if ErrorPages.wantsJSON(request) { throw Problem.incomplete(Wording.sentence(problem)) }
            return try await page(problem: Wording.sentence(problem), typed: text, context)
        }
        let next = Path.conversation(project.description)
        return ErrorPages.wantsJSON(request) ? try .json(["page": .string(next)]) : .redirect(to: next)
    }

    @Sendable private func retry(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let project: ProjectID = try context.id("project")
        if case .failed(let turn, _) = try await services.store.conversation(of: user.id, in: project)?.step {
            try await services.store.setProblem(nil, of: turn.id)
            await services.operations.answer(turn.id)
        }
        return .redirect(to: Path.conversation(project.description))
    }

    @Sendable private func finish(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let project: ProjectID = try context.id("project")
        try await services.store.finishConversation(of: user.id, in: project)
        return .redirect(to: Path.nextTask(project.description))
    }

    /// Whether anything changed for somebody who waits: `{"waiting": true}`. It says nothing of either answer.
    @Sendable private func step(_ request: Request, context: PlumbContext) async throws -> Response {
        let user = try context.requireUser()
        let project: ProjectID = try context.id("project")
        var waits = false
        if case .wait(let turn) = try await services.store.conversation(of: user.id, in: project)?.step {
            waits = true
            await services.operations.answer(turn.id)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: #"{"waiting":\#(waits)}"#)))
    }
}

extension Path {
    public static func conversation(_ project: String) -> String { "/projects/\(project)/conversation" }
    static func conversationStep(_ project: String) -> String { "/projects/\(project)/conversation/step" }
    static func conversationRetry(_ project: String) -> String { "/projects/\(project)/conversation/retry" }
    static func conversationFinish(_ project: String) -> String { "/projects/\(project)/conversation/finish" }
    /// The message that is being written.
    static func conversationDraft(_ project: String) -> String { "/projects/\(project)/conversation/draft" }
}
