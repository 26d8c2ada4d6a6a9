package import Foundation
import JSON
import LanguageModel
import Policy
package import Preferences
package import RewardModel

/// What `plumb score` reads of a line.
package struct PromptAndResponses: Decodable {
    let prompt: Prompt
    let responses: [GroupResponse]
    /// Whether the prompt is tagged as being about safety; absent is not.
    let aboutSafety: Bool?

    package init(prompt: Prompt, responses: [GroupResponse], aboutSafety: Bool? = nil) {
        self.prompt = prompt
        self.responses = responses
        self.aboutSafety = aboutSafety
    }

    private enum CodingKeys: String, CodingKey {
        case prompt, responses
        case aboutSafety = "about_safety"
    }
}

/// What it says of one group.
package struct JudgedGroup: Encodable {
    struct Response: Encodable {
        let id: String
        let text: String
        let tokenIds: [Int32]
        /// Nats, a policy's.
        var tokenLogProbabilities: [Double]?
        /// A reward model's logit, and the same normalised.
        var rawScore: Double?
        var score: Double?
        /// Of an ensemble: each member's logit, which preference probabilities are made of, and its score, normalised by
        /// itself.
        var headLogits: [Double]?
        var headScores: [Double]?
        /// Of a safety head: the probability that the response is safe, and the normalised score in which safety counts.
        var safetyProbability: Double?
        var combinedScore: Double?
        /// Of several safety heads: the log-odds by each, whose mean the probability is made of.
        var safetyLogits: [Double]?
        /// Of a rating head, from 1 to 7.
        var rating: Double?
    }
    /// Only where the prompt is a plain text.
    let promptText: String?
    let promptIds: [Int32]
    let responses: [Response]

    /// One line, without its end.
    package func json() throws -> Data {
        let encoder = JSONEncoder.sorted()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(self)
    }
}

package protocol GroupJudge {
    func judge(_ line: PromptAndResponses) throws -> JudgedGroup
}

/// Says log-probabilities under a policy.
struct PolicyJudge: GroupJudge {
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

/// Says a reward model's scores.
package struct RewardJudge: GroupJudge {
    private let rewardModel: LoadedRewardModel
    private let scorer: RewardScorer

    package init(_ rewardModel: LoadedRewardModel) {
        self.rewardModel = rewardModel
        scorer = RewardScorer(rewardModel, pool: WorkerPool())
    }

    package func judge(_ line: PromptAndResponses) throws -> JudgedGroup {
        let tokens = try rewardModel.tokens(
            of: ResponseGroup(id: "scored", prompt: line.prompt, responses: line.responses))
        let heads = try scorer.headScores(of: [tokens]).first ?? []
        return JudgedGroup(line, promptIDs: tokens.prompt, tokens: tokens.responses) {
            $0.rawScore = heads[$1].classifier
            $0.score = rewardModel.normalisation(heads[$1].classifier)
            $0.safetyProbability = heads[$1].safetyProbability
            $0.combinedScore = scorer.combinedScore(heads[$1], promptIsAboutSafety: line.aboutSafety ?? false)
            $0.rating = heads[$1].ratingOfSeven
            if heads[$1].safetyMembers.count > 1 { $0.safetyLogits = heads[$1].safetyMembers }
            guard heads[$1].members.count > 1 else { return }
            $0.headLogits = heads[$1].members
            $0.headScores = scorer.ensembleScore(heads[$1]).members
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
