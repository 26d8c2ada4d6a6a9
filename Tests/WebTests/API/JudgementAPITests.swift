import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import Preferences
import Testing
import Web

/// What a task asks besides an order, asked and answered over the API.
@Suite struct JudgementAPITests {
    @Test func aRankingTakesRatingsAndFlagsAndLeadsReadThem() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let task = try await next(driver, site)
            #expect(task["questions"]?["ratings"] == "optional")
            #expect(task["questions"]?["flags"]?.arrayValue?.count == ResponseFlag.standard.count)
            let ids = try #require(task["responses"]?.arrayValue).compactMap { $0["id"]?.stringValue }
            func answer(_ rating: JSONValue) -> JSONValue {
                ["ranking": ["rows": .array(ids.map { [.string($0)] }), "ratings": .object([ids[0]: rating])]]
            }
            let refused: [(JSONValue, String)] = [
                (["overall": 8], "ranking.ratings.\(ids[0]).overall"),
                (["stars": 5], "ranking.ratings.\(ids[0]).stars"),
                (["aspects": ["wit": 1]], "ranking.ratings.\(ids[0]).aspects.wit"),
            ]
            for (rating, field) in refused {
                let error = try await submit(driver, site, task, answer(rating), expecting: .unprocessableContent)
                #expect(error["error"]?["field"]?.stringValue == field)
            }
            let unknown = try await submit(
                driver, site, task, answer(["flags": ["rude"]]), expecting: .unprocessableContent)
            #expect(unknown["error"]?["message"]?.stringValue?.contains("'A' has the flag 'rude'") == true)
            try await submit(driver, site, task, answer(["overall": 6, "flags": ["hallucination"]]))
            let labels = try await driver.call(
                "listLabels", token: site.leadToken, path: ["project": "\(site.project.id)"])
            let stored = labels.arrayValue?.first
            let first = try #require(stored?["display_order"]?.arrayValue?.first?.stringValue)
            #expect(
                stored?["judgement"]?["ranking"]?["ratings"]?[first] == ["overall": 6, "flags": ["hallucination"]])
        }
        try site.remove()
    }

    @Test func aComparisonTakesTiesSafetyAspectsAndAReason() async throws {
        var settings = ProjectSettings()
        settings.mode = .comparison
        settings.responseCount = .fixed(2)
        settings.tie = true
        settings.safety = true
        settings.aspects = [.correctness]
        settings.reason = .optional
        let site = try await LeadSite(settings: settings)
        try await site.addTasks(2)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let task = try await next(driver, site)
            let ids = try #require(task["responses"]?.arrayValue).compactMap { $0["id"] }
            let both = JSONValue.array(ids)
            let refused: [(JSONValue, String)] = [
                (["winner": ids[0], "loser": ids[1], "grade": "better"], "Say which of the responses are safe."),
                (
                    ["winner": ids[0], "loser": ids[1], "grade": "better", "unsafe": [ids[0]]],
                    "a safe response is the better answer"
                ), (["responses": both, "verdict": "both_unacceptable", "unsafe": []], "no 'both unacceptable'"),
                (["winner": ids[0], "loser": ids[1]], "grade"),
                (["responses": [ids[0]], "verdict": "tie"], "two responses"),
            ]
            for (comparison, words) in refused {
                let error = try await submit(
                    driver, site, task, ["comparison": comparison], expecting: .unprocessableContent)
                #expect(error["error"]?["message"]?.stringValue?.contains(words) == true, "\(error)")
            }
            let first = try #require(ids[0].stringValue)
            try await submit(
                driver, site, task,
                [
                    "comparison": [
                        "responses": both, "verdict": "tie", "unsafe": [], "reason": "Hard to say.",
                        "ratings": .object([first: ["aspects": ["correctness": 4]]]),
                    ]
                ])
            let second = try await next(driver, site)
            let others = try #require(second["responses"]?.arrayValue).compactMap { $0["id"] }
            try await submit(
                driver, site, second,
                ["comparison": ["winner": others[0], "loser": others[1], "grade": "slightly", "unsafe": [others[1]]]])
            let quality = try await driver.call(
                "getQuality", token: site.leadToken, path: ["project": "\(site.project.id)"])
            #expect(quality["ties"] == 1 && quality["both_unacceptable"] == 0 && quality["grades"]?["slightly"] == 1)
        }
        try site.remove()
    }

    private func next(_ driver: APIDriver, _ site: LeadSite) async throws -> JSONValue {
        let answer = try await driver.call(
            "nextTask", token: site.annotatorToken, path: ["project": "\(site.project.id)"], json: [:])
        return try #require(answer["task"])
    }

    @discardableResult
    private func submit(
        _ driver: APIDriver, _ site: LeadSite, _ task: JSONValue, _ body: JSONValue,
        expecting status: HTTPResponse.Status = .ok
    ) async throws -> JSONValue {
        try await driver.call(
            "submit", token: site.annotatorToken, path: ["lease": try #require(task["lease"]?.stringValue)], json: body,
            expecting: status)
    }
}
