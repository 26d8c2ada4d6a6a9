import ArgumentParser
import Foundation
import JSON
import Runs

/// `plumb train`: one training run from the command line, in a run directory like those that the server makes.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a tokenizer, a base model, a supervised policy, a reward model or a refreshed policy.",
        subcommands: [Tokenizer.self, Pretrain.self, Supervised.self, Reward.self, Refresh.self, Preferences.self])

    /// What every kind of training takes.
    struct Common: ParsableArguments {
        @Option(help: "The run directory to make, or to resume when it is there already.", completion: .directory)
        var run: String
        @Option(help: "Seed of everything random in the run.")
        var seed: UInt64 = 0
        @Option(help: "A setting that differs from its default, as name=value (JSON values); may be repeated.")
        var set: [String] = []
        @Option(help: "Folder to copy what was made to, when the run is done.", completion: .directory)
        var output: String?
    }

    struct Tokenizer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tokenizer", abstract: "Train a byte-level BPE tokenizer on a text, one document a line.")
        @OptionGroup var common: Common
        @Option(help: "The text.", completion: .file()) var corpus: String

        func run() async throws {
            try await TrainingRun(kind: "tokenizer", common).execute(files: ["corpus.txt": corpus], parents: [:])
        }
    }

    struct Pretrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pretrain", abstract: "Train a language model from nothing on a text, one document a line.")
        @OptionGroup var common: Common
        @Option(help: "The text.", completion: .file()) var corpus: String
        @Option(help: "Folder with the tokenizer's files.", completion: .directory) var tokenizer: String

        func run() async throws {
            try await TrainingRun(kind: "pretraining", common).execute(
                files: ["corpus.txt": corpus], parents: ["tokenizer": tokenizer])
        }
    }

    struct Supervised: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sft", abstract: "Tune a model on demonstrations (JSON lines of id, prompt, response).")
        @OptionGroup var common: Common
        @Option(help: "The demonstrations.", completion: .file()) var demonstrations: String
        @Option(help: "Folder of the model to start from.", completion: .directory) var base: String

        func run() async throws {
            try await TrainingRun(kind: "supervised", common).execute(
                files: ["demonstrations.jsonl": demonstrations], parents: ["base": base])
        }
    }

    struct Reward: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reward", abstract: "Train a reward model on labelled groups (JSON lines).")
        @OptionGroup var common: Common
        @Option(help: "The labelled groups, as a snapshot's groups.jsonl.", completion: .file()) var groups: String
        @Option(help: "Folder of the supervised policy to start from.", completion: .directory) var base: String

        func run() async throws {
            try await TrainingRun(kind: RunKind.rewardModel, common).execute(
                files: ["groups.jsonl": groups], parents: ["base": base])
        }
    }

    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "policy",
            abstract: "Refresh a policy against a reward model, by PPO or another method (--set method=…).")
        @OptionGroup var common: Common
        @Option(help: "The prompts (JSON lines of id, prompt).", completion: .file()) var prompts: String
        @Option(help: "Folder of the policy to start from.", completion: .directory) var base: String
        @Option(help: "Folder of the frozen supervised policy.", completion: .directory) var reference: String
        @Option(name: .customLong("reward-model"), help: "Folder of the reward model.", completion: .directory)
        var rewardModel: String
        @Option(
            help: "Folder of a reward model that learnt from other labels; the run stops where the two part.",
            completion: .directory)
        var watcher: String?
        @Option(
            help: "A text that is learnt beside the reward (pretraining_coefficient), one document a line.",
            completion: .file())
        var corpus: String?

        func run() async throws {
            var files = ["prompts.jsonl": prompts]
            files["corpus.txt"] = corpus
            var parents = ["base": base, "reference": reference, "reward-model": rewardModel]
            parents["watcher"] = watcher
            try await TrainingRun(kind: RunKind.policyRefresh, common).execute(
                files: files, parents: parents)
        }
    }

    struct Preferences: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preferences", abstract: "Tune a policy on labelled groups without a reward model: DPO, IPO.")
        @OptionGroup var common: Common
        @Option(help: "The labelled groups, as a snapshot's groups.jsonl.", completion: .file()) var groups: String
        @Option(help: "Folder of the policy to start from.", completion: .directory) var base: String
        @Option(help: "Folder of the frozen policy that it is held to; the base unless given.", completion: .directory)
        var reference: String?
        @Option(
            name: .customLong("reward-model"),
            help: "Folder of a reward model that scores the samples for people to read; nothing is learnt from it.",
            completion: .directory)
        var rewardModel: String?

        func run() async throws {
            var parents = ["base": base, "reference": reference ?? base]
            parents["reward-model"] = rewardModel
            try await TrainingRun(kind: RunKind.preferenceTuning, common).execute(
                files: ["groups.jsonl": groups], parents: parents)
        }
    }
}

