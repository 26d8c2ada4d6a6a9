import AnnotationServer
import Foundation
import JSON
import Labels
import Testing

@Suite struct NewestPolicyTests {
    @Test func aRewardModelsRunNamesTheCurrentPolicy() async throws {
        let test = try await TestData()
        let project = try await test.store.project(test.project)
        #expect(try await RunSettings.newestPolicy(of: project, in: test.store) == ["newest_policy": "sft"])
    }

    /// A name that reads as a number stays a name.
    @Test func anyNameIsAText() async throws {
        let test = try await TestData()
        let policy = try await test.store.addPolicy(
            NewPolicy(name: "7", kind: .supervised, path: "policies/7"), by: .system
        ).id
        try await test.store.makeCurrent(policy, in: test.project, by: .system)
        let settings = try await RunSettings.newestPolicy(
            of: try await test.store.project(test.project), in: test.store)
        try RunSettings.check(settings, of: "reward-model")
        let read = try JSONValue(json: Data(try #require(settings["newest_policy"]).utf8))
        #expect(read == "7")
    }
}
