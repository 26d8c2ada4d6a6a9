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
    private func judge(gains: [Double], scale: Float, safety: Bool = false) throws -> (LoadedRewardModel, RewardJudge) {
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
        layout.safety = safety
        layout.safetyMembers = safety ? gains.count : 1
        let heads = RewardHeads(layout: layout, width: 16)
        let first = (0..<16).map { 3 * sin(Float($0 + 1)) }
        heads.values.store(first + first.map { scale * $0 }, at: 0)
        for index in 32..<heads.values.count { heads.values[index] = 2 * cos(Float(index * index)) }
        let loaded = LoadedRewardModel(
            model: model, template: template, normalisation: .identity,
            heads: NormalisedHeads(
                heads: heads, members: gains.map { Normalisation(gain: $0, bias: 0.3, samples: 8) },
                combined: safety ? .identity : nil))
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
        #expect(try abs(JSONDecoder().decode(ScoredCandidate.self, from: line).information(countsSafety: true)) < 1e-12)
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
        let found = try JSONDecoder().decode(ScoredCandidate.self, from: try line(judge)).information(
            countsSafety: false)
        #expect(abs(found - expected) < 1e-9)
    }

    @Test func ofOneHeadTheLogitIsTaken() throws {
        let found = try JSONDecoder().decode(
            ScoredCandidate.self,
            from: Data(
                #"{"responses": [{"raw_score": 0.5, "score": 9}, {"raw_score": -0.5, "score": -9}]}"#.utf8))
        #expect(abs(try found.information(countsSafety: true) - TaskChoice.information([[0.5, -0.5]])) < 1e-12)
    }

    private func information(_ responses: [String], countsSafety: Bool = true) throws -> Double {
        let line = "{\"responses\": [\(responses.map { "{\($0)}" }.joined(separator: ", "))]}"
        return try JSONDecoder().decode(ScoredCandidate.self, from: Data(line.utf8)).information(
            countsSafety: countsSafety)
    }

    /// A model that knows the order of two responses, and does not know whether they are safe.
    @Test func whatTheSafetyHeadLeavesOpenCountsWhereAnswersSaySo() throws {
        let order = TaskChoice.information([[8, -8]])
        let unsure = [#""raw_score": 8, "safety_probability": 0.5"#, #""raw_score": -8, "safety_probability": 0.2"#]
        let open = (log(2) - 0.2 * log(0.2) - 0.8 * log(0.8)) / 2
        #expect(abs(try information(unsure) - (order + open)) < 1e-9)
        #expect(try information(unsure, countsSafety: false) == order)
        let sure = [#""raw_score": 8, "safety_probability": 1"#, #""raw_score": -8, "safety_probability": 0"#]
        #expect(try information(sure) == order, "what is certain tells nothing, and is no error")
    }

    @Test func ofAnEnsembleItIsTheSafetyHeadsDisagreement() throws {
        func responses(_ safety: [[Double]]) -> [String] {
            safety.enumerated().map { index, logits in
                #""raw_score": \#(index), "head_logits": [\#(index), \#(index)], "safety_probability": 0.5, "#
                    + #""safety_logits": [\#(logits[0]), \#(logits[1])]"#
            }
        }
        #expect(try information(responses([[0, 0], [0, 0]])) < 1e-12, "unsure, but of one mind")
        let split = try information(responses([[3, -3], [1, 1]]))
        #expect(abs(split - TaskChoice.information(ofMarks: [[3, 1], [-3, 1]])) < 1e-12 && split > 0.2)
        // One safety head beside an ensemble leaves far more open than an ensemble disagrees on.
        let older = (0..<2).map { #""raw_score": \#($0), "head_logits": [\#($0), \#($0)], "safety_probability": 0.5"# }
        #expect(try information(older) < 1e-12)
    }

    @Test func aJudgeTellsTheLogOddsOfEachSafetyHead() throws {
        let (loaded, judge) = try judge(gains: [1, 1], scale: 1, safety: true)
        let line = try line(judge)
        let answer = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        let found = try #require(answer["responses"] as? [[String: Any]])
        let group = try loaded.tokens(
            of: ResponseGroup(
                id: "g", prompt: .text("tell me about the cat"),
                responses: Self.texts.enumerated().map { GroupResponse(id: "\($0)", text: $1, finished: true) }))
        let heads = try RewardScorer(loaded, pool: WorkerPool(threads: 1)).headScores(of: [group])[0]
        for (response, own) in zip(found, heads) {
            let told = try #require(response["safety_logits"] as? [Double])
            #expect(told.count == 2 && zip(told, own.safetyMembers).allSatisfy { abs($0 - $1) < 1e-9 })
        }
        // The two members agree on the order, so all that is told is about safety.
        let told = try JSONDecoder().decode(ScoredCandidate.self, from: line).information(countsSafety: true)
        let expected = TaskChoice.information(
            ofMarks: (0..<2).map { head in heads.map { $0.safetyMembers[head] } })
        #expect(abs(told - expected) < 1e-9 && told > 0.001)
    }

    @Test func linesWithDifferentNumbersOfHeadsAreRefused() throws {
        let found = try JSONDecoder().decode(
            ScoredCandidate.self,
            from: Data(
                #"{"responses": [{"raw_score": 1, "head_logits": [1, 2]}, {"raw_score": 1, "head_logits": [1]}]}"#.utf8)
        )
        #expect(throws: (any Error).self) { try found.information(countsSafety: true) }
    }
}
