import ArgumentParser

/// Times parts of the model engine by themselves; `scripts/bench` calls it beside the peers. Prints one line of JSON.
@main
struct EngineBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumb-engine-benchmark", abstract: "Times parts of the model engine.",
        subcommands: [
            TrainingStep.self, RewardStep.self, RefreshRound.self, Decoding.self, PrecisionCost.self, HandOver.self,
            RowProducts.self,
        ])
}
