import Foundation
import HTTPTypes
import JSON
import Labels
import Preferences
import Testing
import Web

/// A lead has two policies compared, reads the advice, and decides.
@Suite struct PromotionPageTests {
    private func site() async throws -> (site: LeadSite, new: Policy) {
        var settings = ProjectSettings()
        settings.overlap = 1
        let site = try await LeadSite(settings: settings)
        let new = try await site.store.addPolicy(
            NewPolicy(
                name: "refreshed-<1>", kind: .refreshed, path: "policies/refreshed-1",
                parents: [.policy(site.policy.id, role: "base")], metrics: ["reward": 0.5]), by: .system)
        _ = try await site.store.addPrompts(
            site.project.id, use: .heldOut, (0..<30).map { .text("Held out \($0)") }, by: .system)
        return (site, new)
    }

    /// Samples what is planned and has somebody prefer the new policy's text in every pair.
    private func compare(_ site: LeadSite, _ new: Policy, count: Int) async throws {
        for pair in try await site.store.planPromotionPairs(site.project.id, limit: count) {
            try await site.store.enter(
                pair,
                responses: pair.plan.parts.map {
                    NewResponse(text: "by \($0.policy.id)", policy: $0.policy.id, seed: 1, temperature: 1)
                })
        }
        for _ in 0..<count {
            guard case .task(let task) = try await site.store.nextTask(for: site.annotator.id, in: site.project.id)
            else { throw TestProblem("there is no pair to compare") }
            let winner = try #require(task.responses.first { $0.text == "by \(new.id)" })
            let loser = try #require(task.responses.first { $0.text != winner.text })
            _ = try await site.store.submit(
                .comparison(try Comparison(winner: winner.id, loser: loser.id, grade: .slightly)), token: task.token,
                user: site.annotator.id)
        }
    }

    @Test func aPolicyGoesLiveOnWhatPeoplePrefer() async throws {
        let (site, new) = try await site()
        let project = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let policies = try await browser.get(Path.policies(project)).text
            #expect(policies.contains("Compare with the current one"))
            let warned = try await browser.get(Path.makeCurrent(project, policy: new.id.description)).text
            #expect(warned.contains("Nobody has compared it with the current policy."))
            let form = try await browser.get(Path.startPromotion(project, policy: new.id.description)).text
            #expect(form.contains("There are 30 held-out prompts") && form.contains("refreshed-&lt;1&gt;"))
            let wrong = try await browser.post(
                Path.startPromotion(project, policy: new.id.description),
                ["pairs": "many", "temperature": "1", "worthwhile": "50", "label_use": "none"])
            #expect(
                wrong.status == .unprocessableContent && wrong.text.contains("Pairs: “many” is not a whole number."))
            #expect(wrong.text.contains("value=\"many\""), "what was typed stays")
            let started = try await browser.post(
                Path.startPromotion(project, policy: new.id.description),
                ["pairs": "12", "temperature": "0.8", "worthwhile": "50", "label_use": "measure"])
            let path = try #require(started.location)
            let empty = try await browser.get(path).text
            #expect(empty.contains("Keep labelling: no pair is decided yet."))
            try await compare(site, new, count: 12)
            let page = try await browser.get(path).text
            #expect(page.contains("Promote: people prefer refreshed-&lt;1&gt; to supervised."))
            #expect(page.contains("100.0% (95% interval"))
            #expect(page.contains("<svg class=\"chart\"") && page.contains("Decided pairs</text>"))
            let csv = try await browser.get(path + "/plots/win-rate.csv")
            #expect(
                csv.text.hasPrefix("decided pairs,win_rate,lower_bound,upper_bound\r\n1,1.0,"), "\(csv.text.prefix(90))"
            )
            let more = try await browser.follow(try await browser.post(path + "/pairs", ["pairs": "3"]))
            #expect(more.text.contains("3 more pairs will be sampled.") && more.text.contains("12 of 15"))
            let use = try await browser.follow(try await browser.post(path + "/labels", ["label_use": "none"]))
            #expect(use.text.contains("For this decision alone"))
            let decided = try await browser.follow(
                try await browser.post(path + "/decision", ["decision": "promote"]))
            #expect(
                decided.text.contains("Promoted by Lea on") && decided.text.contains("when the advice was: promote"))
            #expect(try await site.store.project(site.project.id).currentPolicy == new.id)
            let again = try await browser.post(path + "/decision", ["decision": "discard"])
            #expect(again.status == .unprocessableContent && again.text.contains("decided already"))
            let table = try await browser.get(Path.policies(project)).text
            #expect(table.contains("How people rank the policies") && table.contains("Comparisons by people"))
            #expect(table.contains(">Promoted<"))
        }
        try site.remove()
    }

    @Test func theCardShowsWhereAPolicyComesFromAndWhatAlignmentCost() async throws {
        let (site, new) = try await site()
        func scores(_ right: Int) -> [NewEvaluation] {
            [
                NewEvaluation(
                    task: "facts", taskSHA256: String(repeating: "a", count: 64), figure: "accuracy",
                    scores: (0..<100).map { $0 < right ? 1 : 0 })
            ]
        }
        try await site.store.addEvaluations(scores(80), of: site.policy.id, by: .commandLine)
        try await site.store.addEvaluations(scores(60), of: new.id, by: .commandLine)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let card = try await browser.get(
                Path.policyCard(site.project.id.description, policy: new.id.description)
            ).text
            #expect(card.contains("Before (supervised)") && card.contains("After (refreshed-&lt;1&gt;)"))
            #expect(card.contains("80.0% (95% interval") && card.contains("60.0% (95% interval"))
            #expect(card.contains("−20 (95% interval") && card.contains(">Worse<"))
            #expect(card.contains("base \(site.policy.name)"), "lineage")
            #expect(card.contains("plumb evaluate --policy refreshed-&lt;1&gt;"))
            #expect(card.contains("Nobody has compared its responses"))
        }
        try site.remove()
    }
}
