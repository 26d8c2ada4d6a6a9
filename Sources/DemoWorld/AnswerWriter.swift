internal import SeededRandom

/// Writes answers: picks a plan, then sentence forms, then fills them with facts.
struct AnswerWriter {
    let subjects: [Subject]

    /// A fresh answer to `prompt` in `manner`.
    func answer(to prompt: DemoPrompt, cast: Cast, manner: Manner, random: inout SplitMix64) -> String {
        let plans = Plan.plans(for: prompt, manner: manner)
        let plan = plans[random.nextIndex(below: plans.count)]
        switch manner {
        case .warm, .plain, .terse, .rambling, .rude:
            return sentences(of: plan, cast: cast, random: &random).joined(separator: " ")
        case .offPoint:
            let other = otherSubject(than: cast, random: &random)
            let otherCast = Cast(first: other, second: nil, detail: PromptDetail(), characters: cast.characters)
            return sentences(of: plan, cast: otherCast, random: &random).joined(separator: " ")
        case .repeating:
            return repeated(sentences(of: plan, cast: cast, random: &random), random: &random).joined(separator: " ")
        case .cutShort:
            return cut(sentences(of: plan, cast: cast, random: &random), random: &random)
        }
    }

    /// The sentences of a plan; no sentence comes twice.
    func sentences(of plan: Plan, cast: Cast, random: inout SplitMix64) -> [String] {
        var writer = PatternWriter(cast: cast, random: &random)
        var sentences: [String] = []
        for step in plan.steps {
            let forms = SentenceForm.byRole[step.role] ?? []
            var order: [Int] = []
            for _ in 0..<count(of: step, random: &random) {
                if order.isEmpty { order = random.permutation(of: forms.count) }
                let form = forms[order.removeLast()]
                var sentence = writer.write(form.pattern, random: &random)
                var tries = 0
                while sentences.contains(sentence), tries < 20 {
                    sentence = writer.write(forms[random.nextIndex(below: forms.count)].pattern, random: &random)
                    tries += 1
                }
                sentences.append(sentence)
            }
        }
        return sentences
    }

    private func count(of step: Step, random: inout SplitMix64) -> Int {
        if step.count.lowerBound > 0 {
            return step.count.lowerBound + random.nextIndex(below: step.count.count)
        }
        guard random.nextUnit() < step.chance else { return 0 }
        return 1 + random.nextIndex(below: step.count.upperBound)
    }

    private func otherSubject(than cast: Cast, random: inout SplitMix64) -> Subject {
        let others = subjects.filter { $0.name != cast.first.name && $0.name != cast.second?.name }
        return others[random.nextIndex(below: others.count)]
    }

    /// Says the same again: one sentence over and over, two in turn, or the end of the answer three times.
    private func repeated(_ sentences: [String], random: inout SplitMix64) -> [String] {
        let times = 2 + random.nextIndex(below: 2)
        switch random.nextIndex(below: 3) {
        case 0:
            let kept = Array(sentences.prefix(2))
            guard let last = kept.last else { return sentences }
            return kept + Array(repeating: last, count: times)
        case 1:
            let pair = Array(sentences.prefix(2))
            return Array(repeating: pair, count: 2).flatMap { $0 } + pair.prefix(random.nextIndex(below: 2))
        default:
            guard let last = sentences.last else { return sentences }
            return sentences.prefix(3) + Array(repeating: sentences.count > 3 ? sentences[2] : last, count: times - 1)
        }
    }

    /// Stops in the middle: after the first sentence, at 40% to 90% of the words, never with a full stop.
    private func cut(_ sentences: [String], random: inout SplitMix64) -> String {
        let words = sentences.flatMap { $0.split(separator: " ") }
        let opening = sentences.first?.split(separator: " ").count ?? 0
        let low = min(max(opening + 1, words.count * 2 / 5), words.count - 1)
        let high = max(low + 1, words.count * 9 / 10)
        let kept = words.prefix(low + random.nextIndex(below: high - low)).joined(separator: " ")
        return String(kept.reversed().drop { ".,!?;:".contains($0) }.reversed())
    }
}
