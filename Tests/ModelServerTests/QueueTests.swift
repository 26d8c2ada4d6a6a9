import Foundation
import HummingbirdTesting
import ModelServer
import Testing

@Suite(.timeLimit(.minutes(20))) struct QueueTests {
    static var endless: [String: Any] {
        ["model": "tireless", "prompt": "the cat", "n": 64, "max_tokens": 16_000, "seed": 1]
    }

    static func server(queueLimit: Int) throws -> TestServer {
        // Room for one such request: the next one waits.
        let test = try TestServer {
            $0.queueLimit = queueLimit
            $0.responsesAtOnce = 64
        }
        try TestServer.addTirelessPolicy("tireless", to: test.folder)
        return test
    }

    @Test func beyondTheBoundRequestsAreRefusedAndClientsThatGoMakeRoom() async throws {
        try await Self.server(queueLimit: 1).run { server in
            let running = try await server.start(Self.endless)
            try await server.wait { $0["busy"] as? Bool == true }
            let waiting = try await server.start(Self.endless)
            try await server.wait { $0["waiting"] as? Int == 1 }

            let refused = try await server.completions([:])
            #expect(refused.status == 429)
            #expect(refused.error["code"] as? String == "queue_full")
            #expect(refused.message.contains("1 request"))

            try await waiting.shutdown()
            try await server.wait { $0["waiting"] as? Int == 0 }
            try await running.shutdown()
            try await server.wait { $0["busy"] as? Bool == false }
            let answer = try await server.completions([:])
            #expect(answer.status == 200)
        }
    }

    @Test func aRequestIsAnsweredWhileALongOneOfItsModelRunsAndSaysTheSame() async throws {
        try await Self.server(queueLimit: 1).run { server in
            let short: [String: Any] = ["model": "tireless", "prompt": "a dog", "n": 3, "max_tokens": 20, "seed": 8]
            let alone = try await server.completions(short)
            let running = try await server.start(Self.endless.merging(["n": 8]) { $1 })
            try await server.wait { $0["busy"] as? Bool == true }
            let beside = try await server.completions(short)
            #expect(beside.status == 200)
            #expect(beside.texts() == alone.texts() && beside.tokenIDs() == alone.tokenIDs())
            try await server.wait { $0["busy"] as? Bool == true && $0["waiting"] as? Int == 0 }
            try await running.shutdown()
            try await server.wait { $0["busy"] as? Bool == false }
        }
    }

    @Test func aModelWithoutRoomKeepsNoOthersRequestWaiting() async throws {
        try await Self.server(queueLimit: 4).run { server in
            let running = try await server.start(Self.endless)
            try await server.wait { $0["busy"] as? Bool == true }
            let waiting = try await server.start(Self.endless)
            try await server.wait { $0["waiting"] as? Int == 1 }
            // Another one of the same model stays behind it.
            let behind = try await server.start(Self.endless.merging(["n": 1]) { $1 })
            try await server.wait { $0["waiting"] as? Int == 2 }
            #expect(try await server.completions([:]).status == 200)
            #expect(try await server.get("/health").json["waiting"] as? Int == 2)
            for client in [behind, waiting, running] { try await client.shutdown() }
        }
    }

    @Test func aRequestOfManyPromptsWaitsAsOne() async throws {
        try await Self.server(queueLimit: 2).run { server in
            // Room for the responses to one of its prompts at a time.
            let prompts: [String: Any] = ["prompt": ["the cat", "a dog", "the bird"], "n": 40]
            let running = try await server.start(Self.endless.merging(prompts) { $1 })
            try await server.wait { $0["waiting"] as? Int == 1 }
            #expect(try await server.completions([:]).status == 200, "another model's is not refused for it")
            try await running.shutdown()
        }
    }

    @Test func aStreamThatNobodyReadsIsBrokenOff() async throws {
        try await Self.server(queueLimit: 4).run { server in
            let running = try await server.start(Self.endless.merging(["stream": true]) { $1 })
            try await server.wait { $0["busy"] as? Bool == true }
            try await running.shutdown()
            let answer = try await server.completions([:])
            #expect(answer.status == 200)
        }
    }

    @Test func aStreamThatWaitsMakesRoomWhenItsClientGoes() async throws {
        try await Self.server(queueLimit: 1).run { server in
            let running = try await server.start(Self.endless)
            try await server.wait { $0["busy"] as? Bool == true }
            let waiting = try await server.start(Self.endless.merging(["stream": true]) { $1 })
            try await server.wait { $0["waiting"] as? Int == 1 }
            try await waiting.shutdown()
            try await server.wait { $0["waiting"] as? Int == 0 }
            try await running.shutdown()
            #expect(try await server.completions([:]).status == 200)
        }
    }

    @Test func aClientThatGoesIsNoticedWhileNoTextComes() async throws {
        let test = try Self.server(queueLimit: 4)
        try TestServer.addSilentPolicy("silent", to: test.folder)
        try await test.run { server in
            let short = try await server.completions(["model": "silent"])
            #expect(short.texts() == [""] && short.tokenIDs() == [[2, 2, 2, 2, 2, 2, 2, 2]])
            let running = try await server.start(Self.endless.merging(["model": "silent"]) { $1 })
            try await server.wait { $0["busy"] as? Bool == true }
            try await running.shutdown()
            #expect(try await server.completions([:]).status == 200)
        }
    }

    @Test func shuttingDownDoesNotWaitForWhatRuns() async throws {
        let test = try Self.server(queueLimit: 4)
        // The server is shut down when this returns, with a request running and one waiting.
        try await test.run { server in
            _ = try await server.start(Self.endless)
            try await server.wait { $0["busy"] as? Bool == true }
            _ = try await server.start(Self.endless)
            try await server.wait { $0["waiting"] as? Int == 1 }
        }
    }

    @Test func aStreamThatBreaksOffSaysWhyAmongItsEvents() async throws {
        let test = try Self.server(queueLimit: 4)
        try await test.run { server in
            async let stream = server.completions(Self.endless.merging(["n": 8, "stream": true]) { $1 })
            try await server.wait { $0["busy"] as? Bool == true }
            // Who is answered beside it came after it.
            _ = try await server.completions(["model": "tireless"])
            test.server.stop()
            let answer = try await stream
            #expect(answer.status == 200)
            let last = answer.text.components(separatedBy: "\n\n").last { !$0.isEmpty } ?? ""
            #expect(last.hasPrefix(#"data: {"error":{"code":"stopping""#) && last.contains("server_error"), "\(last)")
        }
    }

    @Test func aServerThatStopsAnswersWhoWaits() async throws {
        let test = try Self.server(queueLimit: 4)
        try await test.run { server in
            async let first = server.completions(Self.endless)
            try await server.wait { $0["busy"] as? Bool == true }
            async let second = server.completions(Self.endless)
            try await server.wait { $0["waiting"] as? Int == 1 }
            test.server.stop()
            for answer in try await [first, second] {
                #expect(answer.status == 503)
                #expect(answer.message.contains("shutting down"))
            }
            #expect(try await server.completions([:]).status == 503)
        }
    }
}
