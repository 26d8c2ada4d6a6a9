import Foundation
import Testing

/// The corpora that fuzzing starts from and what it has found, as regression tests: every file is read to an answer.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.allCases) func everyFileOfTheCorpusIsReadToAnAnswer(_ target: FuzzTarget) throws {
        let folder = try TokenizerFixtures.root().appending(path: "Tests/Fixtures/fuzz/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count >= 8)
        let scratch = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: scratch) }
        for name in names.sorted() {
            let bytes = Array(try Data(contentsOf: folder.appending(path: name)))
            try target.run(bytes, scratch: scratch)
            // Cut short anywhere, it is read to an answer too.
            for part in 1..<8 { try target.run(Array(bytes.prefix(bytes.count * part / 8)), scratch: scratch) }
        }
    }
}
