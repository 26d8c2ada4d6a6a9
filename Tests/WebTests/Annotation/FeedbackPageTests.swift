import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

/// Tasks for other feedback than an order, used as a browser without scripts uses them.
@Suite struct FeedbackPageTests {
    /// A site whose only task asks for this.
    private func site(_ mode: TaskMode, style: PromptStyle = .plain, text: String = " A wren is a fish.") async throws
        -> TestSite
    {
        let site = try await TestSite.make(tasks: 0)
        var settings = site.project.settings
        settings.feedback.promptStyles = [style]
        _ = try await site.store.updateProject(site.project.id, settings: settings, by: .system)
        switch mode {
        case .demonstration, .prompt:
            _ = try await site.store.addPrompts(
                site.project.id, use: .supervised, [.text("Name a bird <b>.")], by: .system)
            _ = try await site.store.addPrompts(
                site.project.id, use: .writing, [.text("Cooking & eating")], by: .system)
            try await site.store.addWritingTasks(site.project.id, mode: mode, count: 1)
        default:
            let prompt = try await site.store.prompts(site.project.id, use: .ranking)[0]
            _ = try await site.store.enqueue(
                [
                    NewGroup(
                        prompt: prompt.id, responses: [NewResponse(text: text, policy: site.policy.id)], mode: mode)
                ], in: site.project.id)
        }
        return site
    }

    private func form(_ page: Browser.Page) throws -> TaskForm { try #require(TaskForm(page)) }

    @Test func anAnswerIsWrittenAndStoredAsTyped() async throws {
        let site = try await site(.demonstration)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            #expect(page.text.contains("Name a bird &lt;b&gt;."))
            let form = try form(page)
            let empty = try await browser.post(
                form.action, ["project": form.project, "kind": "demonstration", "text": "  \r\n"])
            #expect(empty.status == .unprocessableContent)
            #expect(empty.text.contains("Nothing is written yet"))
            let fields = ["project": form.project, "kind": "demonstration", "text": "\r\n A <wren>.\r\nSmall."]
            let sent = try await browser.post(form.action, fields)
            #expect(sent.location == site.nextTask)
            let again = try await browser.post(form.action, fields)
            #expect(again.location == site.nextTask, "the same form again changes nothing")
            let file = site.folder.appending(path: "d.jsonl")
            _ = try await site.store.writeExport(site.project.id, as: .demonstrations, to: file)
            #expect(try String(contentsOf: file, encoding: .utf8).contains(#""response":"\n A <wren>.\nSmall.""#))
            let history = try await browser.get(Path.history)
            #expect(history.text.contains("Demonstration"))
            let back = try await browser.follow(
                try await browser.post(
                    try #require(Browser.attribute("action", after: #"<li class="answer">"#, in: history.text))))
            #expect(
                back.text.contains("\n\n A &lt;wren&gt;.\nSmall.</textarea>"), "a textarea drops its first line end")
        }
    }

    @Test func aCorrectionMustChangeSomethingOrSayThatNothingIsWrong() async throws {
        let site = try await site(.correction)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try form(try await browser.get(site.nextTask))
            #expect(form.text.contains("\n A wren is a fish.</textarea>"))
            var fields = ["project": form.project, "kind": "correction", "text": " A wren is a fish."]
            let same = try await browser.post(form.action, fields)
            #expect(same.text.contains("right as it is"))
            #expect(same.status == .unprocessableContent)
            fields["unchanged"] = "yes"
            fields["text"] = " A wren is a bird."
            let both = try await browser.post(form.action, fields)
            #expect(both.status == .unprocessableContent)
            #expect(both.text.contains("A wren is a bird.</textarea>"), "what was typed stays")
            fields["unchanged"] = nil
            let sent = try await browser.post(form.action, fields)
            #expect(sent.location == site.nextTask)
            #expect(try await site.store.takeSnapshot(site.project.id, by: .system).labels == 1)
        }
    }

    @Test func aRatingNeedsAScore() async throws {
        let site = try await site(.rating)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try form(try await browser.get(site.nextTask))
            #expect(!form.text.contains("secret-policy-name"))
            var fields = [
                "project": form.project, "kind": "rating", "criticism": "Not a fish.", "flag.hallucination": "yes",
            ]
            let none = try await browser.post(form.action, fields)
            #expect(none.text.contains("No rating is chosen"))
            #expect(none.text.contains("Not a fish.</textarea>"))
            #expect(none.text.contains(#"name="flag.hallucination" value="yes" checked"#))
            fields["score"] = "8"
            #expect(try await browser.post(form.action, fields).status == .unprocessableContent)
            fields["score"] = "2"
            #expect(try await browser.post(form.action, fields).location == site.nextTask)
        }
    }

    @Test func criticismIsKept() async throws {
        let site = try await site(.criticism)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try form(try await browser.get(site.nextTask))
            let sent = try await browser.post(
                form.action, ["project": form.project, "kind": "criticism", "text": "A wren is no fish."])
            #expect(sent.location == site.nextTask)
            #expect(try await site.store.progress(site.project.id).labels == 1)
        }
    }

    @Test func aFewShotPromptGrowsByExamplesWithoutAScript() async throws {
        let site = try await site(.prompt, style: .fewShot)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try form(try await browser.get(site.nextTask))
            #expect(form.text.contains("example_input.2") && !form.text.contains("example_input.3"))
            var fields = [
                "project": form.project, "kind": "prompt", "style": "few_shot", "instruction": "Sort the letters.",
                "example_input.1": "b a", "example_output.1": "a b", "example_input.2": "d c",
                "example_output.2": "", "input": "f e", "more_examples": "yes",
            ]
            let more = try await browser.post(form.action, fields)
            #expect(more.status == .ok)
            #expect(more.text.contains("example_input.3") && more.text.contains("Sort the letters.</textarea>"))
            fields["more_examples"] = nil
            let half = try await browser.post(form.action, fields)
            #expect(half.text.contains("Example 2 needs both an input and an output"))
            fields["example_output.2"] = "c d"
            #expect(try await browser.post(form.action, fields).location == site.nextTask)
            let written = try await site.store.prompts(site.project.id, use: .ranking).last
            #expect(
                written?.prompt
                    == .fewShot(
                        "Sort the letters.\n\nInput: b a\nOutput: a b\n\nInput: d c\nOutput: c d\n\nInput: f e\nOutput:"
                    ))
            #expect(written?.author == browser.user?.id)
        }
    }

    @Test func aUseCaseIsShownToWriteFor() async throws {
        let site = try await site(.prompt, style: .useCase)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try form(try await browser.get(site.nextTask))
            #expect(form.text.contains("Cooking &amp; eating"))
            let wrong = try await browser.post(
                form.action,
                ["project": form.project, "kind": "prompt", "style": "plain", "text": "How long do eggs boil?"]
            )
            #expect(wrong.status == .unprocessableContent, "the style is the task's, not the form's")
            let sent = try await browser.post(
                form.action,
                ["project": form.project, "kind": "prompt", "style": "use_case", "text": "How long do eggs boil?"])
            #expect(sent.location == site.nextTask)
        }
    }
}
