/// Something that the demo world can talk about, with everything there is to say about it.
struct Subject: Sendable {
    /// How the name is used in a sentence.
    enum Noun: Sendable {
        /// A cat, the cat, cats.
        case countable
        /// The moon, always.
        case unique
        /// Rain, the rain.
        case weather
        /// Bread, the bread, some bread.
        case mass
    }

    let name: String
    let noun: Noun
    /// "a cat", "the moon", "rain", "bread": the subject in general.
    let generic: String
    /// "the cat", "the bread".
    let definite: String
    /// "a cat", "the moon", "the rain", "some bread": one that somebody meets.
    let some: String
    /// "cats", "the moon", "bread": all there is of it.
    let all: String
    /// The phrases of each deck; `deck(.look)[2]` is the third adjective.
    private let decks: [[String]]
    /// The phrases as each slot writes them, in UTF-8, for the matcher.
    private let forms: [Slot.Name: [[UInt8]]]

    /// Lists are separated by ", "; troubles by "; ", each "what happened > what helped".
    init(
        _ name: String, _ noun: Noun = .countable, kind: String, looks: String, parts: String, places: String,
        acts: String, uses: String, feelings: String, needs: String, likenesses: String, troubles: String
    ) {
        self.name = name
        self.noun = noun
        definite = "the " + name
        switch noun {
        case .countable:
            (generic, some, all) = (English.withArticle(name), English.withArticle(name), English.plural(name))
        case .unique: (generic, some, all) = ("the " + name, "the " + name, "the " + name)
        case .weather: (generic, some, all) = (name, "the " + name, name)
        case .mass: (generic, some, all) = (name, "some " + name, name)
        }
        var decks = [[String]](repeating: [], count: Deck.allCases.count)
        func fill(_ deck: Deck, _ phrases: [String]) { decks[deck.rawValue] = phrases }
        fill(.kind, [kind])
        fill(.look, Subject.list(looks))
        fill(.part, Subject.list(parts))
        fill(.place, Subject.list(places))
        fill(.act, Subject.list(acts))
        fill(.use, Subject.list(uses))
        fill(.feeling, Subject.list(feelings))
        fill(.need, Subject.list(needs))
        fill(.likeness, Subject.list(likenesses))
        fill(.trouble, Subject.list(troubles, separator: "; "))
        self.decks = decks
        var forms: [Slot.Name: [[UInt8]]] = [:]
        for slot in Slot.Name.allCases {
            guard let deck = slot.deck else { continue }
            forms[slot] = decks[deck.rawValue].map { Array(slot.form(of: $0).utf8) }
        }
        self.forms = forms
    }

    /// What a slot for facts can say of this subject; the index is the fact's index in its deck.
    func forms(_ slot: Slot.Name) -> [[UInt8]] { forms[slot] ?? [] }

    func phrases(_ deck: Deck) -> [String] { decks[deck.rawValue] }

    private static func list(_ text: String, separator: String = ", ") -> [String] {
        var items: [String] = []
        var rest = Substring(text)
        while let cut = rest.firstRange(of: separator) {
            items.append(String(rest[..<cut.lowerBound]))
            rest = rest[cut.upperBound...]
        }
        items.append(String(rest))
        return items
    }

    /// Every subject, in a fixed order.
    static let all: [Subject] = animals + nature + foods + things + places
}

/// A kind of fact about a subject.
enum Deck: Int, CaseIterable, Sendable {
    case kind, look, part, place, act, use, feeling, need, likeness, trouble
}
