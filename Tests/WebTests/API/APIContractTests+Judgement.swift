import HTTPTypes
import JSON
import Labels
import Preferences
import Testing

extension APIContractTests {
    /// A policy is compared by people, evaluated, and discarded.
    func driveJudgement(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let lead = site.leadToken
        let candidate = try await site.store.addPolicy(
            NewPolicy(name: "refreshed-0", kind: .refreshed, path: "policies/refreshed-0"), by: .system)
        _ = try await site.store.addPrompts(site.project.id, use: .heldOut, [.text("Held out")], by: .system)
        let started = try await driver.call(
            "startPromotion", token: lead, path: project,
            json: [
                "candidate": .integer(Int(candidate.id.rawValue)), "pairs": 3, "temperature": 0.7, "worthwhile": 0.55,
                "label_use": "measure", "seed": 9,
            ], expecting: .created)
        #expect(started["advice"] == "keep_labelling" && started["win_rate"] == .null)
        let promotion = ["promotion": "\(try #require(started["id"]?.integerValue))"]
        for pair in try await site.store.planPromotionPairs(site.project.id, limit: 4) {
            try await site.store.enter(
                pair, responses: pair.plan.parts.map { NewResponse(text: "same", policy: $0.policy.id) })
        }
        let more = try await driver.call("extendPromotion", token: lead, path: promotion, json: ["pairs": 2])
        #expect(more["pairs_wanted"] == 5 && more["pairs_identical"] == 1 && more["win_rate"] == 0.5)
        let use = try await driver.call(
            "setPromotionLabelUse", token: lead, path: promotion, json: ["label_use": "none"])
        #expect(use["label_use"] == "none")
        let decided = try await driver.call(
            "decidePromotion", token: lead, path: promotion, json: ["decision": "discard"])
        #expect(decided["decision"] == "discard" && decided["decided_by"] == "Lea")
        #expect(try await driver.call("getPromotion", token: lead, path: promotion) == decided)
        let listed = try await driver.call("listPromotions", token: lead, path: project)
        #expect(listed.arrayValue == [decided])
        let strengths = try await driver.call("listPolicyStrengths", token: lead, path: project)
        #expect(strengths.arrayValue?.isEmpty == true)
        let policy = ["policy": candidate.id.description]
        try await driver.call(
            "addEvaluations", token: lead, path: policy,
            json: [
                "evaluations": [
                    [
                        "task": "facts", "task_sha256": .string(String(repeating: "c", count: 64)),
                        "figure": "accuracy", "scores": [1, 0, 1, 1],
                    ]
                ]
            ], expecting: .noContent)
        let found = try await driver.call("listEvaluations", token: lead, path: policy)
        #expect(found.arrayValue?.first?["value"] == 0.75)
    }
}
