import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import NIOCore
import Testing
import Web

@Suite struct SkipAndHistoryTests {
    @Test func aSkippedTaskIsNeverGivenToThatPersonAgainButToOthers() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var ada = try await site.browser(client)
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            let skipped = try await ada.post(
                form.skip, ["project": form.project, "reason": SkipReason.expertise.rawValue, "note": "chemistry"])
            #expect(skipped.location == site.nextTask)
            #expect(TaskForm(try await ada.get(site.nextTask)) == nil)
            var ben = try await site.browser(client, name: "Ben")
            #expect(TaskForm(try await ben.get(site.nextTask)) != nil)
            #expect(try await site.store.progress(site.project.id).skips == 1)
        }
    }

    @Test func skippingNeedsNoReasonAndRefusesAnUnknownOne() async throws {
        let site = try await TestSite.make(tasks: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            #expect(try await browser.post(form.skip, ["reason": "boredom"]).status == .badRequest)
            #expect(try await site.store.progress(site.project.id).skips == 0)
            #expect(try await browser.post(form.skip).status == .seeOther)
            #expect(try await site.store.progress(site.project.id).skips == 1)
        }
    }

    @Test func anAnswerTakenBackReturnsWithTheOldRanks() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            _ = try await browser.post(form.action, form.ranking([2, 1, 2, 3], unacceptable: [3]))
            let history = try await browser.get(Path.history)
            #expect(history.text.contains("Prompt number 0"))
            let takeBack = try #require(
                Browser.attribute("action", after: "<li class=\"answer\">", in: history.text))
            let reopened = try await browser.follow(try await browser.post(takeBack))
            let again = try #require(TaskForm(reopened))
            #expect(reopened.text.contains("Your earlier answer is filled in"))
            #expect(reopened.text.components(separatedBy: " selected").count == 5)
            #expect(reopened.text.components(separatedBy: "data-unacceptable checked").count == 2, "one mark")
            #expect(!reopened.text.contains("data-score checked"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
            #expect(try await browser.post(again.action, again.ranking([1, 2, 3, 4])).status == .seeOther)
            #expect(try await site.store.progress(site.project.id).labels == 1)
        }
    }

    @Test func anotherPersonsAnswerCannotBeTakenBack() async throws {
        let site = try await TestSite.make(tasks: 2)
        try await site.run { client in
            var ada = try await site.browser(client)
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            _ = try await ada.post(form.action, form.ranking([1, 2, 3, 4]))
            let takeBack = try #require(
                Browser.attribute("action", after: "<li class=\"answer\">", in: try await ada.get(Path.history).text))
            var ben = try await site.browser(client, name: "Ben")
            let empty = try await ben.get(Path.history)
            #expect(!empty.text.contains("Prompt number"))
            let refused = try await ben.post(takeBack)
            #expect((400..<500).contains(refused.status.code))
            #expect(try await site.store.progress(site.project.id).labels == 1)
        }
    }

    @Test func aSnapshotFreezesAnswersAndThePageSaysSo() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            _ = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            _ = try await site.store.takeSnapshot(site.project.id, by: .system)
            let history = try await browser.get(Path.history)
            #expect(Browser.attribute("action", after: "<li class=\"answer\">", in: history.text) == nil)
            #expect(history.text.contains("Snapshot 1 has used this answer"))
        }
    }

    @Test func aTaskThatWasOpenWhenTheProjectWasPausedIsStillShown() async throws {
        let site = try await TestSite.make(tasks: 2)
        try await site.run { client in
            var ada = try await site.browser(client)
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            _ = try await site.store.updateProject(site.project.id, paused: true, by: .system)
            #expect(TaskForm(try await ada.get(site.nextTask))?.action == form.action)
            var ben = try await site.browser(client, name: "Ben")
            #expect(try await ben.get(site.nextTask).text.contains("This project is paused"))
            let user = try #require(ada.user)
            let token = try await site.store.createAPIToken(for: user.id, label: "t", role: .annotator, by: .system)
            let next = try await APIDriver(client).call(
                "nextTask", token: token.secret, path: ["project": form.project], json: [:])
            #expect(next["task"]?["lease"]?.stringValue.map { form.action.contains($0) } == true)
            let done = try await ada.follow(try await ada.post(form.action, form.ranking([1, 2, 3, 4])))
            #expect(done.text.contains("This project is paused"))
        }
    }

    @Test func aPageWithoutATaskSaysWhy() async throws {
        let site = try await TestSite.make(tasks: 0)
        try await site.run { client in
            var browser = try await site.browser(client)
            let waiting = try await browser.get(site.nextTask)
            #expect(waiting.status == .ok)
            #expect(waiting.text.contains("Letters"))
            #expect(TaskForm(waiting) == nil)
            _ = try await site.store.updateProject(site.project.id, paused: true, by: .system)
            #expect(try await browser.get(site.nextTask).text.contains("This project is paused"))
        }
    }
}
