import Foundation
import HTTPTypes
import JSON
import Labels
import Testing
import Web

/// What a lead sees of a policy refresh while it runs: plots with their numbers, alarms, responses before and after.
@Suite struct LivePageTests {
    private func refreshing(_ site: LeadSite) async throws -> RunID {
        let run = try await site.operations.startPolicyRefresh(
            PolicyRefreshRequest(project: site.project.id, user: site.lead.id))
        for step in 1...4 {
            let way = Double(step)
            try await site.operations.report(
                [
                    "step": .integer(step), "steps": 10, "phase": "ppo", "reward": .number(way / 4),
                    "shaped_reward": .number(way / 5), "objective": .number(way / 8), "kl": .number(way),
                    "kl_per_token": .number(way / 40), "approximate_kl": .number(way / 400), "entropy": 1.5,
                    "response_length": .number(40 - way), "clip_fraction": .number(0.01 * way),
                    "value_clip_fraction": 0, "explained_variance": .number(way / 5), "learning_rate": 0.00002,
                    "value_learning_rate": 0.0001, "tokens_per_second": 1200, "seconds_left": 90,
                ], of: run)
        }
        try await site.operations.report(
            [
                "event": "alarm", "alarm": "repetition", "state": "began", "step": 3,
                "message": "repetition: distinct-2 is 0.31, under 0.4",
            ], of: run)
        return run
    }

    @Test func everyNumberOfARefreshIsPlottedWithItsUnitsAndCanBeKept() async throws {
        let site = try await LeadSite()
        let run = try await refreshing(site)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.run(run.description)).text
            for words in [
                "Reward", "KL to the reference, by response", "KL to the reference, by token", "Entropy",
                "Response length", "Clipped by PPO",
                "Returns that the value network explains", "KL of one update", "Learning rate", "Tokens a second",
            ] { #expect(page.contains("<figcaption>\(words)</figcaption>"), "\(words)") }
            for words in [
                ">KL to the reference</text>", ">(nats a response)</text>", "(nats a token)</text>", ">Step</text>",
                ">Returns that the value</text>", ">network explains</text>",
            ] { #expect(page.contains(words), "\(words)") }
            let upwards = page.matches(of: #/<text transform="rotate[^>]*>([^<]*)</#).map(\.output.1)
            #expect(upwards.count > 10 && upwards.allSatisfy { $0.count <= 26 }, "no name of an axis is cut off")
            #expect(page.contains("Time left") && page.contains("1.5 min"))
            let reward = try #require(page.firstRange(of: "<figcaption>Reward</figcaption>"))
            let drawing = page[reward.upperBound...].prefix { $0 != "\u{0}" }.prefix(6000)
            #expect(drawing.contains("stroke-dasharray=\"7 4\""), "series are told apart without colour")
            #expect(drawing.contains(">Reward after shaping</text>"), "and named")
            #expect(drawing.contains("role=\"img\"") && drawing.contains("Reward: from 0.25 at step 1 to 1 at step 4"))

            let csv = try await browser.get(Path.runCurve(run.description, name: "reward.csv"))
            #expect(csv.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(
                csv.text.hasPrefix(
                    "step,reward,shaped_reward,objective\r\n1,0.25,0.2,0.125\r\n2,0.5,0.4,0.25\r\n"), "\(csv.text)")
            let svg = try await browser.get(Path.runCurve(run.description, name: "reward.svg"))
            #expect(svg.headers[.contentDisposition]?.contains("run-\(run)-reward.svg") == true)
            #expect(svg.text.contains("font-weight=\"bold\">Reward</text>"), "the file has its title")
            #expect(XMLCheck(svg.text).isWellFormed)
        }
        try site.remove()
    }

    @Test func alarmsAreSaidInWordsWithTheirStep() async throws {
        let site = try await LeadSite()
        let run = try await refreshing(site)
        try await site.operations.report(
            [
                "event": "alarm", "alarm": "disagreement", "state": "began", "step": 4,
                "message": "the reward rises while the watcher disagrees",
            ], of: run)
        try await site.operations.report(
            ["event": "alarm", "alarm": "repetition", "state": "ended", "step": 4], of: run)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.run(run.description)).text
            #expect(page.contains("<strong>Step 3:</strong> Repetition: distinct-2 is 0.31, under 0.4."))
            #expect(page.contains("<strong>Since step 4:</strong> The reward rises while the watcher disagrees."))
        }
        try site.remove()
    }

    @Test func preferenceTuningShowsItsAlarmsAndResponsesTheSameWay() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let run = try await site.operations.startPreferenceTuning(
            TuningRequest(project: site.project.id, user: site.lead.id))
        try await site.operations.report(
            ["step": 3, "steps": 12, "phase": "ipo", "loss": 0.5, "kl": 207.5, "end_share": 0.25], of: run)
        try await site.operations.report(
            [
                "event": "alarm", "alarm": "kl", "state": "began", "step": 3, "is_limit": false,
                "message": "KL to the reference is 207.5 nats a response, over the budget of 16",
            ], of: run)
        for (step, text, phase) in [(0, "A dull fox.", "probe"), (12, "Fox, fox, fox.", "handed_out")] {
            await site.operations.sample(
                RunSample(
                    step: step, promptID: "g_1", prompt: "Tell of a fox.", response: text, kl: 0.5, tokens: 12,
                    finished: true, phase: phase), of: run)
        }
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.run(run.description)).text
            #expect(
                page.contains(
                    "<strong>Since step 3:</strong> KL to the reference is 207.5 nats a response, over the budget of 16."
                ))
            let before = try #require(page.firstRange(of: "A dull fox."))
            let after = try #require(page.firstRange(of: "Fox, fox, fox."))
            #expect(before.lowerBound < after.lowerBound)
            #expect(page.contains("The policy handed out (step 12)") && page.contains("KL 0.5 nats, 12 tokens"))
            #expect(!page.contains("The reward rose") && !page.contains("The reward is the same"))
        }
        try site.remove()
    }

    @Test func responsesBeforeAndAfterStandSideBySideWithTheirRewards() async throws {
        let site = try await LeadSite()
        let run = try await refreshing(site)
        func sample(_ step: Int, _ id: String, _ text: String, score: Double, phase: String?) async {
            await site.operations.sample(
                RunSample(
                    step: step, promptID: id, prompt: "Tell of <a fox>.", response: text, score: score, kl: 0.5,
                    tokens: 12, finished: step > 0, phase: phase), of: run)
        }
        await sample(0, "7", "A dull <b>fox</b>.", score: -0.25, phase: "probe")
        await sample(1, "9", "While it learns.", score: 0, phase: nil)
        await sample(4, "7", "Overdone.", score: 2, phase: "probe")
        await sample(2, "7", "A lively fox.", score: 0.5, phase: "handed_out")
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.run(run.description)).text
            let before = try #require(page.firstRange(of: "A dull &lt;b&gt;fox&lt;/b&gt;."))
            let after = try #require(page.firstRange(of: "A lively fox."))
            #expect(before.lowerBound < after.lowerBound)
            #expect(page.contains("reward −0.25, KL 0.5 nats, 12 tokens, cut short"))
            #expect(page.contains("The policy handed out (step 2)") && page.contains("The reward rose by 0.75."))
            #expect(!page.contains("Overdone."), "what was handed out is shown, not what came after it")
            let all = try await browser.get(Path.runSamples(run.description)).text
            #expect(all.contains("While it learns.") && all.contains("During the run: step 1"))
        }
        try site.remove()
    }
}
