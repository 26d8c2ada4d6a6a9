import ArgumentParser
import DemoWorld
import Foundation
import LanguageModel
import Policy
import Preferences

/// `plumb demo`: the closed world of the embedded policy, its corpus, its training and its checks.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Write the demo world's corpus, rebuild its policies, check a policy in it.",
        subcommands: [Corpus.self, Build.self, Select.self, Check.self])

    struct Corpus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "corpus", abstract: "Write the corpus, the demonstrations and the prompts.")
        @Option(help: "The folder to write to.", completion: .directory) var output: String
        @Option(help: "Seed of the generator.") var seed: UInt64 = DemoRecipe.seed

        func run() async throws {
            let folder = URL(filePath: output, directoryHint: .isDirectory)
            let statistics = try await onOwnThread { [seed] in try DemoCorpusFiles(folder: folder).write(seed: seed) }
            print(statistics)
        }
    }

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Rebuild the embedded policies from nothing (under 90 minutes on two cores).")
        @Option(help: "Folder for the run directories; resumed when it is there already.", completion: .directory)
        var work: String
        @Option(help: "Folder to put the finished policies in.", completion: .directory) var output: String

        func run() async throws {
            try await DemoRecipe(
                work: URL(filePath: work, directoryHint: .isDirectory),
                output: URL(filePath: output, directoryHint: .isDirectory)
            ).build()
        }
    }

    struct Select: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "select",
            abstract: "Sample a policy and write the answers that the demo world's grammar accepts as demonstrations.")
        @Option(help: "The policy's folder.", completion: .directory) var model: String
        @Option(help: "The JSON Lines file to write.", completion: .file()) var output: String
        @Option(name: .customShort("k"), help: "Responses a prompt.") var count = 4
        @Option(help: "Seed of the samples.") var seed: UInt64 = 0

        func run() async throws {
            let selection = DemoSelection(
                model: URL(filePath: model, directoryHint: .isDirectory), responsesPerPrompt: count, seed: seed)
            let file = URL(filePath: output)
            print(try await onOwnThread { try selection.write(to: file) })
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Judge a policy on the demo world's held-out prompts; fails where it misses a bound.")
        @Option(help: "The policy's folder.", completion: .directory) var model: String
        @Option(help: "Prompts to sample.") var prompts = 250
        @Option(name: .customShort("k"), help: "Responses a prompt.") var count = 4
        @Option(help: "Seed of the samples.") var seed: UInt64 = 0
        @Option(help: "Show this many prompts with their responses.") var show = 0
        @Option(
            name: .customLong("min-subject-share"),
            help: "Least share of answers to held-out prompts that keep to the subject, of those that mean to; 0 to 1.")
        var minimumSubjectShare = 0.8
        @Option(
            name: .customLong("max-verbatim-share"),
            help: "Most of those answers that may stand word for word in the corpus; 0 to 1.")
        var maximumVerbatimShare = 0.2
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            guard prompts >= 1, count >= 1 else { throw ValidationError("--prompts and -k must be at least 1.") }
            guard (0...1).contains(minimumSubjectShare), (0...1).contains(maximumVerbatimShare) else {
                throw ValidationError("--min-subject-share and --max-verbatim-share are shares, from 0 to 1.")
            }
        }

        func run() async throws {
            let command = self
            let check = try await onOwnThread {
                try DemoPolicyCheck(
                    folder: URL(filePath: command.model, directoryHint: .isDirectory), prompts: command.prompts,
                    responsesPerPrompt: command.count, seed: command.seed)
            }
            for line in check.examples(show) { print(line) }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
                let reports = [
                    "held_out_prompts": check.report, "held_out_instructions": check.heldOutInstructions,
                    "held_out_manners": check.heldOutManners,
                ]
                print(String(decoding: try encoder.encode(reports), as: UTF8.self))
            } else {
                print("Held-out prompts: \(check.report)")
                print("\nInstructions held out for their subject: \(check.heldOutInstructions)")
                print("\nManners held out for their subject: \(check.heldOutManners)")
            }
            let missed = check.report.missed(
                minimumSubjectShare: minimumSubjectShare, maximumVerbatimShare: maximumVerbatimShare)
            if !missed.isEmpty { throw MissedBounds(description: missed.joined(separator: " ")) }
        }

        private struct MissedBounds: Error, CustomStringConvertible {
            let description: String
        }
    }
}
