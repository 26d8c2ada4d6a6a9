internal import SeededRandom

/// A prompt with an answer in a known manner.
public struct Demonstration: Codable, Hashable, Sendable {
    public let prompt: DemoPrompt
    public let response: String
    public let manner: Manner

    /// The conversation as one line of the corpus.
    public var document: String { "<|user|>\(prompt.text)<|assistant|>\(response)<|end|>" }
}

/// How much of each part a corpus has.
public struct CorpusSizes: Codable, Sendable, Equatable {
    /// Paragraphs of facts about one subject.
    public var factDocuments: Int
    /// Stories without a prompt.
    public var stories: Int
    /// Conversations that pretraining reads.
    public var conversations: Int
    /// Conversations that supervised fine-tuning reads.
    public var demonstrations: Int

    public init(
        factDocuments: Int = 4_000, stories: Int = 4_000, conversations: Int = 70_000, demonstrations: Int = 24_000
    ) {
        self.factDocuments = factDocuments
        self.stories = stories
        self.conversations = conversations
        self.demonstrations = demonstrations
    }
}

/// Everything that the training of the demo policy reads.
public struct DemoCorpus: Sendable {
    /// What pretraining reads, in a shuffled order: one line each, ending in `<|end|>`; a conversation is
    /// `<|user|>…<|assistant|>…<|end|>`.
    public let documents: [String]
    /// What supervised fine-tuning reads. All prompts are of the use `supervised`.
    public let demonstrations: [Demonstration]
    public let prompts: DemoPrompts
    /// The conversations among `documents`.
    public let conversations: [Demonstration]

    /// Every response that training reads, for the share of samples that stand in it word for word.
    public var responseTexts: Set<String> {
        Set(conversations.map(\.response)).union(demonstrations.map(\.response))
    }
}

extension DemoWorld {
    /// Writes the corpus of a seed.
    public func corpus(seed: UInt64, sizes: CorpusSizes = CorpusSizes()) -> DemoCorpus {
        let prompts = prompts(seed: seed)
        var conversationRandom = SplitMix64(seed: seed, stream: 2_000_001)
        var demonstrationRandom = SplitMix64(seed: seed, stream: 2_000_002)
        var documentRandom = SplitMix64(seed: seed, stream: 2_000_003)
        let conversations = demonstrations(sizes.conversations, prompts: prompts, random: &conversationRandom)
        let demonstrations = demonstrations(sizes.demonstrations, prompts: prompts, random: &demonstrationRandom)
        var documents = conversations.map(\.document)
        for _ in 0..<sizes.factDocuments { documents.append(factDocument(random: &documentRandom)) }
        for _ in 0..<sizes.stories { documents.append(storyDocument(random: &documentRandom)) }
        let order = documentRandom.permutation(of: documents.count)
        return DemoCorpus(
            documents: order.map { documents[$0] }, demonstrations: demonstrations, prompts: prompts,
            conversations: conversations)
    }

    /// Answers to supervised prompts; every prompt comes up equally often, give or take one.
    private func demonstrations(
        _ count: Int, prompts: DemoPrompts, random: inout SplitMix64
    ) -> [Demonstration] {
        var list: [Demonstration] = []
        list.reserveCapacity(count)
        var order: [Int] = []
        guard !prompts.supervised.isEmpty else { return [] }
        while list.count < count {
            if order.isEmpty { order = random.permutation(of: prompts.supervised.count) }
            let prompt = prompts.supervised[order.removeLast()]
            let manner = drawManner(for: prompt, random: &random)
            let response = response(to: prompt, manner: manner, random: &random)
            list.append(Demonstration(prompt: prompt, response: response, manner: manner))
        }
        return list
    }

    /// A manner by its share among those that the prompt's subjects may be answered in.
    private func drawManner(for prompt: DemoPrompt, random: inout SplitMix64) -> Manner {
        let allowed = Manner.allCases.filter { manner in
            !isHeldOut(subject: prompt.subject, manner: manner)
                && !(prompt.otherSubject.map { isHeldOut(subject: $0, manner: manner) } ?? false)
        }
        var rest = random.nextUnit() * allowed.reduce(0) { $0 + $1.share }
        for manner in allowed {
            rest -= manner.share
            if rest < 0 { return manner }
        }
        return .plain
    }

    /// A paragraph about one subject, without anybody asking for it.
    private func factDocument(random: inout SplitMix64) -> String {
        let subject = subjects[random.nextIndex(below: subjects.count)]
        let cast = Cast(first: subject, second: nil, detail: PromptDetail(), characters: [])
        var writer = PatternWriter(cast: cast, random: &random)
        let title = writer.write(DemoWorld.factTitle, random: &random)
        let plan = Plan(steps: [Step(.fact, 3...6), Step(.glow, 0...1)])
        let facts = AnswerWriter(subjects: subjects).sentences(of: plan, cast: cast, random: &random)
        return ([title] + facts).joined(separator: " ") + "<|end|>"
    }

    private static let factTitle = Pattern("[Some facts about|A few words about|All about|Notes on] {all}.")

    /// A story about a subject that stories may be about.
    private func storyDocument(random: inout SplitMix64) -> String {
        let allowed = subjects.filter { !isHeldOut(instruction: .story, subject: $0.name) }
        let subject = allowed[random.nextIndex(below: allowed.count)]
        let character = StoryCharacter.all[random.nextIndex(below: StoryCharacter.all.count)]
        let cast = Cast(first: subject, second: nil, detail: PromptDetail(), characters: [character])
        var writer = PatternWriter(cast: cast, random: &random)
        let title = writer.write(DemoWorld.storyTitle, random: &random)
        let prompt = DemoPrompt(
            text: "", instruction: .story, subject: subject.name, otherSubject: nil, detail: PromptDetail())
        let story = AnswerWriter(subjects: subjects).answer(to: prompt, cast: cast, manner: .plain, random: &random)
        return title + " " + story + "<|end|>"
    }

    private static let storyTitle = Pattern("[The story of {Name} and {the}|{Name} and {the}|A story about {S}].")
}
