import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import NIOCore
import NIOPosix
import Testing
import Web

/// Live progress as server-sent events.
@Suite struct RunEventTests {
    private func siteWithRun() async throws -> (LeadSite, RunID) {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let run = try await site.operations.startRewardModelRun(
            RewardModelRunRequest(project: site.project.id, user: site.lead.id))
        return (site, run)
    }

    @Test func theStreamTellsWhatHappensAndEndsWithTheRun() async throws {
        let (site, run) = try await siteWithRun()
        try await site.operations.report(["step": 1, "loss": 0.7], of: run)
        try await site.live { client in
            async let stream = client.execute(
                uri: "\(Path.api)/runs/\(run)/events", method: .get,
                headers: [.authorization: "Bearer \(site.leadToken)"])
            while await site.operations.listening(to: run) == 0 { await Task.yield() }
            try await site.operations.report(["step": 2, "loss": 0.6], of: run)
            try await site.operations.end(run, .failed, message: "The disk is full.")
            let response = try await stream
            #expect(response.status == .ok)
            #expect(response.headers[.contentType]?.hasPrefix("text/event-stream") == true)
            let events = String(buffer: response.body).components(separatedBy: "\n\n").filter { !$0.isEmpty }
            #expect(events.first?.contains("event: status") == true)
            #expect(events.contains { $0.contains("id: 0\nevent: metrics") && $0.contains("\"loss\":0.7") })
            #expect(events.contains { $0.contains("id: 1\nevent: metrics") && $0.contains("\"loss\":0.6") })
            #expect(events.last?.contains("event: status") == true)
            #expect(events.last?.contains("The disk is full.") == true)
        }
        try site.remove()
    }

    @Test func aClientThatConnectsAgainGetsOnlyWhatItMissed() async throws {
        let (site, run) = try await siteWithRun()
        for step in 1...3 { try await site.operations.report(["step": .integer(step)], of: run) }
        try await site.operations.end(run, .stopped, message: "Stopped.")
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.send(
                Path.runEvents(run.description), method: .get,
                headers: [try #require(HTTPField.Name("Last-Event-ID")): "1"], body: nil)
            #expect(!page.text.contains("id: 0\n"))
            #expect(!page.text.contains("id: 1\n"))
            #expect(page.text.contains("id: 2\n"))
        }
        try site.remove()
    }

    @Test func theStreamEndsWhenTheClientGoesAwayAndWhenTheServerShutsDown() async throws {
        let (site, run) = try await siteWithRun()
        try await site.live { client in
            let port = try #require(client.port)
            for leaves in [true, false] {
                let stream = TestClient(
                    host: "127.0.0.1", port: port, configuration: .init(),
                    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton))
                stream.connect()
                try await stream.executeAndDontWaitForResponse(
                    TestClient.Request(
                        "\(Path.api)/runs/\(run)/events", method: .get,
                        headers: [.authorization: "Bearer \(site.leadToken)"]))
                while await site.operations.listening(to: run) == 0 { await Task.yield() }
                if leaves {
                    try await stream.shutdown()
                    while await site.operations.listening(to: run) > 0 { await Task.yield() }
                }
            }
        }
        // The second stream was still open: `live` returns only because shutting down has ended it.
        #expect(await site.operations.listening(to: run) == 0)
        try site.remove()
    }

    @Test func onlyLeadsWatchARun() async throws {
        let (site, run) = try await siteWithRun()
        try await site.live { client in
            var annotator = try await site.browser(client, as: site.annotator)
            #expect(try await annotator.get(Path.runEvents(run.description)).status == .forbidden)
            #expect(try await annotator.get(Path.run(run.description)).status == .forbidden)
        }
        try site.remove()
    }
}
