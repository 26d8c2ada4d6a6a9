import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import Preferences
import Testing
import Web

/// Starting, watching, stopping and resuming runs in the pages.
@Suite struct RunPageTests {
    @Test func aLeadStartsWatchesStopsAndResumesARun() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let progress = try await browser.get(Path.project(id))
            #expect(progress.text.contains("Retrain reward model") && progress.text.contains("Refresh policy"))
            let started = try await browser.post(
                Path.retrain(id), ["settings": "steps = 120", "seed": "18446744073709551615"])
            let path = try #require(started.location)
            let request = try #require(await site.operations.requests.first)
            #expect(request.seed == UInt64.max)
            #expect(request.settings == ["steps": "120"])
            #expect(request.user == site.lead.id)

            let waiting = try await browser.get(path)
            #expect(waiting.text.contains("The job has not reported any numbers yet."))
            #expect(waiting.text.contains("data-events="))
            let run = try #require(RunID(String(path.split(separator: "/").last ?? "")))
            for step in 0..<3 {
                try await site.operations.report(
                    ["step": .integer(step), "loss": .number(1 - 0.25 * Double(step)), "phase": "train"], of: run)
            }
            let live = try await browser.get(path)
            #expect(live.text.contains("25% done"))
            #expect(live.text.contains("Loss: from 1 at step 0 to 0.5 at step 2; lowest 0.5, highest 1"))
            #expect(live.text.contains("<polyline class=\"curve-1\" points=\"64.0,10.0 "))
            #expect(live.text.contains("step 1 &lt;done&gt;"), "the log's tail")
            #expect(live.text.contains("?from=3"), "live events go on after what is shown")

