import AnnotationServer
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import NIOCore
import Synchronization
import Testing

/// Answers “four” to every prompt, except that it cannot take one with “bad” in it, breaks at one with “broken”, and is
/// not there yet below /old.
private final class AnsweringServer: Sendable {
    private let prompts = Mutex<[String]>([])

    /// How many requests had these words in their prompt.
    func calls(_ words: String) -> Int { prompts.withLock { $0.count { $0.contains(words) } } }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.post("/v1/completions") { [self] request, _ -> Response in
            var request = request
            let body = try await request.collectBody(upTo: 1 << 20)
            let prompt = try JSONValue(json: Data(body.readableBytesView))["prompt"]?.stringValue ?? ""
            prompts.withLock { $0.append(prompt) }
            if prompt.contains("bad") { return try answer(["error": ["message": "too long"]], .badRequest) }
            if prompt.contains("broken") { return try answer(["error": ["message": "why?"]], .internalServerError) }
            return try answer(["choices": [["index": 0, "finish_reason": "stop", "text": "four"]]], .ok)
        }
        router.post("/old/v1/completions") { [self] _, _ -> Response in
            try answer(["error": ["message": "not yet"]], .serviceUnavailable)
        }
        return router
    }

    private func answer(_ value: JSONValue, _ status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try value.json())))
    }
}

/// What was asked and kept, in order.
private final class Notes: Sendable {
    private let notes = Mutex<[String]>([])
    var all: [String] { notes.withLock { $0 } }

    /// - Returns: how many there are now.
    @discardableResult
    func add(_ note: String) -> Int {
        notes.withLock { notes in
            notes.append(note)
            return notes.count
        }
    }
}

private struct NotThere: Error {}

/// A server, and a folder for tasks and outcomes.
private struct Desk: Sendable {
    let server: AnsweringServer
    let address: String
    let folder: URL
    let kept = Notes()

    var output: URL { folder.appending(path: "out.jsonl") }

    static func open(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
        let server = AnsweringServer()
        let application = Application(
            router: server.router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: quiet)
        let folder = FileManager.default.temporaryDirectory.appending(path: "evaluation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await application.test(.live) { client in
            let address = "http://127.0.0.1:\(try #require(client.port))"
            try await body(Desk(server: server, address: address, folder: folder))
        }
    }

    /// A task of the folder whose right answer is always “four”.
    func task(_ name: String, _ prompts: [String]) throws -> EvaluationTask {
        let file = folder.appending(path: "\(name).jsonl")
        let lines = try prompts.map { prompt in
            let line: JSONValue = ["prompt": .string(prompt), "answers": ["four"]]
            return try line.json() + "\n"
        }
        try Data(lines.joined().utf8).write(to: file)
        return try EvaluationTask(file: file)
    }

    /// Three tries, and a card that notes the tasks that it keeps.
    /// - Parameter keep: what happens before it does, given how many times it was asked.
    func session(
        locate: (@Sendable () async throws -> String)? = nil,
        keep: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) -> EvaluationSession {
        let (address, kept, asked) = (address, kept, Notes())
        let here: @Sendable () async throws -> String = { address }
        let runner = EvaluationRunner(
            locate: locate ?? here, http: .shared, key: nil, model: "m", conversational: false,
            patience: Patience(pauses: [.milliseconds(1), .milliseconds(1)]))
        let card = EvaluationSession.Card(policy: "p") { found in
            try keep(asked.add("asked"))
            for figure in found { kept.add("\(figure.task) \(figure.scores)") }
        }
        return EvaluationSession(runner: runner, output: output.path, card: card)
    }

    /// Which task and item each line of the output is of; every line is whole.
    func written() throws -> [String] {
        let text = try String(contentsOf: output, encoding: .utf8)
        #expect(text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { line in
            let value = try JSONValue(json: Data(line.utf8))
            return "\(value["task"]?.stringValue ?? "") \(value["item"]?.integerValue ?? -1)"
        }
    }

    /// The words of the error that ends a session.
    func words(_ session: EvaluationSession, _ tasks: [EvaluationTask]) async -> String {
        do { try await session.run(tasks) { _ in } } catch { return "\(error)" }
        Issue.record("it came to its end")
        return ""
    }
}

@Suite struct EvaluationSessionTests {
    @Test func whatIsDoneIsKeptThoughALaterTaskFails() async throws {
        try await Desk.open { desk in
            try Data("of another command\n".utf8).write(to: desk.output)
            let tasks = [
                try desk.task("easy", ["2+2", "3+1"]), try desk.task("plain", ["1+3"]),
                try desk.task("hard", ["4+0", "bad roles", "0+4"]), try desk.task("more", ["5-1"]),
            ]
            let words = await desk.words(desk.session(), tasks)
            #expect(desk.kept.all == ["easy [1, 1]", "plain [1]"])
            #expect(try desk.written() == ["easy 0", "easy 1", "plain 0"])
            #expect(desk.server.calls("bad roles") == 1, "what the server cannot take is put once")
            let place = desk.folder.path
            for part in [
                "Task hard, item 1", "too long", "on the card of p", "in \(desk.output.path)", "easy, plain",
                "only --task \(place)/hard.jsonl --task \(place)/more.jsonl", "another --output",
            ] { #expect(words.contains(part), "\(part) is not in: \(words)") }
        }
    }

    @Test func aRequestThatFailsIsPutAgainToWhereTheServerIsThen() async throws {
        try await Desk.open { desk in
            let (address, looks) = (desk.address, Notes())
            let session = desk.session(locate: {
                switch looks.add("look") {
                case 1: address + "/old"
                case 2: throw NotThere()
                default: address
                }
            })
            try await session.run([try desk.task("easy", ["2+2", "3+1", "1+3"])]) { _ in }
            #expect(desk.kept.all == ["easy [1, 1, 1]"])
            #expect(looks.all.count == 3, "an address that answers is kept")
        }
    }

    @Test func aServerThatKeepsFailingIsAskedAFewTimes() async throws {
        try await Desk.open { desk in
            let words = await desk.words(desk.session(), [try desk.task("first", ["broken"])])
            #expect(desk.server.calls("broken") == 3)
            #expect(words.contains("Task first, item 0") && words.contains("No task is finished"), "\(words)")
            #expect(!FileManager.default.fileExists(atPath: desk.output.path))
        }
    }

    @Test func aCardThatIsNotThereForAMomentIsAskedAgain() async throws {
        try await Desk.open { desk in
            let session = desk.session(keep: { asked in if asked == 1 { throw NotThere() } })
            try await session.run([try desk.task("easy", ["2+2"])]) { _ in }
            #expect(desk.kept.all == ["easy [1]"])
        }
    }

    @Test func figuresThatNobodyKeepsAreSaidToBeInTheOutput() async throws {
        try await Desk.open { desk in
            let session = desk.session(keep: { _ in throw NotThere() })
            let words = await desk.words(session, [try desk.task("easy", ["2+2"])])
            #expect(words.contains("outcomes are in \(desk.output.path)"), "\(words)")
            #expect(words.contains("the card of p"), "\(words)")
            #expect(try desk.written() == ["easy 0"])
        }
    }
}
