/// What a sentence said, when it is read as one of the world's forms.
struct Reading: Sendable, Equatable {
    struct Fact: Sendable, Equatable {
        let owner: Owner
        let deck: Deck
        let index: Int
    }
    var facts: [Fact] = []
    /// The person that is named or meant; a pronoun alone leaves the sex only.
    var characterName: String?
    var isGirl: Bool?
    /// Whether the subject was named or a fact about it was given.
    var touchesSubject = false

    /// Takes note of a person; false when it is not the one spoken of so far.
    mutating func take(_ character: StoryCharacter, named: Bool) -> Bool {
        if let isGirl, isGirl != character.isGirl { return false }
        isGirl = character.isGirl
        guard named else { return true }
        if let characterName, characterName != character.name { return false }
        characterName = character.name
        return true
    }
}

/// Reads text as a pattern, with backtracking. A class, because its closures hold it at every step.
final class PatternMatcher {
    let cast: Cast
    private let text: [UInt8]
    /// Whether text that ends in the middle of the pattern counts.
    private let acceptsPrefix: Bool

    init(text: String, cast: Cast, acceptsPrefix: Bool = false) {
        self.text = Array(text.utf8)
        self.cast = cast
        self.acceptsPrefix = acceptsPrefix
    }

    /// The first way to read the whole text as the pattern, or nil.
    func read(as pattern: Pattern) -> Reading? {
        guard let first = text.first, pattern.mayStart(with: first) else { return nil }
        var result: Reading?
        _ = match(pattern.nodes[...], at: 0, Reading()) { end, reading in
            guard end == text.count else { return false }
            result = reading
            return true
        }
        return result
    }

    private typealias Continuation = (Int, Reading) -> Bool

    private func match(
        _ nodes: ArraySlice<Pattern.Node>, at position: Int, _ reading: Reading, _ then: Continuation
    ) -> Bool {
        guard let node = nodes.first else { return then(position, reading) }
        let rest = nodes.dropFirst()
        switch node {
        case .text(let bytes):
            guard let end = advance(over: bytes, from: position) else { return false }
            if end == text.count, acceptsPrefix { return then(end, reading) }
            return match(rest, at: end, reading, then)
        case .choice(let branches):
            return branches.contains { branch in
                match(branch[...], at: position, reading) { end, reading in
                    if end == text.count, acceptsPrefix { return then(end, reading) }
                    return match(rest, at: end, reading, then)
                }
            }
        case .slot(let slot):
            return slot.deck == nil
                ? matchWord(slot, rest, at: position, reading, then)
                : matchFact(slot, rest, at: position, reading, then)
        }
    }

    private func matchFact(
        _ slot: Slot, _ rest: ArraySlice<Pattern.Node>, at position: Int, _ reading: Reading, _ then: Continuation
    ) -> Bool {
        guard let deck = slot.deck, let subject = cast.subject(slot.owner) else { return false }
        for (index, form) in subject.forms(slot.name).enumerated() {
            guard let end = advance(over: form, from: position) else { continue }
            let fact = Reading.Fact(owner: slot.owner, deck: deck, index: index)
            // A sentence that says the same thing twice is not one of the world's sentences.
            if deck != .trouble, reading.facts.contains(fact) { continue }
            var next = reading
            next.facts.append(fact)
            next.touchesSubject = true
            if end == text.count, acceptsPrefix { return then(end, next) }
            if match(rest, at: end, next, then) { return true }
        }
        return false
    }

    private func matchWord(
        _ slot: Slot, _ rest: ArraySlice<Pattern.Node>, at position: Int, _ reading: Reading, _ then: Continuation
    ) -> Bool {
        for (word, character) in cast.words(for: slot) {
            guard let end = advance(over: word.utf8, from: position) else { continue }
            var next = reading
            if let character {
                guard next.take(character, named: slot.name == .character) else { continue }
            } else if slot.name.namesSubject {
                next.touchesSubject = true
            }
            if end == text.count, acceptsPrefix { return then(end, next) }
            if match(rest, at: end, next, then) { return true }
        }
        return false
    }

    /// The end of `bytes` in the text when they stand at `position`; the first letter of a sentence may have any case.
    private func advance(over bytes: some Sequence<UInt8>, from position: Int) -> Int? {
        var position = position
        for byte in bytes {
            guard position < text.count else { return acceptsPrefix ? position : nil }
            let same = text[position] == byte || (position == 0 && text[0] | 0x20 == byte | 0x20)
            guard same else { return nil }
            position += 1
        }
        return position
    }
}
