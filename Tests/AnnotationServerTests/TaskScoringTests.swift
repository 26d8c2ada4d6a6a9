import AnnotationServer
import Foundation
import LanguageModel
import Preferences
import RewardModel
import Testing

/// From what `plumb score` writes to how much a task is expected to tell.
@Suite struct TaskScoringTests {
    private static let texts = ["the cat sat on the mat", "a dog ran after the red ball", "the moon is round"]

    /// Two members with these gains, the second one `scale` times the first.
    private func judge(gains: [Double], scale: Float) throws -> (LoadedRewardModel, RewardJudge) {
        let tokenizer = try TokenizerTrainer(vocabularySize: 280, minimumFrequency: 1).train(on: Self.texts)
        let template = try PromptTemplate(form: .chat, tokenizer: tokenizer)
        let model = try Transformer(
            configuration: .llama(
                vocabularySize: tokenizer.vocabularySize, width: 16, layers: 1, heads: 2, keyValueHeads: 2,
                feedForward: 32, contextLength: 64, endTokenIDs: template.endTokenIDs, padTokenID: template.padTokenID),
            seed: 4
        ).withScalarHead(seed: 5)
        var layout = HeadLayout()
        layout.members = gains.count
        let heads = RewardHeads(layout: layout, width: 16)
        let first = (0..<16).map { 3 * sin(Float($0 + 1)) }
        heads.values.store(first + first.map { scale * $0 }, at: 0)
        let loaded = LoadedRewardModel(
            model: model, template: template, normalisation: .identity,
            heads: NormalisedHeads(
                heads: heads, members: gains.map { Normalisation(gain: $0, bias: 0.3, samples: 8) }, combined: nil))
        return (loaded, RewardJudge(loaded))
    }

    private func line(_ judge: RewardJudge) throws -> Data {
        try judge.judge(
            PromptAndResponses(
                prompt: .text("tell me about the cat"),
                responses: Self.texts.enumerated().map { GroupResponse(id: "\($0)", text: $1, finished: true) })
        ).json()
    }

    @Test func unequalGainsOfMembersThatAgreeAreNoDisagreement() throws {
        let (_, judge) = try judge(gains: [1, 12], scale: 1)
        let line = try line(judge)
        let answer = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        let responses = try #require(answer["responses"] as? [[String: Any]])
        for response in responses {
            let logits = try #require(response["head_logits"] as? [Double])
            let scores = try #require(response["head_scores"] as? [Double])
            #expect(abs(logits[0] - logits[1]) < 1e-12)
            #expect(abs(scores[0] - (logits[0] + 0.3)) < 1e-9 && abs(scores[1] - (12 * logits[1] + 0.3)) < 1e-9)
        }
        // What a choice by scores would have taken for disagreement.
        let byScores = try (0..<2).map { member in
            try responses.map { try #require($0["head_scores"] as? [Double])[member] }
        }
        #expect(TaskChoice.information(byScores) > 0.01)
        #expect(try abs(JSONDecoder().decode(ScoredCandidate.self, from: line).information) < 1e-12)
    }

    @Test func aTaskTellsWhatTheMembersLogitsDisagreeAbout() throws {
        let (loaded, judge) = try judge(gains: [0.2, 5], scale: -2)
        let group = try loaded.tokens(
            of: ResponseGroup(
                id: "g", prompt: .text("tell me about the cat"),
                responses: Self.texts.enumerated().map { GroupResponse(id: "\($0)", text: $1, finished: true) }))
        let heads = try RewardScorer(loaded, pool: WorkerPool(threads: 1)).headScores(of: [group])[0]
        let expected = TaskChoice.information((0..<2).map { member in heads.map { $0.members[member] } })
        #expect(expected > 0.001)
        let found = try JSONDecoder().decode(ScoredCandidate.self, from: try line(judge)).information
        #expect(abs(found - expected) < 1e-9)
    }

    @Test func ofOneHeadTheLogitIsTaken() throws {
        let found = try JSONDecoder().decode(
            ScoredCandidate.self,
            from: Data(
                #"{"responses": [{"raw_score": 0.5, "score": 9}, {"raw_score": -0.5, "score": -9}]}"#.utf8))
        #expect(abs(try found.information - TaskChoice.information([[0.5, -0.5]])) < 1e-12)
    }

    @Test func linesWithDifferentNumbersOfHeadsAreRefused() throws {
        let found = try JSONDecoder().decode(
            ScoredCandidate.self,
            from: Data(
                #"{"responses": [{"raw_score": 1, "head_logits": [1, 2]}, {"raw_score": 1, "head_logits": [1]}]}"#.utf8)
        )
        #expect(throws: (any Error).self) { try found.information }
    }
}
