import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import Preferences
import Testing
import Web

/// What is said of an export before anybody downloads it, and downloads that are asked for wrongly.
@Suite struct ExportCountsTests {
    /// Every way in which an export can be asked for.
    private static func options(_ snapshot: SnapshotID) -> [ExportOptions] {
        [
            ExportOptions(), ExportOptions(includeExtras: true), ExportOptions(includeExtras: false),
            ExportOptions(everyRevision: true), ExportOptions(snapshot: snapshot),
            ExportOptions(includeExtras: true, everyRevision: true, snapshot: snapshot),
        ]
    }

    @Test func theCountsAreThoseOfTheRealExports() async throws {
        let site = try await TestSite.make(tasks: 6, responses: 5)
        _ = try await site.store.addPrompts(
            site.project.id, use: .ranking, [.messages([PromptMessage(role: .user, content: "A conversation")])],
            by: .system)
        let conversation = try #require(try await site.store.prompts(site.project.id, use: .ranking).last)
        _ = try await site.store.enqueue(
            [NewGroup(prompt: conversation.id, responses: (0..<4).map { NewResponse(text: "Reply \($0)") })],
            in: site.project.id)
        let ada = try await site.store.addUser(name: "Ada", role: .annotator, by: .system)
        let ben = try await site.store.addUser(name: "Ben", role: .annotator, by: .system)
        let rows: [[Int]] = [[1, 1, 2, 2], [1, 2, 3, 4], [1, 1, 1, 1]]
        func task(_ user: User) async throws -> Assignment {
            guard case .task(let task) = try await site.store.nextTask(for: user.id, in: site.project.id) else {
                throw TestProblem("there is no task")
            }
            return task
        }
        func answer(_ task: Assignment, _ user: User, _ ranks: [Int]) async throws -> Submission {
            var found: [Int: [String]] = [:]
            for (index, response) in task.responses.enumerated() {
                found[ranks[min(index, 3)] + (index > 3 ? 1 : 0), default: []].append(response.id)
            }
            let ranking = try Ranking(rows: found.sorted { $0.key < $1.key }.map(\.value))
            return try await site.store.submit(.ranking(ranking), token: task.token, user: user.id)
        }

        // Late: the place went to Ben, who answered; Ada's answer is an extra.
        let late = try await task(ada)
        site.clock.advance(seconds: 100_000)
        _ = try await answer(try await task(ben), ben, rows[0])
        #expect(try await answer(late, ada, rows[1]).kept == .extra)
        // Twice: through an older lease after a newer one.
        let older = try await task(ada)
        site.clock.advance(seconds: 100_000)
        let newer = try await task(ada)
        #expect(older.taskID == newer.taskID)
        _ = try await answer(newer, ada, rows[2])
        _ = try await answer(older, ada, rows[1])
        // Taken back, and changed.
        let back = try await answer(try await task(ada), ada, rows[1])
        _ = try await site.store.undo(back.labelID, by: ada.id)
        _ = try await answer(try await task(ben), ben, rows[1])
        let changed = try await answer(try await task(ben), ben, rows[1])
        _ = try await site.store.undo(changed.labelID, by: ben.id)
        for _ in 0..<4 {
            guard case .task(let left) = try await site.store.nextTask(for: ben.id, in: site.project.id) else { break }
            _ = try await answer(left, ben, rows[0])
        }

        let snapshot = try await site.store.takeSnapshot(site.project.id, by: .system)
        for options in Self.options(snapshot.id) {
            let counts = try await site.store.exportCounts(site.project.id, options)
            for format in ExportFormat.allCases {
                let real = try await site.store.exportSummary(site.project.id, as: format, options)
                #expect(counts.summary(as: format) == real, "\(format), \(options)")
                // Nobody wrote an answer here.
                #expect((real.lines > 0) == ![.demonstrations, .trlDemonstrations].contains(format))
            }
        }
        let pairs = try await site.store.exportCounts(site.project.id).summary(as: .trlExplicit)
        #expect(pairs.tiedPairsDropped > 0 && pairs.conversationsFlattened == 1)
        let late2 = try await site.store.exportCounts(site.project.id, ExportOptions(includeExtras: true))
        #expect(late2.summary(as: .trlExplicit).labels == pairs.labels + 1)
        try site.store.close()
        try FileManager.default.removeItem(at: site.folder)
    }

    @Test func aSnapshotThatThereIsNotIsRefusedBeforeAnythingIsSent() async throws {
        let site = try await LeadSite()
        try await site.addTasks(2)
        try await site.label(as: site.annotator)
        let other = try await site.store.createProject(name: "Other", settings: ProjectSettings(), by: .system)
        let snapshot = try await site.store.takeSnapshot(site.project.id, by: .system)
        try await site.label(as: site.annotator)
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let file = Path.exportFile(id)
            let whole = try await browser.get(file + "?format=native")
            #expect(whole.text.split(separator: "\n").count == 2)
            let chosen = try await browser.get(file + "?format=native&snapshot=\(snapshot.id)")
            #expect(chosen.text.split(separator: "\n").count == 1)
            for wrong in ["snapshot=abc", "margin=huge", "extras=perhaps", "every_revision=1"] {
                let page = try await browser.get(file + "?format=native&" + wrong)
                #expect(page.status == .badRequest, "\(wrong)")
                #expect(page.text.contains("<h1>"))
            }
            #expect(try await browser.get(file + "?format=native&snapshot=4711").status == .notFound)
            let foreign = try await browser.get(
                Path.exportFile(other.id.description) + "?format=native&snapshot=\(snapshot.id)")
            #expect(foreign.status == .unprocessableContent)
            #expect(foreign.text.contains("belongs to another project"))

            let driver = try await APIDriver(client)
            func refusal(_ operation: String, _ project: String, _ snapshot: String) async throws -> Int {
                try await driver.raw(
                    operation, token: site.leadToken, path: ["project": project], query: ["snapshot": snapshot]
                ).status.code
            }
            for operation in ["exportLabels", "summariseExport"] {
                #expect(try await refusal(operation, id, "4711") == 404)
                #expect(try await refusal(operation, id, "abc") == 422)
                #expect(try await refusal(operation, other.id.description, snapshot.id.description) == 422)
            }
        }
        try site.remove()
    }

    @Test func thePageCountsLabelsPairsAndTiesInEnglish() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        guard case .task(let task) = try await site.store.nextTask(for: site.annotator.id, in: site.project.id) else {
            throw TestProblem("there is no task")
        }
        let ids = task.responses.map(\.id)
        _ = try await site.store.submit(
            .ranking(try Ranking(rows: [[ids[0], ids[1]], [ids[2]], [ids[3]]])), token: task.token,
            user: site.annotator.id)
        _ = try await site.store.takeSnapshot(site.project.id, by: .system)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.export(site.project.id.description))
            #expect(page.text.contains("1 label on 1 group (1 to learn from, 0 held out), 1 tied pair."))
        }
        try site.remove()
    }
}
