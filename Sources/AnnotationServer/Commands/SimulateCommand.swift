import ArgumentParser
import DemoWorld
import Foundation
import Logging
import Policy
import Preferences

/// `plumb simulate`: the loop without people, to see how learning fares under a known preference.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Rank by a known gold preference, retrain and refresh, for several rounds; measure each.")

    @Option(help: "The folder to make, with the data folder and report.json.", completion: .directory)
    var output: String
    @Option(help: "The supervised policy to start from; without it the embedded demo policy.", completion: .directory)
    var policy: String?
    @Option(help: "The gold preference: wanted-words, politeness or length.")
    var gold: String?
    @Option(
        name: .customLong("gold-command"),
        help:
            "A program instead: JSON lines of prompt and response on its standard input, a score a line as its answer.")
    var goldCommand: String?
    @Option(help: "How the policy learns: \(SimulationMethod.names.joined(separator: ", ")).") var method = "ppo"
    @Flag(
        help: "Learn the reward model from one half of the labels; one from the other half watches, and ends a refresh."
    )
    var watch = false
    @Option(help: "Rounds of ranking, retraining and refreshing.") var rounds = 3
    @Option(help: "Rankings a round.") var rankings = 100
    @Option(name: .customShort("k"), help: "Responses a prompt.") var count = 4
    @Option(help: "Probability that a pair is judged the wrong way round.") var noise = 0.1
    @Option(help: "Seed of samples, noise and training.") var seed: UInt64 = 0
    @Option(name: .customLong("evaluation-samples"), help: "Fresh samples that a round is judged by.")
    var evaluationSamples = 1_000
    @Option(name: .customLong("max-tokens"), help: "Tokens a response at most.") var maximumTokens = 192
    @Option(name: .customLong("set-reward"), help: "A reward-model setting as name=value; may be repeated.")
    var rewardSettings: [String] = []
    @Option(name: .customLong("set-refresh"), help: "A policy-refresh setting as name=value; may be repeated.")
    var refreshSettings: [String] = []
    @Option(name: .customLong("set-preferences"), help: "A preference-tuning setting as name=value; may be repeated.")
    var preferenceSettings: [String] = []

    func validate() throws {
        guard (gold == nil) != (goldCommand == nil) else {
            throw ValidationError("Give either --gold wanted-words|politeness|length or --gold-command PROGRAM.")
        }
        guard (1...10_000).contains(rounds), (1...1_000_000).contains(rankings) else {
            throw ValidationError("--rounds must be 1 to 10000, and --rankings 1 to 1000000.")
        }
        guard (4...9).contains(count) else {
            throw ValidationError("-k must be 4 to 9, as in every project that ranks, not \(count).")
        }
        guard evaluationSamples >= 1, maximumTokens >= 1 else {
            throw ValidationError("--evaluation-samples and --max-tokens must be at least 1.")
        }
        guard (0..<0.5).contains(noise) else { throw ValidationError("--noise must be 0 to below 0.5, not \(noise).") }
        try RunSettings.check(try RunSettings.parsed(rewardSettings), of: RunKind.rewardModel)
        guard let chosen = SimulationMethod(name: method) else {
            throw ValidationError(
                "--method must be one of \(SimulationMethod.names.joined(separator: ", ")), not '\(method)'.")
        }
        if watch, case .preferences = chosen {
            throw ValidationError("--watch goes with a refresh; \(method) has no reward model.")
        }
        let named = ["method": chosen.name]
        switch chosen {
        case .refresh:
            try RunSettings.check(
                named.merging(try RunSettings.parsed(refreshSettings)) { $1 }, of: RunKind.policyRefresh)
        case .preferences:
            try RunSettings.check(
                named.merging(try RunSettings.parsed(preferenceSettings)) { $1 }, of: RunKind.preferenceTuning)
        }
        if let gold, !["wanted-words", "politeness", "length"].contains(gold) {
            throw ValidationError("--gold must be wanted-words, politeness or length, not '\(gold)'.")
        }
    }

    func run() async throws {
        let folder = URL(filePath: output, directoryHint: .isDirectory)
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw ValidationError("\(folder.path) exists already. Choose another --output, or delete it.")
        }
        let supervised =
            try policy.map { URL(filePath: $0, directoryHint: .isDirectory) }
            ?? ShareFolder.find().demo.appending(path: DemoProject.supervised)
        let prompts = DemoWorld().prompts(seed: DemoRecipe.seed)
        var plan = SimulationPlan(
            folder: folder, policy: supervised, goldName: gold ?? "command",
            gold: CommandGold(command: goldCommand ?? ""),
            rounds: rounds, rankingsPerRound: rankings, responsesPerPrompt: count, noise: noise, seed: seed,
            evaluationSamples: evaluationSamples, maximumTokens: maximumTokens,
            method: SimulationMethod(name: method) ?? .refresh(.ppo), isWatched: watch,
            rewardModelSettings: try RunSettings.parsed(rewardSettings),
            preferenceTuningSettings: try RunSettings.parsed(preferenceSettings),
            policyRefreshSettings: try RunSettings.parsed(refreshSettings),
            rankingPrompts: prompts.ranking.prefix(rounds * rankings).map { .text($0.text) },
            ppoPrompts: prompts.ppo.map { .text($0.text) }, evaluationPrompts: prompts.heldOut.map { .text($0.text) })
        if let gold {
            let unplanned = plan
            plan.gold = try await onOwnThread { try Self.namedGold(gold, plan: unplanned) }
        }
        var logger = Logger(label: "plumb.simulate")
        logger.logLevel = .warning
        let loop = try SimulationLoop(plan, logger: logger) { line in
            print(line)
            fflush(nil)
        }
        _ = try await loop.run()
    }

    private static func namedGold(_ name: String, plan: SimulationPlan) throws -> any GoldPreference {
        switch name {
        case "wanted-words": return NamedGold(gold: .wantedWords)
        case "politeness": return NamedGold(gold: .politeness)
        default:
            // Longer is better up to the length that nine in ten of the supervised policy's responses stay below.
            let samples = try SimulationJudge(plan: plan.judgedBy(NamedGold(gold: .politeness))).samples(
                of: plan.policy)
            let lengths = samples.responses.joined().map { DemoGold.wordCount($0.text) }.sorted()
            return NamedGold(gold: .length(cap: lengths[min(lengths.count - 1, lengths.count * 9 / 10)]))
        }
    }
}

extension SimulationPlan {
    fileprivate func judgedBy(_ gold: any GoldPreference) -> SimulationPlan {
        var plan = self
        plan.gold = gold
        return plan
    }
}
