import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import NIOCore
import Testing
import Web

/// Changes of a project's settings through the API.
@Suite struct ProjectAPITests {
    @Test func changesOfDifferentSettingsAtOnceAreAllKept() async throws {
        let site = try await LeadSite()
        let address = "\(Path.api)/projects/\(site.project.id)"
        let wanted: [String: JSONValue] = [
            "overlap": 3, "tasks_ahead": 7, "max_tokens": 99, "top_k": 5, "skips_to_review": 9,
            "open_leases_per_person": 6, "lease_seconds": 77, "stop": ["END"], "instructions": "Be fair.", "tie": true,
        ]
        let application = Application(router: try site.router())
        try await application.test(.router) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, value) in wanted {
                    group.addTask {
                        let change: JSONValue = ["settings": .object([name: value])]
                        let answer = try await client.execute(
                            uri: address, method: .patch,
                            headers: [
                                .authorization: "Bearer \(site.leadToken)", .contentType: "application/json",
                            ], body: ByteBuffer(string: try change.json()))
                        #expect(answer.status == .ok, "\(name)")
                    }
                }
                try await group.waitForAll()
            }
        }
        let stored = try JSONValue(encoding: try await site.store.project(site.project.id).settings)
        for (name, value) in wanted { #expect(stored[name] == value, "\(name)") }
        try site.remove()
    }

    @Test func theDocumentHasTheBoundsOfTheSettings() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            let driver = try await APIDriver(client)
            let path = ["project": site.project.id.description]
            let bounds: [(name: String, taken: [JSONValue], refused: [JSONValue])] = [
                ("lease_seconds", [30, 86_400], [29, 86_401]), ("held_out_share", [0, 0.5], [-0.1, 0.6]),
            ]
            for (name, taken, refused) in bounds {
                for schema in ["ProjectSettings", "ProjectSettingsChange"] {
                    let setting = driver.document["components"]?["schemas"]?[schema]?["properties"]?[name]
                    #expect(setting?["minimum"] == taken.first, "\(schema).\(name)")
                    #expect(setting?["maximum"] == taken.last, "\(schema).\(name)")
                }
                for value in taken {
                    try await driver.call(
                        "updateProject", token: site.leadToken, path: path,
                        json: ["settings": .object([name: value])])
                }
                for value in refused {
                    let answer = try await driver.call(
                        "updateProject", token: site.leadToken, path: path,
                        json: ["settings": .object([name: value])], expecting: .unprocessableContent)
                    #expect(answer["error"]?["field"] == .string("settings.\(name)"))
                }
            }
        }
        try site.remove()
    }
}
