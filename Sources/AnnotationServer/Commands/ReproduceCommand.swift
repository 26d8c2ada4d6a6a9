import ArgumentParser
import Foundation
import Runs

/// `plumb reproduce`: a finished run again, from its inputs and its seed, and whether the same came out.
struct ReproduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce", abstract: "Run a finished run again and compare what comes out, byte for byte.",
        discussion: """
            On the same type of processor, with the same kernels and version, every byte must be the same. Elsewhere the \
            command says what differs and compares weights and figures within a tolerance (docs/operations.md). Exit \
            status: 0 reproduced, 1 not.
            """)

    @Argument(help: "The run directory, or with --data the run's number.", completion: .directory) var run: String
    @Option(help: "The server's data folder, whose run of that number is meant.") var data: String?
    @Option(help: "A folder among whose folders parents that have moved are looked for; may be repeated.")
    var search: [String] = []
    @Option(help: "Keep the repeated run in this new folder; without it, it is deleted.", completion: .directory)
    var keep: String?

    func run() async throws {
        var folders = search.map { URL(filePath: $0, directoryHint: .isDirectory) }
        let original: RunDirectory
        if let data {
            let folder = DataFolder(path: data)
            original = RunDirectory(folder.runs.appending(path: run, directoryHint: .isDirectory))
            folders += [folder.policies, folder.rewardModels]
        } else {
            original = RunDirectory(URL(filePath: run, directoryHint: .isDirectory))
        }
        guard FileManager.default.fileExists(atPath: original.inputURL.path) else {
            throw ValidationError("\(original.url.path) is no run directory: it has no input/.")
        }
        let reproduction = Reproduction(original: original, search: folders)
        _ = try Reproduction.result(of: original)
        let place =
            keep.map { URL(filePath: $0, directoryHint: .isDirectory) }
            ?? FileManager.default.temporaryDirectory.appending(path: "plumb-reproduce-\(UUID().uuidString)")
        let repeated = try reproduction.prepare(at: place)
        defer { if keep == nil { try? repeated.remove() } }
        let stop = StopFlag()
        stop.installSignalHandlers()
        let exit = try await onOwnThread { RunJob.execute(repeated, attempt: nil, stop: stop) }
        guard exit == .done else {
            let attempt = try repeated.attempts().last ?? 0
            throw Reproduction.Problem.failed(
                try repeated.failure(attempt: attempt)?.message ?? "the attempt could not begin")
        }
        let verdict = try reproduction.compare(with: repeated)
        for line in Self.words(verdict) { print(line) }
        if !verdict.isReproduced { throw ExitCode(1) }
    }

    private static func words(_ verdict: Reproduction.Verdict) -> [String] {
        switch verdict {
        case .sameBytes(let files): ["Reproduced: all \(files) files are the same, byte for byte."]
        case .withinTolerance(let conditions, let files):
            conditions.map { "Differs: \($0)" }
                + [
                    "Reproduced within the tolerance: all \(files) files; tensors to \(Reproduction.Tolerance.tensor) of "
                        + "their size, figures to \(Reproduction.Tolerance.figure)."
                ]
        case .differs(let conditions, let differences):
            conditions.map { "Differs: \($0)" } + differences.map { "Not the same: \($0)" }
                + [
                    conditions.isEmpty
                        ? "Not reproduced, though processor, kernels and version are the same."
                        : "Not reproduced, not within the tolerance either."
                ]
        }
    }
}
