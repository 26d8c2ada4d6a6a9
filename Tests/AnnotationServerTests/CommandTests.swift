import AnnotationServer
import Foundation
import Labels
import LanguageModel
import Testing
import Web

@Suite struct CommandTests {
    private let projects = [(id: "1", name: "Demo"), (id: "2", name: "7"), (id: "3", name: "1")]

    @Test(
        arguments: [
            ("1", 0), ("2", 1), ("demo", 0), ("DEMO", 0), ("7", 1), ("3", 2), ("dem", nil), ("9", nil), ("+1", nil),
        ] as [(String, Int?)])
    func aProjectIsFoundByItsNumberElseByItsName(typed: String, place: Int?) {
        #expect(ProjectLookup.place(of: typed, in: projects) == place)
    }

    @Test(arguments: [
        ("reward-model", ["epochs": "many"], "epochs"), ("reward-model", ["epochs": "0"], "epochs"),
        ("reward-model", ["epoch": "1"], "epoch"), ("policy-refresh", ["clip_range": "-1"], "clip_range"),
        ("policy-refresh", ["iterations": "2.5"], "iterations"), ("policy-refresh", ["nonsense": "1"], "nonsense"),
    ])
    func aWrongSettingIsNamedBeforeARunIsMade(kind: String, settings: [String: String], field: String) {
        do {
            try RunSettings.check(settings, of: kind)
            Issue.record("no error")
        } catch let error as OperationError {
            #expect(error.reason == .invalid && error.field == field, "\(error.field ?? ""): \(error)")
            #expect(error.message.contains(field), "\(error)")
        } catch { Issue.record("\(error)") }
    }

    @Test func settingsThatAJobTakesAreTaken() throws {
        try RunSettings.check(["epochs": "2", "learning_rate": "1e-5"], of: "reward-model")
        try RunSettings.check(["iterations": "3", "maximum_tokens": "64"], of: "policy-refresh")
        try RunSettings.check([:], of: "policy-refresh")
    }

    @Test func whatIsAskedOfTheModelServerReachesItsProcess() {
        func command(_ options: ModelServerOptions) -> [String] {
            options.command(policies: URL(filePath: "/p"), announcement: URL(filePath: "/data/at"), parent: 7)
        }
        let plain = command(ModelServerOptions())
        #expect(
            plain == [
                "model-server", "--policies", "/p", "--port", "0", "--announce", "/data/at", "--parent", "7",
            ])
        #expect(command(ModelServerOptions(precision: .int8)) == plain + ["--precision", "int8"])
        #expect(
            command(ModelServerOptions(precision: .bfloat16, cacheMegabytes: 512))
                == plain + ["--precision", "bf16", "--cache", "512"])
    }

    /// People call their tokens as they like, also by the name of ours.
    @Test func aNewStartRevokesItsOwnTokenAlone() async throws {
        let test = try await TestData()
        let lead = try await test.store.addUser(name: "Lea", role: .lead, by: .system)
        let own = try await test.store.createAPIToken(for: lead.id, label: "command line", role: .lead, by: .system)
        func written() throws -> String {
            try String(contentsOf: test.data.url.appending(path: "command-line.token"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        try await CommandLineToken.renew(store: test.store, data: test.data, lead: lead)
        let first = try written()
        try await CommandLineToken.renew(store: test.store, data: test.data, lead: lead)
        #expect(try await test.store.apiToken(first) == nil)
        #expect(try await test.store.apiToken(try written())?.role == .lead)
        #expect(try await test.store.apiToken(own.secret)?.user.id == lead.id)
    }
}
