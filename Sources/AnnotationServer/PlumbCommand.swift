import ArgumentParser

/// The program: `plumb serve` for people, the other commands for training, moving data and studying.
@main
struct PlumbCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumb",
        abstract: "Human preferences, from ranking responses in a browser to a refreshed policy.",
        version: PlumbVersion.current,
        subcommands: [
            ServeCommand.self, ModelServerCommand.self, GenerateCommand.self, ScoreCommand.self, ImportCommand.self,
            ExportCommand.self,
            LinkCommand.self, AddPolicyCommand.self, TrainCommand.self, SimulateCommand.self, DemoCommand.self,
            ConvertCommand.self,
            RunJobCommand.self, EvaluateCommand.self, ReproduceCommand.self,
        ])
}
