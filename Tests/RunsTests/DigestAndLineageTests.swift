import Foundation
import JSON
import Runs
import Testing

@Suite struct DigestAndLineageTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aFileOfManyPiecesHashesAsItsBytes() throws {
        let file = folder.url.appending(path: "big")
        let data = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try data.write(to: file)
        #expect(try Digest.file(file) == Digest.data(data))
        #expect(Digest.data(Data()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func aFoldersDigestIsOverItsSortedSums() throws {
        let model = folder.url.appending(path: "model")
        try FileManager.default.createDirectory(
            at: model.appending(path: "b/c"), withIntermediateDirectories: true)
        try Data("1".utf8).write(to: model.appending(path: "b/c/d"))
        try Data("2".utf8).write(to: model.appending(path: "a"))
        try Data("3".utf8).write(to: model.appending(path: "b.txt"))
        let lines = [("2", "a"), ("3", "b.txt"), ("1", "b/c/d")]
            .map { "\(Digest.data(Data($0.0.utf8)))  \($0.1)\n" }.joined()
        #expect(try Digest.folder(model) == Digest.data(Data(lines.utf8)))
        let before = try Digest.folder(model)
        try FileManager.default.moveItem(at: model.appending(path: "a"), to: model.appending(path: "z"))
        #expect(try Digest.folder(model) != before)
    }

    @Test func lineageComesBackAndHoldsNoPlace() throws {
        let specification = RunSpecification(
            kind: "reward-model", seed: 9,
            parents: [RunParent(role: "base", path: "/somewhere/policies/p", sha256: "aa")],
            settings: ["steps": 100], version: "1.0")
        let lineage = Lineage(
            specification: specification, snapshot: "bb", metrics: ["accuracy": 0.75], processor: "cpu", blas: "blas",
            details: ["normalisation": ["gain": 0.5, "bias": 1.5]])
        try lineage.write(to: folder.url)
        #expect(try Lineage.read(from: folder.url) == lineage)
        #expect(!(try text(folder.url.appending(path: "plumb.json")).contains("somewhere")))
        #expect(throws: RunError.self) { try Lineage.read(from: folder.url.appending(path: "absent")) }
    }
}
