import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// What the scripts of a task's page need to keep it: its addresses and the draft.
struct TaskKeeping: Sendable {
    let lease: String
    let page: String
    let heartbeat: String
    let shown: String
    let release: String
    let draftPath: String
    /// Where the task after this one is fetched; nil where none follows, as after a lead's decision.
    let ahead: String?
    /// The page after this one.
    let next: String
    /// What a button that leads there says.
    let nextLabel: String
    /// JSON; nil where there is none.
    let draft: String?
    let version: Int

    init(_ assignment: Assignment) {
        let project = assignment.projectID.description
        lease = assignment.token
        page = Path.task(assignment.token)
        heartbeat = Path.heartbeat(assignment.token)
        shown = Path.shown(assignment.token)
        release = Path.release(assignment.token)
        draftPath = Path.draft(assignment.token)
        if let decided = assignment.decides {
            ahead = nil
            next = Path.taskAnswers(project, task: decided.description)
            nextLabel = "Everybody's answers"
        } else {
            ahead = Path.taskAhead(project)
            next = Path.nextTask(project)
            nextLabel = "Next task"
        }
        draft = assignment.draft?.json
        version = assignment.draft?.version ?? 0
    }
}

/// What a task's page sends while somebody works: the heartbeat of the lease, the draft, and what becomes of a task that
/// was fetched ahead.
struct TaskKeepingRoutes: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.post(RouterPath(Path.heartbeat(":lease")), use: heartbeat)
        routes.post(RouterPath(Path.shown(":lease"))) { _, context -> Response in
            let (lease, user) = try Self.lease(context)
            try await services.store.show(token: lease, user: user)
            return Response(status: .noContent)
        }
        routes.post(RouterPath(Path.release(":lease"))) { _, context -> Response in
            let (lease, user) = try Self.lease(context)
            try await services.store.releaseLease(token: lease, user: user, unlessShown: true)
            return Response(status: .noContent)
        }
        routes.get(RouterPath(Path.draft(":lease"))) { _, context -> Response in
            let (lease, user) = try Self.lease(context)
            return try Draft.response(try await services.store.draft(token: lease, user: user))
        }
        routes.put(RouterPath(Path.draft(":lease")), use: saveDraft)
    }

    private static func lease(_ context: PlumbContext) throws -> (lease: String, user: UserID) {
        (try context.parameters.require("lease"), try context.requireUser().id)
    }

    /// Keeps the lease while its page is in front of somebody; `?waiting=yes` where it was fetched ahead and still waits.
    /// Answers `{"draft_version": 3, "seconds_left": 900}`.
    @Sendable private func heartbeat(_ request: Request, context: PlumbContext) async throws -> Response {
        let (lease, user) = try Self.lease(context)
        let isWaiting = request.uri.queryParameters.get("waiting") == "yes"
        let renewed = try await services.store.renewLease(token: lease, user: user, isShown: !isWaiting)
        return try .json([
            "seconds_left": .integer(max(0, Int(renewed.expiresAt.timeIntervalSinceNow.rounded()))),
            "draft_version": .integer(renewed.draftVersion),
        ])
    }

    @Sendable private func saveDraft(_ request: Request, context: PlumbContext) async throws -> Response {
        let (lease, user) = try Self.lease(context)
        return try await Draft.save(from: request) { draft in
            try await services.store.saveDraft(draft, token: lease, user: user)
        }
    }
}
