import ArgumentParser
import Foundation
import LanguageModel

/// `plumb convert`: a model folder written anew, in another precision or in shards.
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a model folder anew: another precision, or shards.",
        discussion: """
            Every tensor keeps its name; without --precision also its type and its bytes. The folder is checked first, as \
            it is before training. plumb.json comes along only where no number changes.
            """)

    @Argument(help: "The model's folder.", completion: .directory) var model: String
    @Argument(help: "The folder to make; it must be empty or not there.", completion: .directory) var output: String
    @Option(help: "Type of the stored numbers: float32, float16 or bfloat16; without it that of each tensor.")
    var precision: String?
    @Option(name: .customLong("shard-mib"), help: "Split the weights into files of at most this size, with an index.")
    var shardMebibytes: Int?

    func validate() throws {
        guard precision == nil || FloatType(rawValue: precision ?? "") != nil else {
            throw ValidationError("--precision must be float32, float16 or bfloat16, not '\(precision ?? "")'.")
        }
        guard (1...1 << 20).contains(shardMebibytes ?? 1) else {
            throw ValidationError("--shard-mib must be from 1 to \(1 << 20), not \(shardMebibytes ?? 0).")
        }
    }

    func run() async throws {
        let source = URL(filePath: model, directoryHint: .isDirectory)
        let target = URL(filePath: output, directoryHint: .isDirectory)
        let type = precision.flatMap { FloatType(rawValue: $0) }
        let shardBytes = shardMebibytes.map { $0 << 20 }
        try await onOwnThread {
            try Checkpoint.convert(source, to: target, as: type, shardBytes: shardBytes)
            for name in TokenizerFiles.names + (type == nil ? ["plumb.json"] : []) {
                let file = source.appending(path: name)
                guard FileManager.default.fileExists(atPath: file.path) else { continue }
                try FileManager.default.copyItem(at: file, to: target.appending(path: name))
            }
        }
        print("Wrote \(target.path).")
    }
}
