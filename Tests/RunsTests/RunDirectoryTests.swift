import Foundation
import JSON
import Runs
import Testing

@Suite struct RunDirectoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func inputIsWrittenWithSortedKeysAndSums() throws {
        let run = try folder.run()
        let json = try text(run.inputURL.appending(path: "run.json"))
        let keys = ["kind", "parents", "seed", "settings", "version"]
        let places = keys.compactMap { json.firstRange(of: "\"\($0)\"")?.lowerBound }
        #expect(places.count == keys.count && places == places.sorted())
        let sums = try text(run.inputURL.appending(path: "SHA256SUMS"))
        let group = Digest.data(Data("{}\n".utf8))
        #expect(sums == "\(group)  groups.jsonl\n\(Digest.data(Data(json.utf8)))  run.json\n")
        try run.verifyInput()
        #expect(try run.specification().seed == 7)
    }

    @Test func inputFilesAreReadOnly() throws {
        let run = try folder.run()
        let path = try run.inputFile("groups.jsonl").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o444)
    }

    @Test func aRunIsNeverWrittenTwice() throws {
        let run = try folder.run()
        #expect(throws: RunError.alreadyExists(path: run.url.path)) { try folder.run() }
    }

    @Test func aFailedCreationLeavesNothing() throws {
        let url = folder.url.appending(path: "broken")
        #expect(throws: RunError.self) {
            try RunDirectory.create(
                at: url,
                specification: RunSpecification(kind: "x", seed: 1, parents: [], settings: .null, version: "1"),
                files: ["a": .copy(folder.url.appending(path: "absent"))])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test(arguments: ["run.json", "SHA256SUMS", "../x", ".hidden", ""])
    func namesThatWouldEscapeOrOverwriteAreRefused(name: String) throws {
        #expect(throws: RunError.badInputName(name)) {
            try RunDirectory.create(
                at: folder.url.appending(path: "r"),
                specification: RunSpecification(kind: "x", seed: 1, parents: [], settings: .null, version: "1"),
                files: [name: .data(Data())])
        }
    }

    @Test func piecesAndCopiesBecomeOneFileEach() throws {
        let source = folder.url.appending(path: "source")
        try Data("copied".utf8).write(to: source)
        let run = try RunDirectory.create(
            at: folder.url.appending(path: "r"),
            specification: RunSpecification(kind: "x", seed: 1, parents: [], settings: .null, version: "1"),
            files: ["a": .copy(source), "b": .pieces([Data("one\n".utf8), Data("two\n".utf8)])])
        #expect(try text(run.inputFile("a")) == "copied")
        #expect(try text(run.inputFile("b")) == "one\ntwo\n")
        try run.verifyInput()
    }

    @Test func verifyingNamesTheFileThatChangedIsMissingOrWasAdded() throws {
        let run = try folder.run()
        let file = try run.inputFile("groups.jsonl")
        let added = run.inputURL.appending(path: "more.txt")
        try Data("x".utf8).write(to: added)
        #expect(throws: RunError.inputNotListed(file: added.path)) { try run.verifyInput() }
        try FileManager.default.removeItem(at: added)
        try FileManager.default.removeItem(at: file)
        #expect(throws: RunError.inputMissing(file: file.path)) { try run.verifyInput() }
        try Data("[]\n".utf8).write(to: file)
        #expect(throws: RunError.inputChanged(file: file.path)) { try run.verifyInput() }
        #expect(RunError.inputChanged(file: file.path).description.contains("groups.jsonl"))
    }

    @Test func aParentIsCheckedAgainstItsHash() throws {
        let policy = folder.url.appending(path: "policy")
        try FileManager.default.createDirectory(at: policy, withIntermediateDirectories: true)
        try Data("w".utf8).write(to: policy.appending(path: "model"))
        let sha256 = try Digest.folder(policy)
        let run = try RunDirectory.create(
            at: folder.url.appending(path: "r"),
            specification: RunSpecification(
                kind: "x", seed: 1, parents: [RunParent(role: "base", path: "../policy", sha256: sha256)],
                settings: .null, version: "1"), files: [:])
        #expect(try run.parentURL(role: "base").resolvingSymlinksInPath().standardizedFileURL.path.hasSuffix("/policy"))
        #expect(throws: RunError.missingParent(role: "reference")) { try run.parentURL(role: "reference") }
        try Data("v".utf8).write(to: policy.appending(path: "model"))
        #expect {
            try run.parentURL(role: "base")
        } throws: { error in
            if case RunError.parentChanged("base", _, sha256, _) = error { true } else { false }
        }
    }

    @Test func badSettingsNameTheField() throws {
        struct Settings: Codable { var steps: Int }
        let good = RunSpecification(kind: "x", seed: 1, parents: [], settings: ["steps": 3], version: "1")
        #expect(try good.settings(as: Settings.self).steps == 3)
        let bad = RunSpecification(kind: "x", seed: 1, parents: [], settings: ["steps": "three"], version: "1")
        #expect {
            try bad.settings(as: Settings.self)
        } throws: { error in
            if case RunError.badSettings("steps", _) = error { true } else { false }
        }
        let missing = RunSpecification(kind: "x", seed: 1, parents: [], settings: [:], version: "1")
        #expect(throws: RunError.badSettings(field: "steps", reason: "is missing")) {
            try missing.settings(as: Settings.self)
        }
    }

    @Test func aDamagedSpecificationIsNamed() throws {
        let run = try folder.run()
        let file = run.inputURL.appending(path: "run.json")
        try FileManager.default.removeItem(at: file)
        try Data("{\"kind\": \"x\"}".utf8).write(to: file)
        #expect {
            try run.specification()
        } throws: { error in
            if case RunError.badJSON(file.path, let reason) = error { reason.contains("is missing") } else { false }
        }
    }

    @Test func seedsOfSixtyFourBitsSurvive() throws {
        let specification = RunSpecification(
            kind: "x", seed: .max, parents: [], settings: ["other": .unsigned(.max), "least": .integer(.min)],
            version: "1")
        let data = try JSONEncoder().encode(specification)
        #expect(try JSONDecoder().decode(RunSpecification.self, from: data) == specification)
    }

    @Test func numbersThatJSONCannotHoldBecomeNull() throws {
        let value: JSONValue = ["loss": .number(.nan), "rate": .number(.infinity), "kept": 0.25]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(
            String(decoding: try encoder.encode(value), as: UTF8.self) == #"{"kept":0.25,"loss":null,"rate":null}"#)
    }
}
