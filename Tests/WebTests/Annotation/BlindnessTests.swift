import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Preferences
import Testing
import Web

@Suite struct BlindnessTests {
    /// What a page or header must never tell: the policy's name, its kind and folder, temperature, seed and
    /// log-probability of the responses.
    static let secrets = ["secret-policy-name", "supervised", "0.8125", "777000", "777_000", "43.4375", "sha256"]

    @Test(arguments: [TaskMode.ranking, .comparison])
    func noByteForAnAnnotatorTellsWhereAResponseComesFrom(mode: TaskMode) async throws {
        let site = try await TestSite.make(mode: mode, tasks: 3, responses: mode == .ranking ? 6 : 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            var answers = [try await browser.get(Path.tasks), try await browser.get(site.nextTask)]
            let form = try #require(TaskForm(answers[1]))
            answers.append(try await browser.post(form.heartbeat, headers: [.accept: "application/json"]))
            answers.append(try await browser.post(form.action, ["project": form.project]))
            let answer =
                mode == .ranking ? form.ranking([1, 2, 3, 4, 5, 6]) : form.comparison(winner: 1, "slightly")
            answers.append(try await browser.post(form.action, answer))
            let second = try await browser.get(site.nextTask)
            let skip = try #require(TaskForm(second)).skip
            answers.append(second)
            answers.append(try await browser.post(skip))
            answers.append(try await browser.get(Path.history))
            answers.append(try await browser.get("/tasks/unknown"))
            for answer in answers {
                let bytes = "\(answer.headers)\n\(answer.text)"
                for secret in Self.secrets {
                    #expect(!bytes.localizedCaseInsensitiveContains(secret), "an answer told \(secret)")
                }
            }
        }
    }

    @Test func idsAreNewForEachPersonAndUnlikeTheStoredOnes() async throws {
        let site = try await TestSite.make(tasks: 1, responses: 4, overlap: 2)
        try await site.run { client in
            var ada = try await site.browser(client)
            var ben = try await site.browser(client, name: "Ben")
            let first = try #require(TaskForm(try await ada.get(site.nextTask)))
            let second = try #require(TaskForm(try await ben.get(site.nextTask)))
            #expect(Set(first.ids).isDisjoint(with: second.ids))
            _ = try await ada.post(first.action, first.ranking([1, 2, 3, 4]))
            let snapshot = try await site.store.takeSnapshot(site.project.id, by: .system)
            let found = Found()
            try await site.store.forEachGroup(of: snapshot.id) { found.append($0) }
            let stored = Set(found.groups.flatMap(\.group.responseIDs))
            #expect(stored.count == 4)
            #expect(stored.isDisjoint(with: first.ids))
            #expect(stored.isDisjoint(with: second.ids))
        }
    }

    @Test func aPolicysPlaceOnThePageFollowsThePersonAndTaskAlone() async throws {
        let site = try await TestSite.make(tasks: 40, responses: 4)
        try await site.run { client in
            var browser = try await site.browser(client)
            var firstShown: Set<String> = []
            for _ in 0..<40 {
                let page = try await browser.get(site.nextTask)
                let form = try #require(TaskForm(page))
                let text = page.text.components(separatedBy: "class=\"text pane\"")[1]
                if let found = (0..<4).first(where: { text.contains("Text \($0) of task") }) {
                    firstShown.insert("response \(found)")
                }
                _ = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            }
            #expect(firstShown.count == 4, "over 40 tasks each response must stand first sometimes")
        }
    }
}
