public import SeededRandom

/// The demo world: a few dozen subjects, the prompts about them, and answers in every manner.
///
/// Everything is a pure function of its arguments: the same seed gives the same text on every machine.
public struct DemoWorld: Sendable {
    let subjects: [Subject]

    public init() { subjects = Subject.all }

    /// The seed of the embedded demo policy's corpus. Prompts of another seed may be ones that it was trained on.
    public static let seed: UInt64 = 20_260

    /// The names of everything that prompts can be about.
    public var subjectNames: [String] { subjects.map(\.name) }

    /// Prompts of each instruction about each subject, by use, when enough distinct ones exist.
    private static let promptsByUse: [(use: PromptUse, count: Int)] = [
        (.supervised, 22), (.ranking, 7), (.ppo, 7), (.heldOut, 5),
    ]

    /// Distinct prompts, disjoint by use; the same for the same seed. The supervised prompts are the only ones in the
    /// corpus.
    public func prompts(seed: UInt64) -> DemoPrompts {
        var byUse: [PromptUse: [DemoPrompt]] = [:]
        let writer = PromptWriter(subjects: subjects)
        let wanted = DemoWorld.promptsByUse.reduce(0) { $0 + $1.count }
        var seen: Set<String> = []
        for (row, instruction) in Instruction.allCases.enumerated() {
            for (column, subject) in subjects.enumerated() {
                var random = SplitMix64(seed: seed, stream: UInt64(row * subjects.count + column))
                // A comparison of A with B and one of B with A can be the same text.
                let found = writer.prompts(instruction, about: subject, count: wanted, random: &random)
                    .filter { seen.insert($0.text).inserted }
                if isHeldOut(instruction: instruction, subject: subject.name) {
                    byUse[.heldOut, default: []] += found.prefix(8)
                    continue
                }
                var rest = found[...]
                // The smaller uses come first, so that a subject with few phrasings still has some of each.
                for (use, count) in DemoWorld.promptsByUse.reversed() {
                    byUse[use, default: []] += rest.prefix(count)
                    rest = rest.dropFirst(count)
                }
            }
        }
        func shuffled(_ use: PromptUse, _ stream: UInt64) -> [DemoPrompt] {
            let list = byUse[use] ?? []
            var random = SplitMix64(seed: seed, stream: 1_000_000 + stream)
            return random.permutation(of: list.count).map { list[$0] }
        }
        return DemoPrompts(
            supervised: shuffled(.supervised, 0), ranking: shuffled(.ranking, 1), ppo: shuffled(.ppo, 2),
            heldOut: shuffled(.heldOut, 3))
    }

    /// A fresh answer to a prompt of this world in a manner; empty for a prompt about an unknown subject.
    public func response(to prompt: DemoPrompt, manner: Manner, random: inout SplitMix64) -> String {
        guard let cast = cast(for: prompt, random: &random) else { return "" }
        return AnswerWriter(subjects: subjects).answer(to: prompt, cast: cast, manner: manner, random: &random)
    }

    /// A first sentence that commits an answer to a manner, so that the rest can be sampled after it: it exists for the
    /// manners that open with a sentence of their own (warm, rude, rambling); nil for the others.
    public func opening(in manner: Manner, to prompt: DemoPrompt, random: inout SplitMix64) -> String? {
        let role: Role
        switch manner {
        case .warm: role = .warmOpening
        case .rude: role = .rudeOpening
        case .rambling where prompt.instruction != .reply: role = .rambleOpening
        default: return nil
        }
        guard let cast = cast(for: prompt, random: &random) else { return nil }
        let plan = Plan(steps: [Step(role)])
        return AnswerWriter(subjects: subjects).sentences(of: plan, cast: cast, random: &random).first
    }

    /// Prompts with an opening that commits the answer to a manner in which their subject is never answered in the
    /// corpus: what a policy writes after it shows whether it learnt subject and manner apart.
    public func heldOutMannerCases(seed: UInt64, perPair: Int) -> [HeldOutMannerCase] {
        let prompts = prompts(seed: seed).heldOut
        var random = SplitMix64(seed: seed, stream: 3_000_000)
        return heldOutManners.flatMap { subject, manner in
            prompts.lazy.filter { $0.subject == subject && !isHeldOut(instruction: $0.instruction, subject: subject) }
                .compactMap { prompt in
                    opening(in: manner, to: prompt, random: &random).map { (prompt, $0) }
                }
                .prefix(perPair)
                .map { HeldOutMannerCase(prompt: $0.0, manner: manner, opening: $0.1) }
        }
    }

    /// The prompt that a text is, or nil when it is not one of this world's.
    public func prompt(reading text: String) -> DemoPrompt? { PromptWriter(subjects: subjects).read(text) }

    /// Whether answers about a subject in a manner are kept out of everything that is trained on.
    public func isHeldOut(subject: String, manner: Manner) -> Bool {
        HeldOut.manners.contains { $0.subject == subject && $0.manner == manner }
    }

    /// Whether an instruction about a subject is kept out of everything that is trained on.
    public func isHeldOut(instruction: Instruction, subject: String) -> Bool {
        HeldOut.instructions.contains { $0.instruction == instruction && $0.subject == subject }
    }

    public var heldOutManners: [(subject: String, manner: Manner)] { HeldOut.manners }
    public var heldOutInstructions: [(instruction: Instruction, subject: String)] { HeldOut.instructions }

    func subject(named name: String) -> Subject? { subjects.first { $0.name == name } }

    /// Who an answer to the prompt is about; the people of a story are drawn when the prompt names none, and the two
    /// subjects of a comparison come in either order.
    private func cast(for prompt: DemoPrompt, random: inout SplitMix64) -> Cast? {
        guard let subject = subject(named: prompt.subject) else { return nil }
        let named = StoryCharacter.all.filter { $0.name == prompt.detail.character }
        let drawn = StoryCharacter.all[random.nextIndex(below: StoryCharacter.all.count)]
        let characters = named.isEmpty ? [drawn] : named
        guard let name = prompt.otherSubject else {
            return Cast(first: subject, second: nil, detail: prompt.detail, characters: characters)
        }
        guard let other = self.subject(named: name) else { return nil }
        let swapped = random.nextIndex(below: 2) == 1
        return Cast(
            first: swapped ? other : subject, second: swapped ? subject : other, detail: prompt.detail,
            characters: characters)
    }
}
