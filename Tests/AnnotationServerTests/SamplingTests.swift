import AnnotationServer
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import LanguageModel
import Logging
import NIOCore
import Preferences
import Synchronization
import Testing
import Web

/// A server of OpenAI's form that says nothing of its models but their names. A prompt with the words “too long” is refused
/// without saying why, one with “bad roles” is named as the fault.
private final class OtherServer: Sendable {
    enum Mood: CaseIterable { case well, failing, refusingAll, busy }

    private let mood = Mutex(Mood.well)
    private let asked = Mutex<[(path: String, text: String)]>([])
    private let keys = Mutex<Set<String>>([])

    func set(_ new: Mood) { mood.withLock { $0 = new } }
    /// How many requests had these words in their prompt; nil counts all.
    func calls(_ words: String? = nil) -> Int {
        asked.withLock { $0.count { call in words.map { call.text.contains($0) } ?? true } }
    }
    var paths: Set<String> { asked.withLock { Set($0.map(\.path)) } }
    var texts: Set<String> { asked.withLock { Set($0.map(\.text)) } }
    /// What every request brought as its authorization; empty for none.
    var authorizations: Set<String> { keys.withLock { $0 } }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("/v1/models") { [self] request, _ in
            note(request)
            return try answer(["data": [["id": "sft"], ["id": "new"]]])
        }
        for path in ["/v1/completions", "/v1/chat/completions"] {
            router.post(RouterPath(path)) { [self] request, _ in
                var request = request
                note(request)
                let body = try await request.collectBody(upTo: 1 << 20)
                return try complete(JSONValue(json: Data(body.readableBytesView)), at: path)
            }
        }
        return router
    }

    private func note(_ request: Request) {
        let key = request.headers[.authorization] ?? ""
        keys.withLock { _ = $0.insert(key) }
    }

    private func complete(_ body: JSONValue, at path: String) throws -> Response {
        let messages = body["messages"]?.arrayValue?.compactMap { $0["content"]?.stringValue } ?? []
        let text = body["prompt"]?.stringValue ?? messages.joined(separator: "\n")
        asked.withLock { $0.append((path, text)) }
        switch mood.withLock({ $0 }) {
        case .failing: return try answer(["error": ["message": "it broke"]], .internalServerError)
        case .refusingAll:
            return try answer(["error": ["message": "top_k?", "param": .null, "code": 400]], .badRequest)
        case .busy: return try answer(["error": ["message": "later"]], .tooManyRequests)
        case .well: break
        }
        if text.contains("too long") {
            return try answer(["error": ["message": "the maximum is 256", "param": .null, "code": 400]], .badRequest)
        }
        if text.contains("bad roles") {
            return try answer(["error": ["message": "roles?", "param": "messages", "code": .null]], .badRequest)
        }
        let model = body["model"]?.stringValue ?? ""
        let choices = (0..<(body["n"]?.integerValue ?? 1)).map { index -> JSONValue in
            let reply = JSONValue.string("answer \(index) of \(model)")
            return path.contains("chat")
                ? ["index": .integer(index), "finish_reason": "stop", "message": ["content": reply]]
                : ["index": .integer(index), "finish_reason": "stop", "text": reply]
        }
        return try answer(["choices": .array(choices)])
    }

    private func answer(_ value: JSONValue, _ status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try value.json())))
    }
}

/// A project that samples from a policy of another server.
private struct Scene: Sendable {
    let server: OtherServer
    let data: DataFolder
    let store: Store
    let project: ProjectID
    let models: ModelServerSupervisor
    let sampler: TaskSampler

