internal import SeededRandom

/// Writes prompts and reads them back.
struct PromptWriter {
    let subjects: [Subject]

    /// `count` distinct prompts of an instruction about a subject, or all that a generous search finds.
    func prompts(
        _ instruction: Instruction, about subject: Subject, count: Int, random: inout SplitMix64
    ) -> [DemoPrompt] {
        var prompts: [DemoPrompt] = []
        var seen: Set<String> = []
        var tries = 0
        while prompts.count < count, tries < count * 40 {
            tries += 1
            let prompt = self.prompt(instruction, about: subject, random: &random)
            if seen.insert(prompt.text).inserted { prompts.append(prompt) }
        }
        return prompts
    }

    private func prompt(_ instruction: Instruction, about subject: Subject, random: inout SplitMix64) -> DemoPrompt {
        let forms = PromptForms.forms(instruction)
        let (pattern, situation) = forms[random.nextIndex(below: forms.count)]
        func one<Element>(_ list: [Element]) -> Element { list[random.nextIndex(below: list.count)] }
        let asked = Set(pattern.slots.map(\.name))
        let second = instruction == .compare ? one(partners(of: subject)) : nil
        let character = asked.contains(.character) ? one(StoryCharacter.all) : nil
        var detail = PromptDetail(character: character?.name, situation: situation)
        if asked.contains(.relation) { detail.relation = one(PromptDetail.relations) }
        if asked.contains(.item) { detail.item = one(PromptDetail.items) }
        if asked.contains(.event) { detail.item = one(PromptDetail.events) }
        if asked.contains(.goal) { detail.goal = one(PromptDetail.goals) }
        if asked.contains(.wish) { detail.wish = one(PromptDetail.wishes) }
        let cast = Cast(first: subject, second: second, detail: detail, characters: character.map { [$0] } ?? [])
        var writer = PatternWriter(cast: cast, random: &random)
        return DemoPrompt(
            text: writer.write(pattern, random: &random), instruction: instruction, subject: subject.name,
            otherSubject: second?.name, detail: detail)
    }

    /// What a subject may be compared with: anything else that comparisons may speak of.
    private func partners(of subject: Subject) -> [Subject] {
        subjects.filter { other in
            other.name != subject.name
                && !HeldOut.instructions.contains { $0.instruction == .compare && $0.subject == other.name }
        }
    }

    /// The prompt that a text is, or nil when it is not one of this world's.
    func read(_ text: String) -> DemoPrompt? {
        let named = subjects.filter { text.contains($0.name) || text.contains($0.all) }
        for instruction in Instruction.allCases {
            for (pattern, situation) in PromptForms.forms(instruction) {
                for first in named {
                    let seconds: [Subject?] = instruction == .compare ? named.filter { $0.name != first.name } : [nil]
                    for second in seconds {
                        for detail in details(asked: Set(pattern.slots.map(\.name)), situation: situation, in: text) {
                            let characters = StoryCharacter.all.filter { $0.name == detail.character }
                            let cast = Cast(first: first, second: second, detail: detail, characters: characters)
                            if PatternMatcher(text: text, cast: cast).read(as: pattern) != nil {
                                return DemoPrompt(
                                    text: text, instruction: instruction, subject: first.name,
                                    otherSubject: second?.name, detail: detail)
                            }
                        }
                    }
                }
            }
        }
        return nil
    }

    /// Every detail that the words of a prompt allow.
    private func details(asked: Set<Slot.Name>, situation: Situation?, in text: String) -> [PromptDetail] {
        var details = [PromptDetail(situation: situation)]
        func branch(_ slot: Slot.Name, _ field: WritableKeyPath<PromptDetail, String?>, _ values: [String]) {
            guard asked.contains(slot) else { return }
            let present = values.filter { text.contains($0) }
            details = details.flatMap { detail in
                present.map { value in
                    var detail = detail
                    detail[keyPath: field] = value
                    return detail
                }
            }
        }
        branch(.character, \.character, StoryCharacter.all.map(\.name))
        branch(.relation, \.relation, PromptDetail.relations)
        branch(.item, \.item, PromptDetail.items)
        branch(.event, \.item, PromptDetail.events)
        branch(.goal, \.goal, PromptDetail.goals)
        branch(.wish, \.wish, PromptDetail.wishes)
        return details
    }
}
