internal import SeededRandom

/// Writes sentences about a cast: draws facts so that none comes twice before its deck is used up.
struct PatternWriter {
    let cast: Cast
    private var piles: [[Int]]
    private let trouble: Int

    init(cast: Cast, random: inout SplitMix64) {
        self.cast = cast
        piles = [[Int]](repeating: [], count: Deck.allCases.count * 2)
        trouble = random.nextIndex(below: max(1, cast.first.phrases(.trouble).count))
    }

    /// One sentence of the pattern, with a capital letter at its start.
    mutating func write(_ pattern: Pattern, random: inout SplitMix64) -> String {
        let text = write(pattern.nodes, &random)
        guard let first = text.first else { return text }
        return first.uppercased() + text.dropFirst()
    }

    private mutating func write(_ nodes: [Pattern.Node], _ random: inout SplitMix64) -> String {
        var text = ""
        for node in nodes {
            switch node {
            case .text(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .choice(let branches): text += write(branches[random.nextIndex(below: branches.count)], &random)
            case .slot(let slot): text += fill(slot, &random)
            }
        }
        return text
    }

    private mutating func fill(_ slot: Slot, _ random: inout SplitMix64) -> String {
        guard let deck = slot.deck else { return cast.words(for: slot).first?.text ?? "" }
        guard let phrases = cast.subject(slot.owner)?.phrases(deck), !phrases.isEmpty else { return "" }
        let index = deck == .trouble ? trouble : draw(deck, slot.owner, count: phrases.count, &random)
        return slot.name.form(of: phrases[index])
    }

    private mutating func draw(_ deck: Deck, _ owner: Owner, count: Int, _ random: inout SplitMix64) -> Int {
        let pile = deck.rawValue * 2 + owner.rawValue
        if piles[pile].isEmpty { piles[pile] = random.permutation(of: count) }
        return piles[pile].removeLast()
    }
}
