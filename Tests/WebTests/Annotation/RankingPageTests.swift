import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Preferences
import Testing
import Web

@Suite struct RankingPageTests {
    @Test func theSpaceBeforeAResponseIsKeptAndNoIndent() async throws {
        let texts = [" Once upon a time", "    indented code", "  two spaces", "plain\n  kept"]
        let site = try await TestSite.make(tasks: 1, text: { _, response in texts[response] })
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask).text
            #expect(page.contains("><span class=\"first-space\"> </span>Once upon a time</div>"))
            for text in texts.dropFirst() { #expect(page.contains(">\(text)</div>")) }
        }
    }

    @Test func theNextTaskIsAFormThatNeedsNoScript() async throws {
        let site = try await TestSite.make(responses: 5)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            #expect(form.ids.count == 5)
            #expect(page.text.components(separatedBy: "<select name=\"rank.").count == 6)
            #expect(!page.text.contains("<option value=\"1\" selected"), "no rank may be chosen at first")
            #expect(page.text.contains("Prompt number"))
            for letter in ["A", "B", "C", "D", "E"] {
                #expect(page.text.contains("aria-label=\"Text of response \(letter)\""))
            }
        }
    }

    @Test func reloadingShowsTheSameTaskInTheSameOrder() async throws {
        let site = try await TestSite.make(tasks: 5, responses: 9)
        try await site.run { client in
            var browser = try await site.browser(client)
            let first = try #require(TaskForm(try await browser.get(site.nextTask)))
            let second = try #require(TaskForm(try await browser.get(site.nextTask)))
            #expect(first.ids == second.ids)
            #expect(first.action == second.action)
        }
    }

    @Test func theSubmittedRanksAreStoredWithTiesAndTheLine() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            let done = try await browser.post(form.action, form.ranking([2, 1, 2, 4], unacceptable: [3]))
            #expect(done.location == site.nextTask)
            let stored = try await storedRanking(site)
            let texts = page.paneTexts
            #expect(stored.rows == [[texts[1]], [texts[0], texts[2]].sorted(), [texts[3]]])
            #expect(stored.unacceptable == [texts[3]])
            let rest = try await browser.get(site.nextTask)
            #expect(TaskForm(rest) == nil, "the only task is done")
            #expect(rest.text.contains("<h1>"))
        }
    }

    @Test func nothingIsStoredWhileAnythingIsUnranked() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let untouched = try await browser.post(form.action, form.ranking([0, 0, 0, 0]))
            #expect(untouched.status == .unprocessableContent)
            #expect(untouched.text.contains("Nothing is ranked yet"))
            let partly = try await browser.post(form.action, form.ranking([1, 0, 2, 0]))
            #expect(partly.status == .unprocessableContent)
            #expect(partly.text.contains("B and D have no rank yet"))
            let again = try #require(TaskForm(partly))
            #expect(again.ids == form.ids)
            #expect(
                partly.text.components(separatedBy: "<option value=\"2\" selected").count == 2,
                "what was filled in must come back")
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test(arguments: ["0", "5", "-1", "first", "1.5"])
    func aRankThatIsNoneIsRefused(rank: String) async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.ranking([1, 2, 3, 4])
            fields["rank.\(form.ids[2])"] = rank
            let page = try await browser.post(form.action, fields)
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("is no rank for C"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func anUnacceptableResponseAboveAnAcceptableOneIsExplained() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let page = try await browser.post(form.action, form.ranking([1, 2, 3, 4], unacceptable: [0]))
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("A is marked not acceptable but does not stand below"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func idsOfAnotherTaskAreRefused() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = ["project": form.project]
            for number in 1...4 { fields["rank.made-up-\(number)"] = String(number) }
            let page = try await browser.post(form.action, fields)
            #expect(page.status == .unprocessableContent)
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func theSameAnswerTwiceIsOneLabel() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let first = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            let second = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            #expect(first.status == .seeOther)
            #expect(second.status == .seeOther)
            #expect(try await browser.follow(second).text.contains("stored already"))
            #expect(try await site.store.progress(site.project.id).labels == 1)
        }
    }

    @Test func anotherAnswerToAnAnsweredTaskIsRefusedWithAWayOn() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            _ = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            let page = try await browser.post(form.action, form.ranking([4, 3, 2, 1]))
            #expect(page.status == .conflict)
            #expect(page.text.contains("answered already"))
            #expect(page.text.contains("href=\"\(Path.tasks)\""))
        }
    }

    @Test func aTaskOfSomebodyElseIsRefused() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var ada = try await site.browser(client)
            var ben = try await site.browser(client, name: "Ben")
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            _ = try await ben.get(site.nextTask)
            let lease = try #require(form.action.split(separator: "/").dropFirst().first.map(String.init))
            let answers = [
                try await ben.get(Path.task(lease)), try await ben.post(form.action, form.ranking([1, 2, 3, 4])),
                try await ben.post(form.skip, [:]), try await ben.post(form.heartbeat, [:]),
            ]
            for answer in answers {
                #expect(answer.status == .forbidden)
                #expect(answer.text.contains("handed to somebody else"))
            }
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func anAnswerAfterTheTimeIsOverCountsWhileThePlaceIsFree() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            site.clock.advance(seconds: 3_600)
            #expect(try await browser.post(form.action, form.ranking([1, 2, 3, 4])).status == .seeOther)
            let progress = try await site.store.progress(site.project.id)
            #expect(progress.labels == 1)
            #expect(progress.extras == 0)
        }
    }

    @Test func anAnswerAfterItsPlaceIsTakenIsKeptAsAnExtra() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var ada = try await site.browser(client)
            let late = try #require(TaskForm(try await ada.get(site.nextTask)))
            site.clock.advance(seconds: 3_600)
            var ben = try await site.browser(client, name: "Ben")
            let form = try #require(TaskForm(try await ben.get(site.nextTask)))
            _ = try await ben.post(form.action, form.ranking([1, 2, 3, 4]))
            let page = try await ada.post(late.action, late.ranking([1, 2, 3, 4]))
            #expect(try await ada.follow(page).text.contains("kept as an extra"))
            let progress = try await site.store.progress(site.project.id)
            #expect(progress.extras == 1)
        }
    }

    @Test func theHeartbeatKeepsTheTask() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var ada = try await site.browser(client)
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            for _ in 0..<4 {
                site.clock.advance(seconds: 600)
                #expect(try await ada.post(form.heartbeat).status == .ok)
            }
            var ben = try await site.browser(client, name: "Ben")
            #expect(TaskForm(try await ben.get(site.nextTask)) == nil)
        }
    }

    // MARK: Reading back

    /// The one stored ranking with each response's text in the place of its id.
    private func storedRanking(_ site: TestSite) async throws -> Ranking {
        let snapshot = try await site.store.takeSnapshot(site.project.id, by: .system)
        let found = Found()
        try await site.store.forEachGroup(of: snapshot.id) { group in found.append(group) }
        let group = try #require(found.groups.first)
        let label = try #require(group.labels.first)
        let texts = Dictionary(uniqueKeysWithValues: group.group.responses.map { ($0.id, $0.text) })
        return try #require(label.judgement.ranking).renamed(texts)
    }
}
