import AnnotationServer
import Foundation
import JSON
import Runs
import Testing

/// `plumb reproduce`: the same again, or what is not the same.
@Suite struct ReproductionTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "reproduce-\(UUID().uuidString)")

    /// A run that trains a small tokenizer, done.
    private func tokenizerRun(seed: UInt64 = 3) throws -> RunDirectory {
        let corpus = (0..<200).map { "The \($0) foxes ran over hill \($0 % 7) and home again." }.joined(separator: "\n")
        let run = try RunDirectory.create(
            at: folder.appending(path: "first"),
            specification: RunSpecification(
                kind: "tokenizer", seed: seed, parents: [], settings: ["vocabulary_size": 300], version: "0.1.0"),
            files: ["corpus.txt": .data(Data(corpus.utf8))])
        let exit = RunJob.execute(run, attempt: nil, stop: StopFlag())
        let failure = try run.failure(attempt: 1)?.message ?? ""
        #expect(exit == .done, "\(failure)")
        return run
    }

    private func repeated(_ reproduction: Reproduction) throws -> RunDirectory {
        let again = try reproduction.prepare(at: folder.appending(path: "again-\(UUID().uuidString)"))
        #expect(RunJob.execute(again, attempt: nil, stop: StopFlag()) == .done)
        return again
    }

    @Test func aRunGivesTheSameBytesAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let reproduction = Reproduction(original: try tokenizerRun())
        let verdict = try reproduction.compare(with: try repeated(reproduction))
        guard case .sameBytes(let files) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(files > 0 && verdict.isReproduced)
    }

    @Test func whatIsNotTheSameIsNamed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try tokenizerRun()
        let reproduction = Reproduction(original: run)
        let again = try repeated(reproduction)
        // The first run's result lists another hash, as if its file had been other.
        let result = again.attemptURL(1).appending(path: "RESULT.json")
        let text = try String(contentsOf: result, encoding: .utf8)
        let listed = try #require(try again.result(attempt: 1)?.outputs.first)
        try text.replacing(listed.sha256, with: String(repeating: "0", count: 64)).write(
            to: result, atomically: true, encoding: .utf8)
        let verdict = try reproduction.compare(with: again)
        #expect(!verdict.isReproduced)
        #expect("\(verdict)".contains(listed.path), "\(verdict)")
    }

    @Test func anInputThatWasChangedIsNotRunAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try tokenizerRun()
        let corpus = run.inputURL.appending(path: "corpus.txt")
        try FileManager.default.removeItem(at: corpus)
        try Data("other".utf8).write(to: corpus)
        #expect(throws: RunError.self) { try Reproduction(original: run).prepare(at: folder.appending(path: "x")) }
    }

    @Test func aParentThatHasMovedIsFoundByItsContent() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let parent = folder.appending(path: "shelf/base")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try Data("weights".utf8).write(to: parent.appending(path: "model.safetensors"))
        let run = try RunDirectory.create(
            at: folder.appending(path: "run"),
            specification: RunSpecification(
                kind: "supervised", seed: 1,
                parents: [RunParent(role: "base", path: "/gone/base", sha256: try Digest.folder(parent))],
                settings: .object([:]), version: "0.1.0"), files: [:])
        #expect(throws: Reproduction.Problem.self) {
            try Reproduction(original: run).prepare(at: folder.appending(path: "a"))
        }
        let found = try Reproduction(original: run, search: [folder.appending(path: "shelf")]).prepare(
            at: folder.appending(path: "b"))
        #expect(try found.specification().parents.first?.path == parent.path)
    }
}
