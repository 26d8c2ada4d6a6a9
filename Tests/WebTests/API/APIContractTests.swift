import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import Logging
import Preferences
import Testing
import Web

/// The document, the routes and the answers say the same.
@Suite struct APIContractTests {
    @Test func everyOperationAnswersAsTheDocumentPromises() async throws {
        let site = try await LeadSite()
        try await site.addTasks(8)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let lead = site.leadToken
            let project = ["project": site.project.id.description]
            try await driveProjects(driver, lead, site)
            try await drivePrompts(driver, lead, project)
            try await drivePromptStates(driver, site, project)
            try await driveAnnotation(driver, site, project)
            try await driveFeedback(driver, site)
            try await driveConversation(driver, site)
            try await drivePractice(driver, site)
            try await driveSkippedTasks(driver, site)
            try await driveChecks(driver, site)
            try await driveFigures(driver, lead, project)
            try await driveRuns(driver, site, project)
            try await driveTuning(driver, site)
            try await driveJudgement(driver, site, project)
            try await drivePolicies(driver, site, project)
            try await drivePeople(driver, site)
            // The server closes the connection after a stream of events, so this comes last.
            let events = try await driver.call("watchRun", token: lead, path: ["run": "1"])
            #expect(events.stringValue?.contains("event: metrics") == true)
            let missing = Set(driver.operations.keys).subtracting(driver.driven)
            #expect(missing.isEmpty, "in the document, but not driven by this test: \(missing.sorted())")
        }
        try site.remove()
    }

    @Test func everyRouteServedIsInTheDocument() async throws {
        let site = try await LeadSite()
        let served = Set(
            try site.router().routes.map { (method: $0.method.rawValue, path: "\($0.path)") }
                .filter { $0.path.hasPrefix(Path.api) && !$0.path.hasSuffix("**") && $0.method != "HEAD" }
                .map { "\($0.method) \($0.path.replacing(/:([a-z]+)/) { "{\($0.output.1)}" })" })
        let described = try await site.live { client in
            let driver = try await APIDriver(client)
            return Set(driver.operations.values.map { "\($0.method.rawValue) \($0.path)" })
        }
        #expect(served == described)
        #expect(described.count > 40)
        try site.remove()
    }

    private func driveProjects(_ driver: APIDriver, _ lead: String, _ site: LeadSite) async throws {
        let me = try await driver.call("getMe", token: site.annotatorToken)
        #expect(me["role"] == "annotator")
        let made = try await driver.call(
            "createProject", token: lead,
            json: ["name": "Pairs", "settings": ["mode": "comparison", "overlap": 2, "instructions": "Be fair."]],
            expecting: .created)
        #expect(made["settings"]?["response_count"] == ["smallest": 2, "largest": 2])
        let id = try #require(made["id"]?.integerValue)
        let changed = try await driver.call(
            "updateProject", token: lead, path: ["project": "\(id)"],
            json: [
                "settings": [
                    "mode": "ranking", "mix": [["policy": ["kind": "reference"], "temperature": 0.5, "weight": 2]],
                ]
            ])
        #expect(changed["settings"]?["mode"] == "ranking")
        #expect(changed["settings"]?["overlap"] == 2, "what is not given stays")
        #expect(changed["settings"]?["response_count"]?["smallest"] == 4)
        let paused = try await driver.call(
            "updateProject", token: lead, path: ["project": "\(id)"], json: ["paused": true, "name": "Two"])
        #expect(paused["paused"] == true)
        let read = try await driver.call("getProject", token: lead, path: ["project": "\(id)"])
        #expect(read == paused)
        let all = try await driver.call("listProjects", token: lead)
        #expect(all.arrayValue?.count == 2)
        let mine = try await driver.call("listMyProjects", token: site.annotatorToken)
        #expect(mine.arrayValue?.count == 2)
    }

    private func drivePrompts(_ driver: APIDriver, _ lead: String, _ project: [String: String]) async throws {
        let report = try await driver.call(
            "importPrompts", token: lead, path: project, query: ["use": "ppo", "format": "text"],
            text: "Name a bird.\nName a fish.\n")
        #expect(report["added"] == 2)
        try await driver.call(
            "importPrompts", token: lead, path: project, query: ["use": "ppo", "format": "messages"],
            text: #"{"messages": [{"role": "user", "content": "Hello"}]}"#)
        let first = try await driver.call(
            "listPrompts", token: lead, path: project, query: ["use": "ppo", "limit": "2"])
        #expect(first["counts"]?["ppo"] == 3)
        let next = try #require(first["next_after"]?.integerValue)
        let rest = try await driver.call(
            "listPrompts", token: lead, path: project, query: ["use": "ppo", "after": "\(next)"])
        #expect(rest["prompts"]?.arrayValue?.count == 1)
        #expect(rest["next_after"] == .null)
        let groups = try await driver.call(
            "importGroups", token: lead, path: project,
            text: #"{"prompt": "Ready-made", "responses": ["one", "two", "three", "four"]}"#)
        #expect(groups["added"] == 1)
        let set = #"[{"instruction": "Name a tree.", "output": "An oak."}]"#
        let instructions = try await driver.call(
            "importInstructions", token: lead, path: project, query: ["name": "trees.json"], text: set)
        #expect(instructions["added"] == 1)
        let listed = try await driver.call("listInstructionSets", token: lead, path: project)
        #expect(listed.arrayValue?.map { $0["name"] } == ["trees.json"])
        let id = try #require(listed.arrayValue?.first?["id"]?.integerValue)
        let path = project.merging(["set": "\(id)"]) { $1 }
        let retired = try await driver.call("retireInstructionSet", token: lead, path: path)
        #expect(retired["retired_at"] != .null)
        #expect(try await driver.call("restoreInstructionSet", token: lead, path: path)["retired_at"] == .null)
        try await driver.call(
            "retireInstructionSet", token: lead, path: project.merging(["set": "999"]) { $1 }, expecting: .notFound)
    }

    private func drivePromptStates(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let lead = site.leadToken
        let listed = try await driver.call("listPrompts", token: lead, path: project, query: ["use": "ppo"])
        let id = try #require(listed["prompts"]?.arrayValue?.first?["id"]?.integerValue)
        let path = project.merging(["prompt": "\(id)"]) { $1 }
        let prompt = PromptID(rawValue: Int64(id))
        try await site.store.noteRefusal(of: prompt, by: site.policy.id, reason: "256 tokens at most")
        func ids(_ state: String) async throws -> [Int]? {
            try await driver.call("listPrompts", token: lead, path: project, query: ["state": state])["prompts"]?
                .arrayValue?.compactMap { $0["id"]?.integerValue }
        }
        #expect(try await ids("unanswerable") == [id])
        #expect(
            try await driver.call("getSampling", token: lead, path: project)["unanswerable_prompts"] == 1)
        let retired = try await driver.call("retirePrompt", token: lead, path: path)
        #expect(retired["retired_at"] != .null)
        #expect(retired["unanswerable"]?.arrayValue?.first?["reason"] == "256 tokens at most")
        #expect(try await ids("retired") == [id])
        let counts = try await driver.call("listPrompts", token: lead, path: project)["counts"]
        #expect(counts?["ppo"] == 2)
        #expect(try await driver.call("restorePrompt", token: lead, path: path)["retired_at"] == .null)
        for isAboutSafety in [true, false] {
            let tagged = try await driver.call(
                "setPromptAboutSafety", token: lead, path: path, json: ["about_safety": .bool(isAboutSafety)])
            #expect(tagged["about_safety"]?.boolValue == isAboutSafety)
        }
        try await driver.call(
            "retirePrompt", token: lead, path: project.merging(["prompt": "999"]) { $1 }, expecting: .notFound)
        try await site.store.forgetRefusals(in: site.project.id)
    }

    private func driveAnnotation(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let token = site.annotatorToken
        let next = try await driver.call("nextTask", token: token, path: project, json: [:])
        let task = try #require(next["task"])
        let lease = ["lease": try #require(task["lease"]?.stringValue)]
        let ids = task["responses"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        let rows = JSONValue.array(ids.map { .array([.string($0)]) })
        try await driver.call("renewLease", token: token, path: lease)
        try await driver.call(
            "saveDraft", token: token, path: lease,
            json: ["draft": ["best": .string(ids[0])], "version": 1], expecting: .noContent)
        let again = try await driver.call("getTask", token: token, path: lease)
        #expect(again["responses"] == task["responses"], "the same order and ids on reload")
        #expect(again["draft"]?["draft"]?["best"] == .string(ids[0]) && again["draft"]?["version"] == 1)
        let answer: JSONValue = [
            "ranking": ["rows": rows, "unacceptable": [.string(ids[3])]],
            "timing": [
                "active_ms": 5200, "operations": 4,
                "effort": ["responses": [ids[0]: ["dwell_ms": 900, "expanded_ms": 0]], "used": ["raw": 1]],
            ],
        ]
        let submission = try await driver.call("submit", token: token, path: lease, json: answer)
        #expect(submission["kept"] == "counted")
        let repeated = try await driver.call("submit", token: token, path: lease, json: answer)
        #expect(repeated["repeated"] == true)
        let past = try await driver.call("listMySubmissions", token: token, path: project)
        #expect(past.arrayValue?.count == 1)
        let back = try await driver.call("undoLast", token: token, path: project)
        #expect(back["former_answer"]?["kind"] == "ranking" && back["draft"] == .null)
        let ranked = try await resubmit(driver, token, back)
        let id = ["submission": "\(try #require(ranked["submission"]?.integerValue))"]
        let second = try await driver.call("undo", token: token, path: id)
        try await resubmit(driver, token, second)

        let skipped = try await driver.call("nextTask", token: token, path: project, json: [:])
        try await driver.call(
            "skip", token: token, path: ["lease": try #require(skipped["task"]?["lease"]?.stringValue)],
            json: ["reason": "expertise", "note": "about foxes"], expecting: .noContent)
        let left = try await driver.call("nextTask", token: token, path: project, json: [:])
        try await driver.call(
            "releaseLease", token: token, path: ["lease": try #require(left["task"]?["lease"]?.stringValue)],
            expecting: .noContent)
    }

    /// A written answer, over the API alone.
    private func driveFeedback(_ driver: APIDriver, _ site: LeadSite) async throws {
        let made = try await driver.call(
            "createProject", token: site.leadToken,
            json: [
                "name": "Writing",
                "settings": ["feedback": ["shares": ["demonstration": 100], "prompt_styles": ["few_shot"]]],
            ], expecting: .created)
        #expect(made["settings"]?["feedback"]?["shares"]?["demonstration"] == 100)
        let project = ["project": "\(try #require(made["id"]?.integerValue))"]
        try await driver.call(
            "importPrompts", token: site.leadToken, path: project, query: ["use": "supervised", "format": "text"],
            text: "Name a tree.\n")
        let id = ProjectID(rawValue: Int64(try #require(made["id"]?.integerValue)))
        for (mode, feedback) in [
            (TaskMode.demonstration, ["kind": "demonstration", "text": "An oak."] as JSONValue),
            (
                .prompt,
                [
                    "kind": "prompt",
                    "prompt": [
                        "style": "few_shot", "instruction": "Sort", "examples": [["input": "b a", "output": "a b"]],
                        "input": "d c",
                    ],
                ]
            ),
        ] {
            try await site.store.addWritingTasks(id, mode: mode, count: 1)
            let next = try await driver.call("nextTask", token: site.annotatorToken, path: project, json: [:])
            #expect(next["task"]?["mode"]?.stringValue == mode.rawValue)
            let lease = ["lease": try #require(next["task"]?["lease"]?.stringValue)]
            let kept = try await driver.call(
                "submit", token: site.annotatorToken, path: lease, json: ["feedback": feedback])
            #expect(kept["kept"] == "counted")
            let back = try await driver.call(
                "undo", token: site.annotatorToken,
                path: ["submission": "\(try #require(kept["submission"]?.integerValue))"])
            #expect(back["former"]?["kind"] == feedback["kind"])
            try await driver.call(
                "submit", token: site.annotatorToken, path: ["lease": try #require(back["lease"]?.stringValue)],
                json: ["feedback": feedback])
        }
        let native = try await driver.call(
            "exportLabels", token: site.leadToken, path: project, query: ["format": "demonstrations"])
        #expect(native.stringValue?.contains(#""response":"An oak.""#) == true)
    }

    /// A run on what was written.
    private func driveTuning(_ driver: APIDriver, _ site: LeadSite) async throws {
        let writing = try #require(try await site.store.project(named: "Writing"))
        let tuning = try await driver.call(
            "startSupervisedRun", token: site.leadToken, path: ["project": writing.id.description],
            json: ["settings": ["epochs": 3]], expecting: .accepted)
        #expect(tuning["record"]?["kind"] == "supervised")
        #expect(await site.operations.supervisedRequests.first?.settings == ["epochs": "3"])
    }

    private func driveConversation(_ driver: APIDriver, _ site: LeadSite) async throws {
        let made = try await driver.call(
            "createProject", token: site.leadToken,
            json: [
                "name": "Talking", "settings": ["mode": "comparison", "feedback": ["shares": ["conversation": 100]]],
            ],
            expecting: .created)
        let id = ProjectID(rawValue: Int64(try #require(made["id"]?.integerValue)))
        let project = ["project": id.description]
        _ = try await site.store.makeCurrent(site.policy.id, in: id, by: .system)
        let none = try await driver.call("getConversation", token: site.annotatorToken, path: project)
        #expect(none["step"] == "write" && none["turns"] == 0)
        await site.operations.setConversation(problem: "Not now.")
        let failed = try await driver.call(
            "writeInConversation", token: site.annotatorToken, path: project, json: ["text": "Name a bird."],
            expecting: .accepted)
        #expect(failed["step"] == "failed" && failed["problem"] == "Not now.")
        await site.operations.setConversation()
        let answered = try await driver.call(
            "retryConversation", token: site.annotatorToken, path: project, expecting: .accepted)
        #expect(answered["step"] == "compare")
        #expect(answered["task"]?["responses"]?.arrayValue?.count == 2)
        try await driver.call(
            "finishConversation", token: site.annotatorToken, path: project, expecting: .noContent)
    }

    @discardableResult
    private func resubmit(_ driver: APIDriver, _ token: String, _ task: JSONValue) async throws -> JSONValue {
        let ids = task["responses"]?.arrayValue?.compactMap { $0["id"] } ?? []
        return try await driver.call(
            "submit", token: token, path: ["lease": try #require(task["lease"]?.stringValue)],
            json: ["ranking": ["rows": .array([.array(Array(ids.prefix(2))), .array(Array(ids.dropFirst(2)))])]])
    }

    private func driveFigures(_ driver: APIDriver, _ lead: String, _ project: [String: String]) async throws {
        let progress = try await driver.call("getProgress", token: lead, path: project)
        #expect(progress["labels"]?["counted"] == 1)
        #expect(progress["labels"]?["with_ties"] == 1)
        #expect(progress["skip_reasons"]?["expertise"] == 1)
        let quality = try await driver.call("getQuality", token: lead, path: project)
        #expect(quality["agreement"]?["rate"] == .null)
        #expect(quality["agreement"]?["undefined_because"]?.stringValue?.contains("overlap") == true)
        let labels = try await driver.call("listLabels", token: lead, path: project, query: ["limit": "5"])
        #expect(labels.arrayValue?.isEmpty == false)
        try await driver.call("getSampling", token: lead, path: project)
        try await driver.call("requestSampling", token: lead, path: project, expecting: .accepted)
        try await driver.call("getServer", token: lead)
        let snapshot = try await driver.call("takeSnapshot", token: lead, path: project, json: [:], expecting: .created)
        #expect(snapshot["labels"] == 1)
        let snapshots = try await driver.call("listSnapshots", token: lead, path: project)
        #expect(snapshots.arrayValue == [snapshot])
        let native = try await driver.call("exportLabels", token: lead, path: project, query: ["format": "native"])
        #expect(native.stringValue?.split(separator: "\n").count == 1)
        let summary = try await driver.call(
            "summariseExport", token: lead, path: project, query: ["format": "trl", "margin": "large"])
        #expect(summary["tied_pairs_dropped"] == 2)
        #expect(summary["lines"] == 4)
        let imported = try await driver.call(
            "importLabels", token: lead, path: project, text: native.stringValue ?? "")
        #expect(imported["already_there"] == 1)
    }

    private func driveRuns(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let lead = site.leadToken
        let started = try await driver.call(
            "startRewardModelRun", token: lead, path: project,
            json: ["settings": ["learning_rate": 0.001, "steps": 100], "seed": 5], expecting: .accepted)
        let id = try #require(started["record"]?["id"]?.integerValue)
        let run = ["run": "\(id)"]
        #expect(await site.operations.requests.first?.settings == ["learning_rate": "0.001", "steps": "100"])
        try await site.operations.report(["step": 1, "loss": 0.7, "phase": "train"], of: RunID(rawValue: Int64(id)))
        let metrics = try await driver.call("listMetrics", token: lead, path: run)
        #expect(metrics.arrayValue?.first?["values"]?["loss"] == 0.7)
        await site.operations.sample(
            RunSample(step: 0, promptID: "3", prompt: "Name a bird.", response: "A wren.", score: 0.5, phase: "probe"),
            of: RunID(rawValue: Int64(id)))
        let samples = try await driver.call("listRunSamples", token: lead, path: run)
        #expect(samples.arrayValue?.first?["response"] == "A wren." && samples.arrayValue?.first?["kl"] == .null)
        try await driver.call("getLog", token: lead, path: run, query: ["limit": "1"])
        let stopping = try await driver.call("cancelRun", token: lead, path: run, expecting: .accepted)
        #expect(stopping["status"]?["is_stopping"] == true)
        try await site.operations.end(RunID(rawValue: Int64(id)), .stopped, message: "Stopped by a lead.")
        try await driver.call("resumeRun", token: lead, path: run, expecting: .accepted)
        let read = try await driver.call("getRun", token: lead, path: run)
        #expect(read["status"]?["attempt"] == 2)
        try await driver.call("startPolicyRefresh", token: lead, path: project, json: [:], expecting: .accepted)
        let tuning = try await driver.call(
            "startPreferenceTuning", token: lead, path: project, json: ["settings": ["method": "ipo"]],
            expecting: .accepted)
        #expect(tuning["record"]?["kind"] == "preference-tuning")
        #expect(await site.operations.preferenceRequests.first?.settings == ["method": "ipo"])
        let runs = try await driver.call("listRuns", token: lead, path: project)
        #expect(runs.arrayValue?.count == 3)
        _ = try await site.store.importResult(
            RunID(rawValue: Int64(id)), attempt: 2,
            .rewardModel(
                NewRewardModel(
                    name: "rm-1", path: "reward-models/rm-1", sha256: String(repeating: "a", count: 64), parents: [],
                    metrics: ["accuracy": 0.75], bytes: 10)))
        let models = try await driver.call("listRewardModels", token: lead, path: project)
        #expect(models.arrayValue?.first?["metrics"]?["accuracy"] == 0.75)
        let model = try #require(models.arrayValue?.first?["id"]?.integerValue)
        await site.operations.leave(
            RewardCardFiles(card: RewardCardPageTests.card, json: #"{"counts":{"training_labels":90}}"#, text: ""),
            for: RewardModelID(rawValue: Int64(model)))
        let card = try await driver.call("getRewardModelCard", token: lead, path: ["model": "\(model)"])
        #expect(card["counts"]?["training_labels"] == 90)
    }

    private func drivePolicies(_ driver: APIDriver, _ site: LeadSite, _ project: [String: String]) async throws {
        let lead = site.leadToken
        let newer = try await site.store.addPolicy(
            NewPolicy(
                name: "refreshed-1", kind: .refreshed, path: "policies/refreshed-1",
                sha256: String(repeating: "b", count: 64),
                parents: [.policy(site.policy.id, role: "current")]), by: .system)
        var path = project
        path["policy"] = newer.id.description
        let withdrawn = try await driver.call("makePolicyCurrent", token: lead, path: path)
        #expect((withdrawn["withdrawn"]?.integerValue ?? 0) > 0)
        try await driver.call("makePolicyReference", token: lead, path: path, expecting: .noContent)
        let policies = try await driver.call("listPolicies", token: lead, path: project)
        let current = policies.arrayValue?.first { $0["is_current"] == true }
        #expect(current?["name"] == "refreshed-1")
        let folders = try await driver.call("listPolicyFolders", token: lead)
        #expect(folders == ["a-model"])
        let body: JSONValue = ["name": "a-model", "kind": "base"]
        let added = try await driver.call("addPolicy", token: lead, json: body, expecting: .created)
        #expect(added["name"] == "a-model")
        let wrong: JSONValue = ["name": "b", "server": "http://127.0.0.1:1", "kind": "base"]
        try await driver.call("addPolicy", token: lead, json: wrong, expecting: .unprocessableContent)
        let history = try await driver.call("listCurrentPolicies", token: lead, path: project)
        #expect(history.arrayValue?.count == 2)
    }

    private func drivePeople(_ driver: APIDriver, _ site: LeadSite) async throws {
        let lead = site.leadToken
        let people = try await driver.call("listUsers", token: lead)
        #expect(people.arrayValue?.count == 2)
        let invite = try await driver.call(
            "createInvite", token: lead, json: ["role": "annotator"], expecting: .created)
        #expect(invite["address"]?.stringValue?.contains("/welcome/") == true)
        try await driver.call(
            "createSignInLink", token: lead, path: ["user": site.annotator.id.description], json: ["days": 1],
            expecting: .created)
        let token = try await driver.call(
            "createToken", token: lead,
            json: ["label": "script", "role": "annotator", "user": .integer(Int(site.annotator.id.rawValue))],
            expecting: .created)
        let secret = try #require(token["secret"]?.stringValue)
        try await driver.call("getMe", token: secret)
        let listed = try await driver.call("listTokens", token: lead)
        #expect(listed.arrayValue?.count == 3)
        try await driver.call(
            "revokeToken", token: lead, path: ["token": "\(try #require(token["id"]?.integerValue))"],
            expecting: .noContent)
        try await driver.call("getMe", token: secret, expecting: .unauthorized)
        let changed = try await driver.call(
            "updateUser", token: lead, path: ["user": site.annotator.id.description], json: ["active": false])
        #expect(changed["active"] == false)
        let audit = try await driver.call("listAudit", token: lead, query: ["limit": "3"])
        #expect(audit.arrayValue?.count == 3)
    }
}
