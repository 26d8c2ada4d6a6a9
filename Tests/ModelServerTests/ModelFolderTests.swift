import Foundation
import LanguageModel
import ModelServer
import Testing

@Suite struct ModelFolderTests {
    @Test func modelsAreListedWithWhatClientsNeed() async throws {
        try await TestServer(policies: ["a": 1, "b": 2]).run { server in
            let list = try await server.get("/v1/models")
            let models = try #require(list.json["data"] as? [[String: Any]])
            #expect(models.compactMap { $0["id"] as? String } == ["a", "b"])
            #expect(models.allSatisfy { $0["conversational"] as? Bool == true })
            #expect(models.allSatisfy { $0["max_model_len"] as? Int == TestServer.contextLength })
            #expect(models.allSatisfy { $0["loaded"] as? Bool == false })
            #expect(try await server.completions(["model": "b"]).status == 200)
            #expect(try await server.get("/v1/models/b").json["loaded"] as? Bool == true)
            let health = try await server.get("/health")
            #expect(health.status == 200)
            #expect(health.json["loaded"] as? [String] == ["b"])
        }
    }

    @Test func aFolderThatAppearsLaterIsServedAndAnIncompleteOneIsNot() async throws {
        let test = try TestServer()
        let folder = test.folder
        try await test.run { server in
            #expect(try await server.completions(["model": "late"]).status == 404)
            try TestServer.addPolicy("late", seed: 3, to: folder)
            #expect(try await server.completions(["model": "late"]).status == 200)
            let half = folder.appendingPathComponent("half")
            try FileManager.default.createDirectory(at: half, withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: half.appendingPathComponent("config.json"))
            #expect(try await server.completions(["model": "half"]).status == 404)
        }
    }

    @Test func weightsThatChangeOnDiskAreLoadedAnewAndNeverMixed() async throws {
        let test = try TestServer()
        let folder = test.folder
        try await test.run { server in
            let before = try await server.completions(["n": 4])
            try TestServer.addPolicy("other", seed: 9, to: folder)
            let expected = try await server.completions(["n": 4, "model": "other"])
            #expect(expected.tokenIDs() != before.tokenIDs())
            try TestServer.addPolicy("small", seed: 9, to: folder)
            #expect(try await server.completions(["n": 4]).tokenIDs() == expected.tokenIDs())
        }
    }

    @Test func onlyTheModelsUsedLastStayInMemory() async throws {
        try await TestServer(policies: ["a": 1, "b": 2, "c": 3]) { $0.loadedModels = 2 }.run { server in
            for name in ["a", "b", "a", "c"] { _ = try await server.completions(["model": name]) }
            let health = try await server.get("/health")
            #expect(health.json["loaded"] as? [String] == ["a", "c"])
        }
    }

    @Test func aFolderMayHaveANameOfItsOwn() async throws {
        let elsewhere = FileManager.default.temporaryDirectory.appendingPathComponent("named-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: elsewhere) }
        try TestServer.addPolicy("x", seed: 5, to: elsewhere)
        try await TestServer { $0.policies = ["mine": elsewhere.appendingPathComponent("x")] }.run { server in
            let answer = try await server.completions(["model": "mine"])
            #expect(answer.status == 200)
        }
    }

    @Test func aDamagedFolderIsAnErrorThatSaysWhat() async throws {
        let test = try TestServer()
        let file = test.folder.appendingPathComponent("small/model.safetensors")
        try Data(try Data(contentsOf: file).prefix(100)).write(to: file)
        try await test.run { server in
            let answer = try await server.completions([:])
            #expect(answer.status == 400)
            #expect(answer.error["code"] as? String == "model_unusable")
            #expect(answer.message.contains("model.safetensors"), "\(answer.message)")
        }
    }
}
