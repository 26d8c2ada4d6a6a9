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

/// What the API refuses, and that the words help.
@Suite struct APIRefusalTests {
    @Test func onlyLeadsReachWhatIsForLeadsAndNobodyWithoutAToken() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            let driver = try await APIDriver(client)
            for operation in driver.operations.values where operation.role != "anyone" {
                let path = ["project": site.project.id.description]
                let none = try await driver.raw(operation.id, token: nil, path: path)
                #expect(none.status == .unauthorized, "\(operation.id)")
                #expect(none.headers[.wwwAuthenticate] == "Bearer")
                if operation.role == "lead" {
                    let annotator = try await driver.raw(operation.id, token: site.annotatorToken, path: path)
                    #expect(annotator.status == .forbidden, "\(operation.id)")
                }
            }
            try await driver.call("listUsers", token: "plumb_wrong", expecting: .unauthorized)
        }
        try site.remove()
    }

    @Test func anErrorNamesTheFieldThatIsWrong() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            let driver = try await APIDriver(client)
            func refusal(_ json: JSONValue) async throws -> JSONValue? {
                try await driver.call(
                    "createProject", token: site.leadToken, json: json, expecting: .unprocessableContent)["error"]
            }
            #expect(try await refusal(["settings": [:]])?["field"] == "name")
            #expect(try await refusal(["name": 3])?["field"] == "name")
            #expect(try await refusal(["name": "x", "colour": "red"])?["field"] == "colour")
            #expect(try await refusal(["name": "x", "settings": ["overlap": 0]])?["field"] == "settings.overlap")
            #expect(try await refusal(["name": "x", "settings": ["mode": "vote"]])?["field"] == "settings.mode")
            let tooMany = try await refusal(
                ["name": "x", "settings": ["response_count": ["smallest": 4, "largest": 40]]])
            #expect(tooMany?["field"] == "response_count")
            #expect(tooMany?["message"]?.stringValue?.contains("4 to 9") == true)
            let taken = try await driver.call(
                "createProject", token: site.leadToken, json: ["name": .string(site.project.name)],
                expecting: .conflict)
            #expect(taken["error"]?["message"]?.stringValue?.contains(site.project.name) == true)
        }
        try site.remove()
    }

    @Test func brokenJSONUnknownIdsAndUnknownAddressesAreSaidInJSON() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            let driver = try await APIDriver(client)
            let broken = try await client.execute(
                uri: Path.api + "/projects", method: .post, headers: [.authorization: "Bearer \(site.leadToken)"],
                body: .init(string: "{\"name\": "))
            #expect(broken.status == .badRequest)
            for id in ["999", "abc", "-1"] {
                let answer = try await driver.call(
                    "getProject", token: site.leadToken, path: ["project": id], expecting: .notFound)
                #expect(answer["error"]?["message"]?.stringValue?.contains(id) == true)
            }
            for (method, path) in [(HTTPRequest.Method.get, "/nonsense"), (.delete, "/projects/1"), (.post, "/me")] {
                let answer = try await client.execute(uri: Path.api + path, method: method)
                #expect([404, 405].contains(answer.status.code))
                let body = try JSONValue(json: Data(answer.body.readableBytesView))
                let schema = try #require(driver.document["components"]?["schemas"]?["Error"])
                #expect(SchemaValidator(document: driver.document).problems(body, schema).isEmpty, "\(method) \(path)")
            }
        }
        try site.remove()
    }

    @Test func theLargestWholeNumberIsRefusedInWords() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let days = try await driver.call(
                "createInvite", token: site.leadToken, json: ["role": "annotator", "days": .integer(.max)],
                expecting: .unprocessableContent)
            #expect(days["error"]?["field"] == "days")
            #expect(
                days["error"]?["message"]
                    == "The field “days” is 9223372036854775807, but must be at most 90.")
            let next = try await driver.call(
                "nextTask", token: site.annotatorToken, path: ["project": site.project.id.description], json: [:])
            let lease = try #require(next["task"]?["lease"]?.stringValue)
            let rows = next["task"]?["responses"]?.arrayValue?.compactMap { $0["id"].map { [$0] } } ?? []
            for field in ["active_ms", "first_action_ms", "operations"] {
                let answer = try await driver.call(
                    "submit", token: site.annotatorToken, path: ["lease": lease],
                    json: [
                        "ranking": ["rows": .array(rows.map { .array($0) })],
                        "timing": .object([field: .integer(86_400_001)]),
                    ], expecting: .unprocessableContent)
                #expect(answer["error"]?["field"]?.stringValue == "timing.\(field)")
            }
        }
        try site.remove()
    }

    @Test func aFaultOfTheDatabaseIsLoggedAndItsWordsAreNotTold() async throws {
        let site = try await LeadSite()
        let log = LogBook()
        var logger = Logger(label: "web tests") { _ in LogBook.Handler(book: log) }
        logger.logLevel = .error
        let application = Application(router: try site.router(), logger: logger)
        try await application.test(.router) { client in
            let driver = try await APIDriver(client)
            try site.store.close()
            let answer = try await driver.call("listUsers", token: site.leadToken, expecting: .internalServerError)
            let message = try #require(answer["error"]?["message"]?.stringValue)
            #expect(message.hasPrefix("Nothing that was confirmed before is lost."))
            #expect(!message.contains("database"))
        }
        let line = try #require(log.lines.first)
        #expect(line.contains("/api/v1/users") && line.contains("database"))
        try FileManager.default.removeItem(at: site.folder)
    }

    @Test func aWrongLineOfAnImportIsNumberedAndNothingIsStored() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            let driver = try await APIDriver(client)
            let answer = try await driver.call(
                "importPrompts", token: site.leadToken, path: ["project": site.project.id.description],
                query: ["use": "ranking", "format": "jsonl", "name": "foxes.jsonl"],
                text: "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n{\"prompt\": }\n",
                expecting: .unprocessableContent)
            #expect(answer["error"]?["line"] == 3)
            #expect(answer["error"]?["message"]?.stringValue?.contains("foxes.jsonl, line 3") == true)
            #expect(try await site.store.promptCounts(site.project.id)[.ranking, default: 0] == 0)
        }
        try site.remove()
    }

    @Test func anAnswerForAnnotatorsHoldsNothingOfItsSource() async throws {
        let site = try await LeadSite()
        try await site.addTasks(3)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let project = ["project": site.project.id.description]
            var seen: Set<String> = []
            for _ in 0..<3 {
                let response = try await driver.raw("nextTask", token: site.annotatorToken, path: project)
                let text = String(buffer: response.body)
                for secret in ["supervised", "temperature", "0.8125", "\"seed\"", "\"policy", "task_id", "probability"]
                {
                    #expect(!text.contains(secret), "\(secret) in \(text)")
                }
                let task = try #require(try JSONValue(json: Data(text.utf8))["task"])
                for response in task["responses"]?.arrayValue ?? [] {
                    let id = try #require(response["id"]?.stringValue)
                    #expect(id.count >= 8 && Int(id) == nil, "an id that tells no order")
                    #expect(seen.insert(id).inserted, "an id of this lease alone")
                }
                try await driver.call(
                    "skip", token: site.annotatorToken, path: ["lease": try #require(task["lease"]?.stringValue)],
                    json: [:], expecting: .noContent)
            }
            let mine = try await driver.raw("listMyProjects", token: site.annotatorToken)
            #expect(!String(buffer: mine.body).contains("mix"))
        }
        try site.remove()
    }

    @Test func aForeignLeaseASecondAnswerAndARankingWithAMissingResponseAreRefused() async throws {
        let site = try await LeadSite()
        try await site.addTasks(2)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let next = try await driver.call(
                "nextTask", token: site.annotatorToken, path: ["project": site.project.id.description], json: [:])
            let lease = ["lease": try #require(next["task"]?["lease"]?.stringValue)]
            let ids = next["task"]?["responses"]?.arrayValue?.compactMap { $0["id"] } ?? []
            func answer(_ rows: [[JSONValue]]) -> JSONValue {
                ["ranking": ["rows": .array(rows.map { .array($0) })]]
            }
            let whole = answer(ids.map { [$0] })
            try await driver.call("submit", token: site.leadToken, path: lease, json: whole, expecting: .forbidden)
            try await driver.call(
                "submit", token: site.annotatorToken, path: lease, json: answer([[ids[0]]]),
                expecting: .unprocessableContent)
            try await driver.call(
                "submit", token: site.annotatorToken, path: lease, json: answer([ids, [ids[0]]]),
                expecting: .unprocessableContent)
            try await driver.call(
                "submit", token: site.annotatorToken, path: lease, json: [:], expecting: .unprocessableContent)
            try await driver.call("submit", token: site.annotatorToken, path: lease, json: whole)
            try await driver.call(
                "submit", token: site.annotatorToken, path: lease, json: answer([ids]), expecting: .conflict)
        }
        try site.remove()
    }

    @Test func whatAnOperationRefusesIsSaidInItsWords() async throws {
        let site = try await LeadSite()
        await site.operations.refuse(
            with: OperationError(.invalid, "The learning rate must be above 0.", field: "learning_rate"))
        try await site.live { client in
            let driver = try await APIDriver(client)
            let answer = try await driver.call(
                "startPolicyRefresh", token: site.leadToken, path: ["project": site.project.id.description],
                json: ["settings": ["learning_rate": -1]], expecting: .unprocessableContent)
            #expect(answer["error"]?["message"] == "The learning rate must be above 0.")
            #expect(answer["error"]?["field"] == "learning_rate")
        }
        await site.operations.refuse(with: nil)
        try await site.live { client in
            let driver = try await APIDriver(client)
            let answer = try await driver.call(
                "startRewardModelRun", token: site.leadToken, path: ["project": site.project.id.description],
                json: [:], expecting: .conflict)
            #expect(answer["error"]?["message"]?.stringValue?.contains("no labels yet") == true)
        }
        try site.remove()
    }
}