            let stopping = try await browser.follow(try await browser.post(Path.cancelRun(run.description)))
            #expect(stopping.text.contains("Stopping"))
            try await site.operations.end(run, .stopped, message: "Stopped at step 2.")
            let stopped = try await browser.get(path)
            #expect(stopped.text.contains("Stopped at step 2."))
            #expect(!stopped.text.contains("data-events="))
            #expect(try await browser.post(Path.cancelRun(run.description)).status == .conflict)
            _ = try await browser.get(path)
            let resumed = try await browser.follow(try await browser.post(Path.resumeRun(run.description)))
            #expect(resumed.text.contains("Running"))
        }
        try site.remove()
    }

    @Test func aRunThatEndedEarlyShowsNoTimeLeftAndNoShare() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let run = try await site.operations.startRewardModelRun(
            RewardModelRunRequest(project: site.project.id, user: site.lead.id))
        for step in 3...5 {
            try await site.operations.report(
                [
                    "step": .integer(step), "steps": 400, "held_out_log_loss": .number(1 / Double(step)),
                    "seconds_left": 712,
                ], of: run)
        }
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let path = Path.run(run.description)
            let live = try await browser.get(path).text
            #expect(live.contains("Time left") && live.contains("% done") && live.contains("<dd>5 of 400</dd>"))
            #expect(live.contains("title=\"held_out_log_loss\">Log-loss, held out (nats)<"), "words, and the raw name")
            let marks = live.matches(of: /y="198.0" text-anchor="middle" fill="#444444">([^<]+)</).map {
                String($0.output.1)
            }
            #expect(Set(marks) == ["3", "4", "5"], "steps are whole numbers")
            _ = try await site.store.importResult(
                run, attempt: 1,
                .rewardModel(
                    NewRewardModel(
                        name: "rm-1", path: "reward-models/rm-1", sha256: String(repeating: "a", count: 64),
                        parents: [], metrics: [:], bytes: 10)),
                message: "Training stopped after 5 steps, because the held-out log-loss no longer fell.")
            let ended = try await browser.get(path).text
            #expect(ended.contains("Training stopped after 5 steps"))
            #expect(!ended.contains("Time left") && !ended.contains("% done"))
        }
        try site.remove()
    }

    @Test func whyARunCannotStartIsSaidOnTheListOfRuns() async throws {
        let site = try await LeadSite()
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            _ = try await browser.get(Path.runs(id))
            let noLabels = try await browser.post(Path.retrain(id))
            #expect(noLabels.status == .conflict)
            #expect(noLabels.text.contains("no labels yet"))
            await site.operations.refuse(with: OperationError(.conflict, "There is no reward model yet."))
            let refused = try await browser.post(Path.refresh(id))
            #expect(refused.text.contains("There is no reward model yet."))
            let seed = try await browser.post(
                Path.refresh(id), ["seed": "-3", "method": "rloo", "settings": "kl_target = 6\niterations = 3"])
            #expect(seed.text.contains("“-3” is not a whole number"))
            for kept in [
                #"value="-3""#, "kl_target = 6\niterations = 3", #"value="rloo" selected"#, #"class="more" open"#,
            ] {
                #expect(seed.text.contains(kept), "what was typed is there: \(kept)")
            }
        }
        try site.remove()
    }

    @Test func theTwoNewestModelsWatchEachOtherWhereTheyLearntFromTwoHalves() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            func form(_ browser: inout Browser) async throws -> String {
                let text = try await browser.get(Path.runs(id)).text
                return text.components(separatedBy: "refresh-title")[2].components(separatedBy: "</form>")[0]
            }
            try await site.trainRewardModel("first", settings: ["labels": "first-half"])
            #expect(!(try await form(&browser)).contains("one of them watches"))
            try await site.trainRewardModel("second", settings: ["labels": "second-half"])
            let chosen = try await form(&browser)
            #expect(chosen.contains("one of them watches"))
            #expect(chosen.contains(" selected>first<") && chosen.contains(" selected>second<"))
            try await site.trainRewardModel("whole")
            #expect(!(try await form(&browser)).contains("one of them watches"))
        }
        try site.remove()
    }

    @Test func curvesAndNumbersCanBeDownloaded() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let run = try await site.operations.startRewardModelRun(
            RewardModelRunRequest(project: site.project.id, user: site.lead.id))
        for step in 1...2000 {
            try await site.operations.report(
                ["step": .integer(step), "loss": .number(step == 777 ? 9 : 0.5), "constant": 3], of: run)
        }
        let text = run.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let file = try await browser.get(Path.runCurve(text, name: "loss.svg"))
            #expect(file.headers[.contentType]?.hasPrefix("image/svg+xml") == true)
            #expect(file.text.contains("highest 9"))
            let points = try #require(Browser.attribute("points", after: "<polyline", in: file.text))
            #expect(points.split(separator: " ").count <= 400)
            #expect(points.contains(",36.0"), "the one spike is still drawn")
            let parser = XMLCheck(file.text)
            #expect(parser.isWellFormed)
            #expect(try await browser.get(Path.runCurve(text, name: "constant.svg")).status == .ok)
            #expect(try await browser.get(Path.runCurve(text, name: "nothing.svg")).status == .notFound)
            let numbers = try await browser.get(Path.runMetrics(text))
            #expect(numbers.text.split(separator: "\n").count == 2000)
        }
        try site.remove()
    }

    @Test func aRewardModelPageSaysWhenThereWereTooFewLabels() async throws {
        let site = try await LeadSite()
        let run = try await site.addRewardModel(
            metrics: ["held_out_accuracy": 0.75, "length_baseline_accuracy": 0.5, "gain": 2])
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.rewardModels(site.project.id.description))
            #expect(page.text.contains("too few labels to hold any out") || page.text.contains("held out, so"))
            #expect(page.text.components(separatedBy: "too few").count <= 2, "it is said once")
            #expect(page.text.contains("75.0%"))
            #expect(page.text.contains("Length-only baseline"))
            let finished = try await browser.get(Path.run(run.description))
            #expect(finished.text.contains("It made the reward model rm-1."))
        }
        try site.remove()
    }
}

/// Whether a text is well-formed XML as far as open and closed elements go.
struct XMLCheck {
    let isWellFormed: Bool

    init(_ text: String) {
        var open: [Substring] = []
        var isRight = true
        for match in text.matches(of: /<(\/?)([a-z]+)[^>]*?(\/?)>/) {
            if match.output.3 == "/" { continue }
            if match.output.1 == "/" {
                if open.popLast() != match.output.2 { isRight = false }
            } else {
                open.append(match.output.2)
            }
        }
        isWellFormed = isRight && open.isEmpty
    }
}
