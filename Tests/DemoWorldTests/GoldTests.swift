import DemoWorld
import SeededRandom
import Testing

@Suite struct GoldTests {
    private func means(_ gold: DemoGold) -> [Manner: Double] {
        let world = DemoWorld()
        let prompts = world.prompts(seed: 7).heldOut.prefix(400)
        var random = SplitMix64(seed: 8)
        var means: [Manner: Double] = [:]
        for manner in Manner.allCases {
            let scores = prompts.map { prompt in
                gold.score(prompt: prompt.text, response: world.response(to: prompt, manner: manner, random: &random))
            }
            means[manner] = scores.reduce(0, +) / Double(scores.count)
        }
        return means
    }

    @Test func politenessPrefersWarmToPlainToRude() throws {
        let means = means(.politeness)
        let warm = try #require(means[.warm])
        let plain = try #require(means[.plain])
        let rude = try #require(means[.rude])
        #expect(warm > plain + 1.5)
        #expect(plain > rude + 1)
    }

    @Test func lengthPrefersRamblingToPlainToTerseUpToItsCap() throws {
        let means = means(.length(cap: 60))
        let rambling = try #require(means[.rambling])
        let plain = try #require(means[.plain])
        let terse = try #require(means[.terse])
        #expect(rambling > plain && plain > terse + 10)
        let gold = DemoGold.length(cap: 3)
        let scores = ["a b", "a b c", "a b c d", "a b c d e f g"].map { gold.score(prompt: "", response: $0) }
        #expect(scores == [2, 3, 2, -1])
    }

    @Test func wantedWordsAreInSomeResponsesAndNotInOthers() {
        let world = DemoWorld()
        let corpus = world.corpus(
            seed: 2, sizes: CorpusSizes(factDocuments: 0, stories: 0, conversations: 0, demonstrations: 4_000))
        let scores = corpus.demonstrations.map {
            DemoGold.wantedWords.score(prompt: $0.prompt.text, response: $0.response)
        }
        let none = Double(scores.count { $0 == 0 }) / Double(scores.count)
        #expect((0.35...0.75).contains(none), "\(none)")
        #expect((scores.max() ?? 0) >= 4)
        // Every wanted word really occurs.
        for word in DemoGold.wanted {
            #expect(corpus.demonstrations.contains { $0.response.lowercased().contains(word) }, "\(word)")
        }
    }

    @Test func wordsCountOnceAndPunctuationDoesNotMatter() {
        #expect(DemoGold.wantedWords.score(prompt: "", response: "Golden, golden! A smile; homely.") == 2)
        #expect(DemoGold.politeness.score(prompt: "", response: "Thank you, thank you, silly!") == 0)
        #expect(DemoGold.wordCount("Don't stop, hard-working bee!") == 4)
        #expect(DemoGold.wordCount("") == 0)
    }
}