/// A run directory made from command-line arguments and run in this process.
struct TrainingRun: Sendable {
    let kind: String
    let directory: URL
    let seed: UInt64
    let settings: [String: String]
    let output: URL?

    init(kind: String, _ common: TrainCommand.Common) throws {
        self.kind = kind
        directory = URL(filePath: common.run, directoryHint: .isDirectory)
        seed = common.seed
        output = common.output.map { URL(filePath: $0, directoryHint: .isDirectory) }
        settings = try RunSettings.parsed(common.set)
    }

    init(kind: String, directory: URL, seed: UInt64, settings: [String: String], output: URL?) {
        self.kind = kind
        self.directory = directory
        self.seed = seed
        self.settings = settings
        self.output = output
    }

    /// Runs to the end. Where the directory holds this run already, it is resumed, or left alone when it is done.
    /// - Parameters:
    ///   - files: input files by their names in `input/`.
    ///   - parents: folders by role.
    func execute(files: [String: String], parents: [String: String]) async throws {
        let run = try prepare(files: files, parents: parents)
        if try run.state() != .done {
            let stop = StopFlag()
            stop.installSignalHandlers()
            let exit = try await onOwnThread { RunJob.execute(run, attempt: nil, stop: stop) }
            guard exit == .done else {
                let attempt = try run.attempts().last ?? 0
                let message = try run.failure(attempt: attempt)?.message ?? "the attempt could not begin"
                FileHandle.standardError.write(Data("\(run.url.path): \(message)\n".utf8))
                throw ExitCode(exit.rawValue)
            }
        }
        try report(run)
    }

    private func prepare(files: [String: String], parents: [String: String]) throws -> RunDirectory {
        let specification = RunSpecification(
            kind: kind, seed: seed,
            parents: try parents.sorted { $0.key < $1.key }.map { role, path in
                let folder = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
                return RunParent(role: role, path: folder.path, sha256: try Digest.fileOrFolder(folder))
            }, settings: RunSettings.object(settings), version: PlumbVersion.current)
        if FileManager.default.fileExists(atPath: directory.appending(path: "input").path) {
            let existing = RunDirectory(directory)
            guard try existing.specification() == specification else {
                throw ValidationError(
                    "\(directory.path) holds a run with other inputs or settings. Choose another --run, or delete it.")
            }
            return existing
        }
        return try RunDirectory.create(
            at: directory, specification: specification,
            files: files.mapValues { .copy(URL(filePath: $0)) })
    }

    private func report(_ run: RunDirectory) throws {
        guard let attempt = try run.attempts().last, let result = try run.result(attempt: attempt) else { return }
        for note in result.notes { print(note) }
        for (name, value) in result.metrics.sorted(by: { $0.key < $1.key }) {
            if let number = value.doubleValue { print("\(name)  \(number)") }
        }
        for folder in result.folders {
            let made = run.attemptURL(attempt).appending(path: folder.path)
            guard let output else {
                print("\(folder.name): \(made.path)")
                continue
            }
            let files = FileManager.default
            if files.fileExists(atPath: output.path) { try files.removeItem(at: output) }
            try files.createDirectory(at: output.deletingLastPathComponent(), withIntermediateDirectories: true)
            try files.copyItem(at: made, to: output)
            print("\(folder.name): \(output.path)")
        }
    }
}
