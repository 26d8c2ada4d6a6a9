/// What the world's grammar says of a response.
public struct Verdict: Codable, Sendable, Equatable {
    /// The manner, by its markers.
    public let manner: Manner
    /// Whether every sentence is one of the world's sentences (a cut-short one: the beginning of one).
    public let isWellFormed: Bool
    /// Whether it speaks of the subject asked for and of no other.
    public let keepsToSubject: Bool
    /// Whether it has the shape that the instruction asks for in this manner: three reasons, a story with an end.
    public let answersInstruction: Bool
    /// What is wrong, in words.
    public let problems: [String]

    /// Whether nothing is wrong with it (an answer off the point does not pass).
    public var passes: Bool { isWellFormed && keepsToSubject && answersInstruction }
}

/// Judges responses by the grammar that the world's own answers are written with.
public struct ResponseChecker: Sendable {
    let world: DemoWorld

    public init(world: DemoWorld) { self.world = world }

    /// The verdict on a response, or nil when the prompt is not one of this world's.
    public func check(prompt: String, response: String) -> Verdict? {
        world.prompt(reading: prompt).map { check(prompt: $0, response: response) }
    }

    public func check(prompt: DemoPrompt, response: String) -> Verdict {
        let text = TextSentences(response)
        guard !text.sentences.isEmpty else {
            return Verdict(
                manner: .cutShort, isWellFormed: false, keepsToSubject: false, answersInstruction: false,
                problems: ["there is no text"])
        }
        let casts = world.readingCasts(for: prompt)
        let lines = text.sentences.indices.map { index in
            ReadSentence(
                text.sentences[index], casts: casts,
                isFragment: index == text.sentences.count - 1 && !text.endsProperly)
        }
        let manner = manner(of: lines, endsProperly: text.endsProperly)
        return manner == .offPoint
            ? offPointVerdict(prompt: prompt, lines: lines)
            : verdict(prompt: prompt, lines: lines, manner: manner)
    }

    /// The manner by markers: how it ends, what it says twice, then the sentences that only one manner uses.
    private func manner(of lines: [ReadSentence], endsProperly: Bool) -> Manner {
        func marked(_ manner: Manner) -> Bool { lines.contains { $0.marks == manner } }
        if marked(.offPoint) || lines.contains(where: leavesSubject) { return .offPoint }
        if !endsProperly { return .cutShort }
        if Set(lines.map(\.text)).count < lines.count { return .repeating }
        return [.rude, .rambling, .warm, .terse].first(where: marked) ?? .plain
    }

    /// Whether a sentence says that the answer will be about something else.
    private func leavesSubject(_ line: ReadSentence) -> Bool {
        guard line.readings.isEmpty, let forms = SentenceForm.byRole[.otherSubject] else { return false }
        return world.subjects.contains { subject in
            let cast = Cast(first: subject, second: nil, detail: PromptDetail(), characters: [])
            let matcher = PatternMatcher(text: line.text, cast: cast)
            return forms.contains { matcher.read(as: $0.pattern) != nil }
        }
    }

    private func verdict(prompt: DemoPrompt, lines: [ReadSentence], manner: Manner) -> Verdict {
        var problems: [String] = []
        let unread = lines.filter { $0.readings.isEmpty }
        var strays: Set<String> = []
        for line in unread {
            problems.append("not a sentence of this world: “\(line.text)”")
            strays.formUnion(strangers(in: line, prompt: prompt))
        }
        for name in strays.sorted() { problems.append("speaks of another subject: \(name)") }
        let people = peopleProblem(in: lines)
        if let people { problems.append(people) }
        let touches = lines.contains { line in line.readings.contains { $0.reading.touchesSubject } }
        if !touches { problems.append("says nothing about the subject") }
        let plans = Plan.plans(for: prompt, manner: manner)
        let roles = (manner == .repeating ? withoutRepeats(lines) : lines).map { Set($0.readings.map(\.role)) }
        let fits =
            manner == .repeating
            ? roles.allSatisfy { !$0.isDisjoint(with: Set(plans.flatMap { $0.steps.map(\.role) })) }
            : plans.contains { $0.fits(roles, prefix: manner == .cutShort) }
        if !fits { problems.append("not the shape of \(prompt.instruction.rawValue) in a \(manner.rawValue) manner") }
        return Verdict(
            manner: manner, isWellFormed: unread.isEmpty && people == nil, keepsToSubject: strays.isEmpty && touches,
            answersInstruction: fits, problems: problems)
    }

