import ArgumentParser
import Foundation
import LanguageModel
import Preferences
import RewardModel

/// `plumb score`: what a policy or a reward model says of given responses, one JSON object a group.
struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Log-probabilities under a policy, or scores of a reward model, for responses in a file.",
        discussion: """
            The file holds JSON lines with `prompt` and `responses`: a native export, or a run's groups. Responses are \
            judged by their stored token ids where those spell their text, else by their text and the end token.
            """)

    @Option(help: "Folder of the policy or the reward model.", completion: .directory) var model: String
    @Argument(help: "The file of groups.", completion: .file()) var groups: String
    @Option(help: "A file to write; without it standard output.", completion: .file()) var output: String?
    @Option(help: "For a policy: the temperature of the log-probabilities.") var temperature = 1.0

    func run() async throws {
        let (folder, file) = (URL(filePath: model, directoryHint: .isDirectory), URL(filePath: groups))
        let temperature = temperature
        let place = output.map { URL(filePath: $0) }
        try await onOwnThread {
            let isScalar = try Checkpoint.configuration(of: folder).head == .scalar
            let judge: any GroupJudge =
                isScalar
                ? RewardJudge(try LoadedRewardModel(folder: folder))
                : try PolicyJudge(folder, temperature: temperature)
            var written = Data()
            try JSONLines.forEach(PromptAndResponses.self, in: Data(contentsOf: file), file: file.path) { _, line in
                let judged = try judge.judge(line).json()
                if place == nil {
                    print(String(decoding: judged, as: UTF8.self))
                } else {
                    written.append(judged + Data("\n".utf8))
                }
            }
            if let place { try written.write(to: place, options: .atomic) }
        }
    }
}
