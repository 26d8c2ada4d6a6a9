import HTTPTypes
import JSON
import Labels
import Testing

extension APIContractTests {
    /// A practice set is imported, answered, and changed.
    func drivePractice(_ driver: APIDriver, _ site: LeadSite) async throws {
        let made = try await driver.call(
            "createProject", token: site.leadToken, json: ["name": "Trying", "settings": ["mode": "comparison"]],
            expecting: .created)
        let project = ["project": "\(try #require(made["id"]?.integerValue))"]
        let report = try await driver.call(
            "importPractice", token: site.leadToken, path: project,
            text:
                #"{"prompt":"x","responses":["a","b"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"2","grade":"better"}},"explanation":"y"}"#
        )
        #expect(report["added"] == 1)
        let file = try await driver.call("exportPractice", token: site.leadToken, path: project)
        #expect(file.stringValue?.contains(#""explanation":"y""#) == true)
        var task = try await driver.call("nextTask", token: site.annotatorToken, path: project, json: [:])["task"]
        for winner in ["b", "a"] {
            #expect(task?["practice"] == true)
            let responses = task?["responses"]?.arrayValue ?? []
            let ids = responses.sorted { a, _ in a["text"]?.stringValue == winner }.compactMap { $0["id"] }
            let answer = try await driver.call(
                "answerPractice", token: site.annotatorToken,
                path: ["lease": try #require(task?["lease"]?.stringValue)],
                json: ["comparison": ["winner": ids[0], "loser": ids[1], "grade": "better"]])
            #expect(answer["right"] == .bool(winner == "a") && answer["passed"] == .bool(winner == "a"))
            if winner == "b" {
                task = try await driver.call("practiseAgain", token: site.annotatorToken, path: project)
            }
        }
        let own = try await driver.call("getMyStatistics", token: site.annotatorToken, path: project)
        #expect(own["answers"] == [:])
        var path = project
        path["user"] = site.annotator.id.description
        #expect(try await driver.call("getStatistics", token: site.leadToken, path: path) == own)
        try await drivePracticeItems(driver, site, project)
    }

    private func drivePracticeItems(
        _ driver: APIDriver, _ site: LeadSite, _ project: [String: String]
    ) async throws {
        let lead = site.leadToken
        let items = try await driver.call("listPracticeItems", token: lead, path: project)
        let first = try #require(items.arrayValue?.first)
        #expect(first["answers"] == 2 && first["right_answers"] == 1 && first["retired"] == false)
        try await importPair(driver, lead, project)
        let task = try await nextPair(driver, site, project)
        let ids = task["responses"]?.arrayValue?.compactMap { $0["id"] } ?? []
        let label = try await driver.call(
            "submit", token: site.annotatorToken, path: ["lease": try #require(task["lease"]?.stringValue)],
            json: ["comparison": ["winner": ids[0], "loser": ids[1], "grade": "better"]])["submission"]
        let number = try #require(label)
        try await driver.call(
            "addPracticeItem", token: lead, path: project, json: ["label": number, "explanation": " "],
            expecting: .unprocessableContent)
        let added = try await driver.call(
            "addPracticeItem", token: lead, path: project, json: ["label": number, "explanation": "Clearer."],
            expecting: .created)
        #expect(added["expected"]?["kind"] == "comparison" && added["answers"] == 0)
        let item = ["item": "\(try #require(first["id"]?.integerValue))"]
        let elsewhere = item.merging(["project": site.project.id.description]) { old, _ in old }
        try await driver.call("retirePracticeItem", token: lead, path: elsewhere, expecting: .notFound)
        let path = item.merging(project) { old, _ in old }
        try await driver.call("retirePracticeItem", token: lead, path: path, expecting: .noContent)
        let now = try await driver.call("listPracticeItems", token: lead, path: project)
        #expect(now.arrayValue?.map { $0["retired"] } == [true, false])
        let file = try await driver.call("exportPractice", token: lead, path: project)
        #expect(file.stringValue?.contains("Clearer.") == true && file.stringValue?.contains(#""y""#) == false)
    }

    /// A task that was skipped once too often is handed out again, another is withdrawn.
    func driveSkippedTasks(_ driver: APIDriver, _ site: LeadSite) async throws {
        let lead = site.leadToken
        let made = try await driver.call(
            "createProject", token: lead,
            json: ["name": "Skipping", "settings": ["mode": "comparison", "skips_to_review": 1]], expecting: .created)
        let project = ["project": "\(try #require(made["id"]?.integerValue))"]
        for decision in ["reopen", "withdraw"] {
            try await importPair(driver, lead, project, prompt: decision)
            let task = try await nextPair(driver, site, project)
            try await driver.call(
                "skip", token: site.annotatorToken, path: ["lease": try #require(task["lease"]?.stringValue)],
                json: ["reason": "unsafe", "note": .string(decision)], expecting: .noContent)
            let waiting = try await driver.call("listSkippedTasks", token: lead, path: project, query: ["limit": "9"])
            #expect(waiting.arrayValue?.count == 1)
            let skipped = try #require(waiting.arrayValue?.first)
            let skip = skipped["skips"]?.arrayValue?.first
            #expect(skip?["note"] == .string(decision) && skip?["reason"] == "unsafe" && skip?["annotator"] == "Ann")
            var path = project
            path["task"] = "\(try #require(skipped["task"]?.integerValue))"
            try await driver.call(
                "decideSkippedTask", token: lead, path: path, json: ["decision": "keep"],
                expecting: .unprocessableContent)
            try await driver.call(
                "decideSkippedTask", token: lead, path: path, json: ["decision": .string(decision)],
                expecting: .noContent)
            try await driver.call(
                "decideSkippedTask", token: lead, path: path, json: ["decision": .string(decision)],
                expecting: .notFound)
        }
        let progress = try await driver.call("getProgress", token: lead, path: project)
        #expect(progress["tasks"]?["withdrawn"] == 1 && progress["tasks"]?["open"] == 1)
    }

    /// Gold is mixed into the tasks, and everybody's answers to a task are listed.
    func driveChecks(_ driver: APIDriver, _ site: LeadSite) async throws {
        let lead = site.leadToken
        let made = try await driver.call(
            "createProject", token: lead,
            json: ["name": "Checking", "settings": ["mode": "comparison", "quality": ["gold_share": 0.4]]],
            expecting: .created)
        #expect(made["settings"]?["quality"]?["repeat_share"] == 0)
        let project = ["project": "\(try #require(made["id"]?.integerValue))"]
        try await driver.call(
            "importPractice", token: lead, path: project,
            text:
                #"{"prompt":"x","responses":["a","b"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"2","grade":"better"}},"explanation":"y","purpose":"gold"}"#
        )
        for prompt in 0..<40 { try await importPair(driver, lead, project, prompt: "z\(prompt)") }
        var gold: [String: String]?
        while gold == nil {
            let task = try await nextPair(driver, site, project)
            let responses = (task["responses"]?.arrayValue ?? []).sorted {
                ($0["text"]?.stringValue ?? "") < ($1["text"]?.stringValue ?? "")
            }
            let ids = responses.compactMap { $0["id"] }
            let label = try await driver.call(
                "submit", token: site.annotatorToken, path: ["lease": try #require(task["lease"]?.stringValue)],
                json: ["comparison": ["winner": ids[0], "loser": ids[1], "grade": "better"]])["submission"]
            guard responses.first?["text"] == "a" else { continue }
            let lines = try await driver.call("listLabels", token: lead, path: project)
            let line = try #require(lines.arrayValue?.first { $0["id"] == label })
            #expect(line["check"] == "gold")
            gold = project.merging(["task": "\(try #require(line["task"]?.integerValue))"]) { old, _ in old }
        }
        let found = try await driver.call("listChecks", token: lead, path: project).arrayValue?.first
        #expect(found?["name"] == .string(site.annotator.name) && found?["repeats"]?["tasks"] == 0)
        #expect(found?["gold"]?["right"] == 1 && found?["gold"]?["by_share"] == [1, 0, 0, 0])
        let answers = try await driver.call("getTaskAnswers", token: lead, path: try #require(gold))
        #expect(answers["check"] == "gold" && answers["answers"]?.arrayValue?.count == 1)
        #expect(answers["consensus"] == .null, "one answer is no consensus")
        let item = try await driver.call("listPracticeItems", token: lead, path: project).arrayValue?.first
        #expect(item?["purpose"] == "gold" && item?["answers"] == 1 && item?["right_answers"] == 1)
        let progress = try await driver.call("getProgress", token: lead, path: project)
        #expect(progress["labels"]?["checks"] == 1)
        try await driveDecision(driver, site, project)
    }

    /// A lead answers what somebody answered, and training reads that alone.
    private func driveDecision(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let lead = site.leadToken
        func submit(_ task: JSONValue, as token: String) async throws {
            let ids = (task["responses"]?.arrayValue ?? []).compactMap { $0["id"] }
            try await driver.call(
                "submit", token: token, path: ["lease": try #require(task["lease"]?.stringValue)],
                json: ["comparison": ["winner": ids[0], "loser": ids[1], "grade": "better"]])
        }
        try await submit(try await nextPair(driver, site, project), as: site.annotatorToken)
        let line = try #require(try await driver.call("listLabels", token: lead, path: project).arrayValue?.first)
        #expect(line["decision"] == false && line["check"] == .null)
        let path = project.merging(["task": "\(try #require(line["task"]?.integerValue))"]) { old, _ in old }
        try await driver.call(
            "setDecisionUse", token: lead, path: path, json: ["alone": true], expecting: .forbidden)
        try await submit(try await driver.call("decideTask", token: lead, path: path), as: lead)
        try await driver.call("decideTask", token: lead, path: path, expecting: .forbidden)
        try await driver.call(
            "setDecisionUse", token: lead, path: path, json: ["alone": true], expecting: .noContent)
        let found = try await driver.call("getTaskAnswers", token: lead, path: path)
        #expect(found["answers"]?.arrayValue?.map { $0["decision"] } == [false, true])
        #expect(found["read_alone"] == true && found["agreement"] == .null)
    }

    private func importPair(
        _ driver: APIDriver, _ lead: String, _ project: [String: String], prompt: String = "z"
    ) async throws {
        try await driver.call(
            "importGroups", token: lead, path: project, text: #"{"prompt":"\#(prompt)","responses":["c","d"]}"#)
    }

    private func nextPair(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws -> JSONValue
    {
        let next = try await driver.call("nextTask", token: site.annotatorToken, path: project, json: [:])
        let task = try #require(next["task"])
        #expect(task["practice"] == false)
        return task
    }
}
