import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

/// Conversations and practice, used as a browser without scripts uses them.
@Suite struct ConversationPageTests {
    private func settings(_ change: (inout ProjectSettings) -> Void) -> ProjectSettings {
        var settings = ProjectSettings()
        settings.mode = .comparison
        settings.responseCount = .fixed(2)
        change(&settings)
        return settings
    }

    @Test func bothAnswersComeTogetherAndTheConversationGoesOn() async throws {
        let site = try await LeadSite(settings: settings { $0.feedback.shares = [.conversation: 100] })
        await site.operations.setConversation(isSlow: true)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.annotator)
            let project = site.project.id.description
            let begin = try await browser.follow(try await browser.get(Path.nextTask(project)))
            #expect(begin.text.contains("Begin a conversation"))
            let empty = try await browser.post(Path.conversation(project), ["text": " \r\n"])
            #expect(empty.status == .unprocessableContent)
            let waits = try await browser.follow(
                try await browser.post(Path.conversation(project), ["text": "Name a <bird>.\r\nA small one."]))
            #expect(waits.text.contains("Two answers are being written"))
            #expect(waits.text.contains("Name a &lt;bird&gt;."))
            #expect(!waits.text.contains("answer."))
            #expect(
                waits.text.contains(#"<progress aria-labelledby="waiting"></progress>"#)
                    && waits.text.firstMatch(of: #/ data-waited="\d+"/#) != nil,
                "the wait is seen, and nothing of either answer")
            let step = try await browser.get(Path.conversation(project) + "/step")
            #expect(step.text == #"{"waiting":true}"#)
            await site.operations.setConversation()
            // Whoever looks wakes the answers again, as after a restart of the server.
            _ = try await browser.get(Path.conversation(project) + "/step")
            let compare = try await browser.follow(try await browser.get(Path.conversation(project)))
            #expect(compare.text.contains("A first answer.") && compare.text.contains("A second answer."))
            #expect(!compare.text.contains("supervised") && !compare.text.contains("0.8125"))
            let form = try #require(TaskForm(compare))
            let winner =
                compare.text.range(of: "A first answer.")!.lowerBound
                    < compare.text.range(of: "A second answer.")!.lowerBound ? 0 : 1
            let next = try await browser.follow(
                try await browser.post(form.action, form.comparison(winner: winner, "better")))
            #expect(next.text.contains("Your next message"))
            #expect(next.text.contains("A first answer.") && !next.text.contains("A second answer."))
            let ended = try await browser.post(Path.conversation(project) + "/finish")
            let again = try await browser.follow(ended)
            #expect(again.text.contains("Begin a conversation"))
        }
        try site.remove()
    }

    @Test func aModelServerThatIsDownIsToldInWordsAndCostsNothing() async throws {
        let site = try await LeadSite(settings: settings { $0.feedback.shares = [.conversation: 50] })
        await site.operations.setConversation(problem: "The assistant cannot be reached just now.")
        try await site.live { client in
            var browser = try await site.browser(client, as: site.annotator)
            let project = site.project.id.description
            _ = try await browser.get(Path.conversation(project))
            let failed = try await browser.follow(
                try await browser.post(Path.conversation(project), ["text": "Name a bird."]))
            #expect(failed.text.contains("The assistant cannot be reached just now."))
            #expect(failed.text.contains("Name a bird.") && failed.text.contains("Your message is kept."))
            #expect(failed.text.contains("Another task"))
            let other = try await browser.get(Path.nextTask(project) + "?besides=conversation")
            #expect(other.status == .ok && other.location == nil)
            await site.operations.setConversation()
            let retried = try await browser.follow(
                try await browser.post(Path.conversation(project) + "/retry"))
            #expect(retried.text.contains("A second answer."))
        }
        try site.remove()
    }

    @Test func practiceTellsRightFromWrongBeforeRealTasks() async throws {
        let site = try await LeadSite(settings: settings { $0.feedback.practicePassShare = 1 })
        try await site.addTasks(1)
        let line = """
            {"prompt":"Which is a bird?","responses":["a wren","a brick"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"2","grade":"better"}},"explanation":"A **wren** is a bird."}
            """
        try await site.live { client in
            let project = site.project.id.description
            var lead = try await site.browser(client, as: site.lead)
            _ = try await lead.get(Path.practice(project))
            let bad = try await lead.post(Path.practice(project) + "/import", ["lines": "{}"])
            #expect(bad.status == .unprocessableContent && bad.text.contains("line 1"))
            let added = try await lead.follow(try await lead.post(Path.practice(project) + "/import", ["lines": line]))
            #expect(added.text.contains("1 added") && added.text.contains("Which is a bird?"))

            var browser = try await site.browser(client, as: site.annotator)
            for isRight in [false, true] {
                var task = try await browser.get(Path.nextTask(project))
                if TaskForm(task) == nil {
                    #expect(task.text.contains("Practise once more"))
                    task = try await browser.follow(
                        try await browser.post("/projects/\(project)/practise-again"))
                }
                #expect(task.text.contains("Practice 1 of 1:"))
                let form = try #require(TaskForm(task))
                let wren =
                    task.text.range(of: "a wren")!.lowerBound < task.text.range(of: "a brick")!.lowerBound ? 0 : 1
                let result = try await browser.follow(
                    try await browser.post(
                        form.action, form.comparison(winner: isRight ? wren : 1 - wren, "slightly")))
                #expect(
                    result.text.contains(isRight ? "Your answer is the expected one" : "Another answer was expected"))
                #expect(result.text.contains("<strong>wren</strong>"))
            }
            let real = try await browser.get(Path.nextTask(project))
            #expect(real.text.contains("Story 0") && !real.text.contains("Practice:"))
            let statistics = try await browser.get(Path.statistics)
            #expect(statistics.text.contains("Passed"))
            let theirs = try await lead.get(Path.personStatistics(project, user: site.annotator.id.description))
            #expect(theirs.text.contains("Statistics of Ann"))
            let forbidden = try await browser.get(Path.personStatistics(project, user: site.lead.id.description))
            #expect(forbidden.status == .forbidden)
        }
        try site.remove()
    }
}
