import Foundation
import LanguageModel

/// One folder of the parity cases: what PyTorch computed on a tiny random model.
struct ParityCase: Sendable, CustomStringConvertible {
    /// The fixtures: every architecture, and the newer spelling of config.json.
    static let all = [
        "gpt2", "llama2", "smollm2", "llama3", "gpt_neo", "gptj", "gpt_neox", "mistral", "qwen2", "qwen3",
        "config-v5/llama3", "config-v5/smollm2", "config-v5/gpt_neox",
    ].map { ParityCase(name: $0, folder: Fixtures.folder.appending(path: "parity/\($0)")) }

    let name: String
    let folder: URL
    var description: String { name }

    /// The folder of cases that the environment names.
    static let askedFor = ProcessInfo.processInfo.environment["PARITY_CASES"]

    /// Where the environment wants every case's models written anew.
    static let written = ProcessInfo.processInfo.environment["PARITY_WRITTEN"]

    static func named(_ name: String) -> ParityCase? { all.first { $0.name == name } }

    /// Every folder with a case at or below `root`, in the order of their paths.
    static func found(below root: URL) -> [ParityCase] {
        let paths = FileManager.default.subpaths(atPath: root.path) ?? []
        let mark = "expected.safetensors"
        return paths.filter { $0 == mark || $0.hasSuffix("/\(mark)") }.sorted().map { path in
            let name = String(path.dropLast(mark.count + 1))
            return ParityCase(
                name: name.isEmpty ? root.lastPathComponent : name,
                folder: name.isEmpty ? root : root.appending(path: name))
        }
    }

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
        let rank: [Int]
        let kwiseLoss: Double
        /// Better, worse, margin.
        let graded: [[Double]]
        let marginLoss: Double

        enum CodingKeys: String, CodingKey {
            case adamw
            case greedy
            case sftLoss = "sft.loss"
            case rank = "reward.rank"
            case kwiseLoss = "reward.kwise_loss"
            case graded = "reward.graded"
            case marginLoss = "reward.margin_loss"
        }
    }

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
