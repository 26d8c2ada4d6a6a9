import ArgumentParser
import Foundation
import JSON
import LanguageModel
import Policy
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
                isScalar ? try RewardJudge(folder) : try PolicyJudge(folder, temperature: temperature)
            let encoder = JSONEncoder.sorted()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            var written = Data()
            try JSONLines.forEach(PromptAndResponses.self, in: Data(contentsOf: file), file: file.path) { _, line in
                let judged = try encoder.encode(try judge.judge(line))
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

/// What `plumb score` reads of a line.
private struct PromptAndResponses: Decodable {
    let prompt: Prompt
    let responses: [GroupResponse]
}

/// What it says of one group.
private struct JudgedGroup: Encodable {
    struct Response: Encodable {
        let id: String
        let text: String
        let tokenIds: [Int32]
        /// Nats, a policy's.
        var tokenLogProbabilities: [Double]?
        /// A reward model's logit, and the same normalised.
        var rawScore: Double?
        var score: Double?
        /// Of an ensemble: each member's score, normalised by itself.
        var headScores: [Double]?
    }
    /// Only where the prompt is a plain text.
    let promptText: String?
    let promptIds: [Int32]
    let responses: [Response]
}

private protocol GroupJudge {
    func judge(_ line: PromptAndResponses) throws -> JudgedGroup
}

private struct PolicyJudge: GroupJudge {
    let sampler: PolicySampler
    let temperature: Double

    init(_ folder: URL, temperature: Double) throws {
        sampler = try PolicySampler(folder: folder, pool: WorkerPool())
        self.temperature = temperature
    }

    func judge(_ line: PromptAndResponses) throws -> JudgedGroup {
        let template = sampler.policy.template
        let tokens = line.responses.map { template.judgedTokens(of: $0).tokens }
        let found = try sampler.logProbabilities(prompt: line.prompt, responses: tokens, temperature: temperature)
        return JudgedGroup(line, promptIDs: try sampler.policy.tokens(of: line.prompt), tokens: tokens) {
            $0.tokenLogProbabilities = found[$1]
        }
    }
}

private struct RewardJudge: GroupJudge {
    let rewardModel: LoadedRewardModel
    let scorer: RewardScorer

    init(_ folder: URL) throws {
        rewardModel = try LoadedRewardModel(folder: folder)
        scorer = RewardScorer(rewardModel, pool: WorkerPool())
    }

    func judge(_ line: PromptAndResponses) throws -> JudgedGroup {
        let tokens = try rewardModel.tokens(
            of: ResponseGroup(id: "scored", prompt: line.prompt, responses: line.responses))
        let heads = try scorer.headScores(of: [tokens]).first ?? []
        return JudgedGroup(line, promptIDs: tokens.prompt, tokens: tokens.responses) {
            $0.rawScore = heads[$1].classifier
            $0.score = rewardModel.normalisation(heads[$1].classifier)
            let members = scorer.ensembleScore(heads[$1]).members
            if members.count > 1 { $0.headScores = members }
        }
    }
}

extension JudgedGroup {
    fileprivate init(
        _ line: PromptAndResponses, promptIDs: [Int32], tokens: [[Int32]], fill: (inout Response, Int) -> Void
    ) {
        promptText = if case .text(let text) = line.prompt { text } else { nil }
        promptIds = promptIDs
        responses = line.responses.enumerated().map { index, response in
            var judged = Response(id: response.id, text: response.text, tokenIds: tokens[index])
            fill(&judged, index)
            return judged
        }
    }
}
