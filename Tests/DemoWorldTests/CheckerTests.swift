import DemoWorld
import SeededRandom
import Testing

@Suite struct CheckerTests {
    private let world = DemoWorld()
    private var checker: ResponseChecker { ResponseChecker(world: world) }

    private func samples(_ manner: Manner, count: Int, seed: UInt64) -> [(prompt: DemoPrompt, response: String)] {
        var random = SplitMix64(seed: seed)
        return world.prompts(seed: 7).heldOut.prefix(count).map { prompt in
            (prompt, world.response(to: prompt, manner: manner, random: &random))
        }
    }

    @Test(arguments: Manner.allCases) func acceptsWhatTheWorldWritesAndKnowsItsManner(manner: Manner) {
        for (prompt, response) in samples(manner, count: 150, seed: 21) {
            let verdict = checker.check(prompt: prompt, response: response)
            #expect(verdict.manner == manner, "\(prompt.text) → \(response)")
            if manner == .offPoint {
                #expect(verdict.isWellFormed && !verdict.passes, "\(prompt.text) → \(response)")
            } else {
                #expect(verdict.passes, "\(prompt.text) → \(response) \(verdict.problems)")
            }
        }
    }

    @Test func refusesAnAnswerAboutAnotherSubject() {
        let prompts = world.prompts(seed: 7).heldOut.filter { $0.instruction == .describe }
        var random = SplitMix64(seed: 3)
        for (asked, other) in zip(prompts, prompts.dropFirst()) where asked.subject != other.subject {
            let response = world.response(to: other, manner: .plain, random: &random)
            let verdict = checker.check(prompt: asked, response: response)
            #expect(!verdict.passes, "\(asked.text) → \(response)")
            #expect(!verdict.keepsToSubject, "\(asked.text) → \(response) \(verdict.problems)")
        }
    }

    @Test func refusesAChangedWord() {
        for (prompt, response) in samples(.plain, count: 200, seed: 9) {
            var words = response.split(separator: " ").map(String.init)
            words[words.count / 2] = "blorp"
            #expect(!checker.check(prompt: prompt, response: words.joined(separator: " ")).isWellFormed)
        }
    }

    @Test func refusesWordsInTheWrongOrder() {
        for (prompt, response) in samples(.plain, count: 200, seed: 10) {
            let words = response.split(separator: " ").map(String.init)
            let swapped = [words[1], words[0]] + words.dropFirst(2)
            guard swapped[0].lowercased() != words[0].lowercased() else { continue }
            #expect(
                !checker.check(prompt: prompt, response: swapped.joined(separator: " ")).passes, "\(swapped.joined())")
        }
    }

    @Test func refusesTwoReasonsWhereThreeAreAsked() throws {
        let prompt = try #require(world.prompt(reading: "What are three reasons to like cats?"))
        let two = "First, it keeps you company. Second, it is soft."
        let three = two + " Third, it has green eyes."
        #expect(checker.check(prompt: prompt, response: three).passes)
        let verdict = checker.check(prompt: prompt, response: two)
        #expect(verdict.isWellFormed && verdict.keepsToSubject && !verdict.answersInstruction)
    }

    @Test func refusesAStoryWithoutAnEnd() throws {
        let prompt = try #require(world.prompt(reading: "Tell me a short story about a cat."))
        let story = "One day, Mia saw a cat by the fire. But one day the cat was afraid of the thunder."
        #expect(!checker.check(prompt: prompt, response: story).answersInstruction)
        let whole = story + " Mia wrapped it in a blanket. That night, Mia smiled and felt calm."
        #expect(checker.check(prompt: prompt, response: whole).passes)
        let otherHelp = story + " Mia brought a long ladder. That night, Mia smiled and felt calm."
        #expect(!checker.check(prompt: prompt, response: otherHelp).passes)
        let otherName = story + " Ada wrapped it in a blanket. That night, Mia smiled and felt calm."
        #expect(!checker.check(prompt: prompt, response: otherName).passes)
    }

    @Test func refusesAStoryAboutSomebodyElseThanThePromptNamed() throws {
        let prompt = try #require(world.prompt(reading: "Tell me a short story about a cat and a girl named Ada."))
        let story =
            "One day, Mia saw a cat by the fire. But one day the cat was afraid of the thunder. "
            + "Mia wrapped it in a blanket. That night, Mia smiled and felt calm."
        #expect(!checker.check(prompt: prompt, response: story).passes)
        let right = story.replacing("Mia", with: "Ada")
        #expect(checker.check(prompt: prompt, response: right).passes)
    }

    @Test func emptyTextDoesNotPass() throws {
        let prompt = try #require(world.prompt(reading: "Describe a cat."))
        for text in ["", "   ", "...", "🐈", "<|end|>"] {
            #expect(!checker.check(prompt: prompt, response: text).passes)
        }
        #expect(checker.check(prompt: "What is the capital of France?", response: "Paris.") == nil)
    }

    @Test func aPromptIsReadBackFromItsText() {
        let prompts = world.prompts(seed: 7)
        for prompt in prompts.heldOut.prefix(300) + prompts.supervised.prefix(300) {
            #expect(world.prompt(reading: prompt.text) == prompt, "\(prompt.text)")
        }
        #expect(world.prompt(reading: "Describe a unicorn.") == nil)
    }

    @Test(arguments: [Manner.warm, .rude, .rambling])
    func anOpeningCommitsAnAnswerToItsManner(manner: Manner) throws {
        var random = SplitMix64(seed: 2)
        for prompt in world.prompts(seed: 7).heldOut.prefix(60) where prompt.instruction != .reply {
            let opening = try #require(world.opening(in: manner, to: prompt, random: &random))
            #expect(checker.check(prompt: prompt, response: opening).manner == manner, "\(opening)")
        }
    }

    @Test func heldOutMannerCasesCoverEveryPair() {
        let cases = world.heldOutMannerCases(seed: 7, perPair: 4)
        #expect(cases.count == world.heldOutManners.count * 4)
        for one in cases {
            #expect(world.isHeldOut(subject: one.prompt.subject, manner: one.manner))
            #expect(checker.check(prompt: one.prompt, response: one.opening).manner == one.manner)
        }
    }

    @Test func theReportCountsSharesOverResponses() {
        let good = samples(.plain, count: 60, seed: 1)
        let off = samples(.offPoint, count: 20, seed: 2)
        let broken = good.prefix(20).map { (prompt: $0.prompt, response: "Blorp is " + $0.response) }
        let report = PolicyReport(
            pairs: good + off + broken, corpus: Set(good.prefix(10).map(\.response)), checker: checker)
        #expect(report.responses == 100)
        #expect(abs(report.passShare - 60.0 / 80) < 1e-9)
        #expect(abs(report.verbatimShare - 0.1) < 1e-9)
        #expect(abs((report.mannerShares["off-point"] ?? 0) - 0.2) < 1e-9)
        #expect(report.examples.count == 12)
        // Exactly at its bounds it keeps them.
        let subject = report.subjectShare
        #expect(report.missed(minimumSubjectShare: subject, maximumVerbatimShare: report.verbatimShare).isEmpty)
        let missed = report.missed(minimumSubjectShare: subject + 0.01, maximumVerbatimShare: 0.09)
        #expect(missed.count == 2)
        #expect(missed.last?.contains("10.0% of the responses stand word for word in the corpus") == true)
    }
}