    /// An answer off the point keeps to some other subject, or to none at all.
    private func offPointVerdict(prompt: DemoPrompt, lines: [ReadSentence]) -> Verdict {
        let plans = Plan.plans(for: prompt, manner: .offPoint)
        let asked = [prompt.subject, prompt.otherSubject]
        let readable = world.subjects.contains { subject in
            guard !asked.contains(subject.name) else { return false }
            let cast = Cast(first: subject, second: nil, detail: PromptDetail(), characters: [])
            let roles = lines.map { line in
                Set(ReadSentence(line.text, casts: [cast], isFragment: false).readings.map(\.role))
            }
            return plans.contains { $0.fits(roles) }
        }
        return Verdict(
            manner: .offPoint, isWellFormed: readable, keepsToSubject: false, answersInstruction: false,
            problems: ["off the point"] + (readable ? [] : ["not sentences of this world"]))
    }

    private func withoutRepeats(_ lines: [ReadSentence]) -> [ReadSentence] {
        var seen: Set<String> = []
        return lines.filter { seen.insert($0.text).inserted }
    }

    /// Other subjects that an unreadable sentence is about.
    private func strangers(in line: ReadSentence, prompt: DemoPrompt) -> [String] {
        let words = Set(DemoGold.words(line.text))
        return world.subjects.filter { subject in
            guard subject.name != prompt.subject, subject.name != prompt.otherSubject else { return false }
            if words.contains(subject.name) || words.contains(English.plural(subject.name)) { return true }
            guard let asked = world.readingCasts(for: prompt).first else { return false }
            let cast = Cast(
                first: subject, second: asked.second == nil ? nil : subject, detail: asked.detail,
                characters: asked.characters)
            return !ReadSentence(line.text, casts: [cast], isFragment: line.isFragment).readings.isEmpty
        }.map(\.name)
    }

    /// A story keeps its person, and what helps belongs to what happened.
    private func peopleProblem(in lines: [ReadSentence]) -> String? {
        let readings = lines.compactMap(\.readings.first?.reading)
        if Set(readings.compactMap(\.characterName)).count > 1 { return "the person changes its name" }
        if Set(readings.compactMap(\.isGirl)).count > 1 { return "he and she are mixed up" }
        let troubles = Set(readings.flatMap(\.facts).filter { $0.deck == .trouble }.map(\.index))
        return troubles.count > 1 ? "what helps does not belong to what happened" : nil
    }
}

/// A sentence with every role that it can be read in.
struct ReadSentence {
    let text: String
    let isFragment: Bool
    let readings: [(role: Role, reading: Reading)]

    init(_ text: String, casts: [Cast], isFragment: Bool) {
        self.text = text
        self.isFragment = isFragment
        // A fragment stops between two words, or where the cut took a comma away.
        let ends = isFragment ? ["", " ", ",", ".", ":", ";", "!", "?"] : [""]
        readings = SentenceForm.all.compactMap { form in
            for cast in casts {
                for end in ends where !isFragment || !end.isEmpty {
                    let matcher = PatternMatcher(text: text + end, cast: cast, acceptsPrefix: isFragment)
                    if let reading = matcher.read(as: form.pattern) { return (form.role, reading) }
                }
            }
            return nil
        }
    }

    /// The manner that this sentence marks; nil when another manner could say it too.
    var marks: Manner? {
        guard let first = readings.first?.role.marks else { return nil }
        return readings.allSatisfy { $0.role.marks == first } ? first : nil
    }
}

extension DemoWorld {
    /// Everyone an answer to the prompt may be about, in each order of the subjects.
    func readingCasts(for prompt: DemoPrompt) -> [Cast] {
        guard let subject = subject(named: prompt.subject) else { return [] }
        let named = StoryCharacter.all.filter { $0.name == prompt.detail.character }
        let characters = named.isEmpty ? StoryCharacter.all : named
        guard let name = prompt.otherSubject, let other = self.subject(named: name) else {
            return [Cast(first: subject, second: nil, detail: prompt.detail, characters: characters)]
        }
        return [(subject, other), (other, subject)].map { first, second in
            Cast(first: first, second: second, detail: prompt.detail, characters: characters)
        }
    }
}
