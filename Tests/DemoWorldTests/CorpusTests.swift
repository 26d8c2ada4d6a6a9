import DemoWorld
import SeededRandom
import Testing

/// A small corpus, made once a test.
private func smallCorpus(seed: UInt64 = 3) -> DemoCorpus {
    DemoWorld().corpus(
        seed: seed, sizes: CorpusSizes(factDocuments: 200, stories: 200, conversations: 6_000, demonstrations: 3_000))
}

@Suite struct CorpusTests {
    @Test func theSameSeedWritesTheSameCorpusAndAnotherSeedAnotherOne() {
        let first = smallCorpus()
        let second = smallCorpus()
        #expect(first.documents == second.documents)
        #expect(first.demonstrations == second.demonstrations)
        #expect(first.prompts.heldOut == second.prompts.heldOut)
        #expect(smallCorpus(seed: 4).documents != first.documents)
    }

    @Test func noPromptHasTwoUses() {
        let prompts = DemoWorld().prompts(seed: 7)
        var seen: Set<String> = []
        var count = 0
        for use in PromptUse.allCases {
            count += prompts[use].count
            seen.formUnion(prompts[use].map(\.text))
        }
        #expect(seen.count == count)
        #expect(prompts.supervised.count > 5_000)
        #expect(prompts.ranking.count > 1_500)
        #expect(prompts.ppo.count > 1_500)
        #expect(prompts.heldOut.count > 1_000)
    }

    @Test func everyUseHasEveryInstructionInEqualParts() {
        let prompts = DemoWorld().prompts(seed: 7)
        for use in PromptUse.allCases {
            let list = prompts[use]
            for instruction in Instruction.allCases {
                let share = Double(list.count { $0.instruction == instruction }) / Double(list.count)
                #expect(abs(share - 1.0 / 7) < 0.02, "\(use.rawValue) \(instruction.rawValue) \(share)")
            }
        }
    }

    @Test func trainingTextHoldsNoPromptOfAnotherUse() {
        let corpus = smallCorpus()
        let supervised = Set(corpus.prompts.supervised.map(\.text))
        #expect((corpus.conversations + corpus.demonstrations).allSatisfy { supervised.contains($0.prompt.text) })
    }

    @Test func heldOutCombinationsAreInNothingThatIsTrainedOn() {
        let world = DemoWorld()
        let corpus = smallCorpus()
        #expect(world.heldOutManners.count == 12)
        #expect(world.heldOutInstructions.count == 14)
        for one in corpus.conversations + corpus.demonstrations {
            for subject in [one.prompt.subject, one.prompt.otherSubject].compactMap({ $0 }) {
                #expect(!world.isHeldOut(subject: subject, manner: one.manner))
                #expect(!world.isHeldOut(instruction: one.prompt.instruction, subject: subject))
            }
        }
        for (instruction, subject) in world.heldOutInstructions {
            #expect(corpus.prompts.heldOut.count { $0.instruction == instruction && $0.subject == subject } >= 5)
        }
    }

    @Test func mannersHaveTheirShares() {
        #expect(abs(Manner.allCases.reduce(0) { $0 + $1.share } - 1) < 1e-12)
        let statistics = smallCorpus().statistics
        for manner in Manner.allCases {
            let share = statistics.mannerShares[manner.rawValue] ?? 0
            #expect(abs(share - manner.share) < 0.025, "\(manner.rawValue) \(share)")
        }
    }

    @Test func documentsAreOneLineEachAndEndInTheEndToken() {
        let documents = smallCorpus().documents
        #expect(documents.count == 6_400)
        for document in documents {
            #expect(document.hasSuffix("<|end|>"))
            #expect(!document.contains("\n"))
            #expect(!document.contains("  "), "two spaces in “\(document)”")
            #expect(!document.contains(" ."))
            #expect(!document.contains("{") && !document.contains("["))
        }
    }

    @Test func aPromptHasThousandsOfAnswersInEachManner() throws {
        let world = DemoWorld()
        let prompts = world.prompts(seed: 7).supervised
        for instruction in Instruction.allCases {
            let prompt = try #require(prompts.first { $0.instruction == instruction })
            for manner in Manner.allCases {
                var random = SplitMix64(seed: 11, stream: UInt64(manner.rawValue.count))
                let answers = Set(
                    (0..<1_000).map { _ in
                        world.response(to: prompt, manner: manner, random: &random)
                    })
                // Terse and rude answers and those to a letter have the fewest forms; others hardly ever come twice.
                let isNarrow = manner == .terse || manner == .rude || instruction == .reply
                let least = isNarrow ? 450 : 900
                #expect(answers.count >= least, "\(instruction.rawValue) \(manner.rawValue): \(answers.count)")
            }
        }
    }

    @Test func freshAnswersSeldomStandInTheCorpus() {
        let world = DemoWorld()
        let corpus = smallCorpus()
        let texts = corpus.responseTexts
        var random = SplitMix64(seed: 5)
        let prompts = corpus.prompts.heldOut.prefix(500)
        let fresh = prompts.flatMap { prompt in
            Manner.allCases.map { world.response(to: prompt, manner: $0, random: &random) }
        }
        #expect(fresh.count { texts.contains($0) } * 50 < fresh.count)
    }

    @Test func answersAreShort() {
        let statistics = smallCorpus().statistics
        for (manner, words) in statistics.meanWordsByManner {
            #expect((8...75).contains(words), "\(manner) \(words)")
        }
        let longest = smallCorpus().demonstrations.map { DemoGold.wordCount($0.response) }.max() ?? 0
        #expect(longest <= 130)
    }
}