    /// - Parameter folder: fills the policy's folder; nil for a policy that the server alone has.
    static func open(
        folder: (@Sendable (URL) throws -> Void)? = nil, _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws {
        let server = OtherServer()
        let application = Application(
            router: server.router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: quiet)
        try await application.test(.live) { client in
            let address = "http://127.0.0.1:\(try #require(client.port))"
            let data = DataFolder(
                FileManager.default.temporaryDirectory.appending(path: "server-tests-\(UUID().uuidString)"))
            try data.create()
            defer { try? FileManager.default.removeItem(at: data.url) }
            let store = try Store(folder: data.url)
            defer { try? store.close() }
            try folder?(data.policy("sft"))
            let policy = try await store.addPolicy(
                folder == nil
                    ? NewPolicy(name: "sft", kind: .foreign, path: address)
                    : NewPolicy(name: "sft", kind: .supervised, path: "policies/sft"), by: .system)
            var settings = ProjectSettings()
            settings.tasksAhead = 3
            let project = try await store.createProject(name: "p", settings: settings, by: .system).id
            try await store.makeCurrent(policy.id, in: project, by: .system)
            let models = ModelServerSupervisor(
                data: data, http: .shared, foreign: address, key: "sesame", logger: quiet)
            let sampler = TaskSampler(
                store: store, data: data, models: models, http: CompletionClientFactory(http: .shared), logger: quiet)
            try await body(
                Scene(
                    server: server, data: data, store: store, project: project, models: models, sampler: sampler))
        }
    }

    func add(_ prompts: [String], use: PromptUse = .ranking) async throws {
        _ = try await store.addPrompts(project, use: use, prompts.map { .text($0) }, by: .system)
    }

    func unanswerable() async throws -> [String] {
        try await store.prompts(project, state: .unanswerable).map(\.prompt.plainText)
    }

    func ready() async throws -> Int { try await store.samplingNeed(project).ready }
}

@Suite struct SamplingTests {
    @Test func aPromptThatCannotBeAnsweredKeepsNoOtherWaiting() async throws {
        try await Scene.open { scene in
            try await scene.add(["this is too long", "with bad roles", "a", "b", "c"])
            for _ in 0..<5 { _ = await scene.sampler.turn() }
            #expect(try await scene.ready() == 3)
            #expect(try await scene.unanswerable() == ["this is too long", "with bad roles"])
            #expect(scene.server.calls("too long") == 1 && scene.server.calls("bad roles") == 1, "asked once")
            #expect(scene.server.calls("Hello.") == 1, "only where the server did not say that it was the prompt")
            let prompt = try await scene.store.prompts(scene.project)[0].id
            let refusal = try #require(try await scene.store.refusals(of: [prompt], in: scene.project)[prompt]?.first)
            #expect(refusal.reason == "the maximum is 256" && refusal.policyName == "sft")
            #expect(scene.server.authorizations == ["Bearer sesame"])
        }
    }

    @Test func aServerThatFailsOrMindsSomethingElseBlamesNoPrompt() async throws {
        try await Scene.open { scene in
            try await scene.add(["this is too long", "a", "b", "c"])
            for mood in OtherServer.Mood.allCases where mood != .well {
                scene.server.set(mood)
                await scene.sampler.wake(scene.project)
                let before = scene.server.calls()
                #expect(await !scene.sampler.turn())
                #expect(scene.server.calls() > before, "it was asked")
                #expect(try await scene.unanswerable().isEmpty, "\(mood)")
                #expect(try await scene.ready() == 0, "\(mood)")
            }
            scene.server.set(.well)
            await scene.sampler.wake(scene.project)
            for _ in 0..<5 { _ = await scene.sampler.turn() }
            #expect(try await scene.ready() == 3)
        }
    }

    @Test func aComparisonOfPoliciesGoesOnWithoutSuchAPrompt() async throws {
        try await Scene.open { scene in
            try await scene.add(["this is too long", "x", "y"], use: .heldOut)
            let current = try #require(try await scene.store.project(scene.project).currentPolicy)
            let address = try await scene.store.policy(current).path
            let new = try await scene.store.addPolicy(
                NewPolicy(name: "new", kind: .foreign, path: address, project: scene.project), by: .system)
            let promotion = try await scene.store.startPromotion(
                NewPromotion(candidate: new.id, pairs: 3, seed: 1), in: scene.project, by: .commandLine)
            for _ in 0..<3 { _ = await scene.sampler.turn() }
            #expect(try await scene.store.promotion(promotion.id).sampled == 2)
            #expect(try await scene.unanswerable() == ["this is too long"])
        }
    }

    /// People must judge what training and the reward model see.
    @Test(arguments: [PromptTemplate.Form.chat, .plainText])
    func aServerThatDoesNotTellLeavesItToThePolicysFolder(form: PromptTemplate.Form) async throws {
        let tokenizer = try TokenizerTrainer(vocabularySize: 265, minimumFrequency: 1).train(
            on: ["another corpus another"])
        try await Scene.open(
            folder: { try TokenizerFiles.write(tokenizer, form: form, contextLength: 64, to: $0) }
        ) { scene in
            try await scene.add(["a", "b", "c"])
            let watch = Task { try await scene.models.run() }
            defer { watch.cancel() }
            while await scene.models.status.state != .ready { try await Task.sleep(for: .milliseconds(20)) }
            _ = await scene.sampler.turn()
            #expect(try await scene.ready() == 3)
            #expect(scene.server.paths == [form == .chat ? "/v1/chat/completions" : "/v1/completions"])
            #expect(scene.server.texts == ["a", "b", "c"])
            #expect(scene.server.authorizations == ["Bearer sesame"])
        }
    }
}
