import Foundation
import LanguageModel
import Policy
import Testing

@Suite struct StoredPrecisionTests {
    @Test(arguments: [(StoredPrecision.float16, Float(70_000)), (.bfloat16, 3.4e38)])
    func `a weight that a precision cannot hold is refused by name and nothing is written`(
        precision: StoredPrecision, weight: Float
    ) throws {
        let folder = try TemporaryFolder()
        let model = try TinyPolicy().model
        let entry = try #require(model.table.entries.dropFirst(3).first)
        model.parameters[entry.offset + 1] = weight
        #expect {
            try Checkpoint.save(model, to: folder.url, as: precision.floatType)
        } throws: { "\($0)".contains(entry.name) && "\($0)".contains("\(precision.rawValue) cannot hold") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        try Checkpoint.save(model, to: folder.url, as: .float32)
        #expect(try Checkpoint.load(folder.url).parameters[entry.offset + 1] == weight)
    }
}
