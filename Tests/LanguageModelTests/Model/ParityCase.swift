import Foundation
import LanguageModel

/// One folder of the parity cases: what PyTorch computed on a tiny random model.
struct ParityCase: Sendable, CustomStringConvertible {
    static let all = ["gpt2", "llama2", "smollm2", "llama3"].map(ParityCase.init(name:))

    let name: String
    var description: String { name }

    struct Scalars: Decodable {
        struct AdamW: Decodable {
            let lr: Float
            let betas: [Float]
            let eps: Float
            let weight_decay: Float
            let clip_grad_norm: Float
            let loss_and_grad_norm: [[Double?]]
        }
        let adamw: AdamW
        let greedy: [Int32]
        let sftLoss: Double

        enum CodingKeys: String, CodingKey {
            case adamw
            case greedy
            case sftLoss = "sft.loss"
        }
    }

    var folder: URL { Fixtures.folder.appending(path: "parity/\(name)") }
    var policy: URL { folder.appending(path: "policy") }
    var reward: URL { folder.appending(path: "reward") }

    func arrays() throws -> SafetensorsFile { try SafetensorsFile(folder.appending(path: "expected.safetensors")) }

    func scalars() throws -> Scalars {
        try JSONDecoder().decode(Scalars.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    /// The case's prompt with its five responses.
    func group() throws -> TokenGroup {
        let arrays = try arrays()
        let lengths = try arrays.integers("group.response_lengths")
        var ids = try arrays.integers("group.response_ids").map { Int32($0) }[...]
        var responses: [[Int32]] = []
        for length in lengths {
            responses.append(Array(ids.prefix(length)))
            ids = ids.dropFirst(length)
        }
        return TokenGroup(prompt: try arrays.integers("group.prompt_ids").map { Int32($0) }, responses: responses)
    }
}

/// Folders that tests read, found from this file.
enum Fixtures {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let folder = root.appending(path: "Tests/Fixtures")
    /// Real models and texts beside the checkout; absent on most machines.
    static let shared = root.deletingLastPathComponent().appending(path: "shared/data")

    /// A fresh folder that `body` may fill; gone afterwards.
    static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "plumb-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}

/// Largest absolute difference; infinite where the counts differ.
func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).reduce(0) { max($0, $1.0.isFinite ? abs($1.0 - $1.1) : .infinity) }
}

/// Largest absolute difference over the largest absolute entry of `expected`.
func relativeDifference(_ found: [Float], _ expected: [Float]) -> Float {
    let scale = expected.reduce(0) { max($0, abs($1)) }
    return largestDifference(found, expected) / max(scale, 1e-12)
}
