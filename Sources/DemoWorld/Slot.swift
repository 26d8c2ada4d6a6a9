/// Which of the (at most two) subjects of a prompt a slot speaks of.
enum Owner: Int, Sendable { case first, second }

/// A gap in a sentence form, written `{name}`, or `{b.name}` for the second subject.
struct Slot: Sendable, Equatable {
    /// The raw value is the name in a pattern.
    enum Name: String, CaseIterable, Sendable {
        // The subject itself
        case generic = "S"
        case definite = "the"
        case name, some, all
        // Its facts
        case kind, look, part, own, place, act, acts, acted, use, uses, need
        case feeling = "feel"
        case likeness = "like"
        case trouble, fix
        // The person of a story
        case character = "Name"
        case she, her, girl
        // What the prompt said
        case relation, item, event, goal, wish
    }

    let name: Name
    let owner: Owner

    init?(_ text: Substring) {
        var text = text
        owner = text.hasPrefix("b.") ? .second : .first
        if owner == .second { text = text.dropFirst(2) }
        guard let name = Name(rawValue: String(text)) else { return nil }
        self.name = name
    }

    /// The deck that the slot draws from; nil for everything that is not a fact.
    var deck: Deck? { name.deck }
}

extension Slot.Name {
    /// The deck that the slot draws from; nil for everything that is not a fact.
    var deck: Deck? {
        switch self {
        case .kind: .kind
        case .look: .look
        case .part, .own: .part
        case .place: .place
        case .act, .acts, .acted: .act
        case .use, .uses: .use
        case .need: .need
        case .feeling: .feeling
        case .likeness: .likeness
        case .trouble, .fix: .trouble
        default: nil
        }
    }

    /// Whether the slot is the subject's name in some form.
    var namesSubject: Bool { [.generic, .definite, .name, .some, .all].contains(self) }

    /// A phrase of the deck in the form that this slot wants.
    func form(of phrase: String) -> String {
        switch self {
        case .own: English.withoutArticle(phrase)
        case .acts, .uses: English.thirdPerson(phrase)
        case .acted: English.past(phrase)
        case .trouble: phrase.firstRange(of: " > ").map { String(phrase[..<$0.lowerBound]) } ?? phrase
        case .fix: phrase.firstRange(of: " > ").map { String(phrase[$0.upperBound...]) } ?? phrase
        default: phrase
        }
    }
}
