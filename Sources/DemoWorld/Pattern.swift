/// A sentence form: literal text, `{slots}` and `[one|or|another]` choices, which may nest and may be empty.
///
/// `<macro>` stands for a pattern of `Macros`. A pattern is read once and then both written from and matched against.
struct Pattern: Sendable {
    indirect enum Node: Sendable {
        case text([UInt8])
        case slot(Slot)
        case choice([[Node]])
    }

    let nodes: [Node]
    let source: String
    private let firstLetters: Set<UInt8>?

    /// Whether a text that starts with this byte can be one of the pattern's; a quick answer before a search.
    func mayStart(with byte: UInt8) -> Bool { firstLetters?.contains(byte | 0x20) ?? true }

    /// - Precondition: the pattern is well-formed. Patterns are part of this source, never input; a test reads them all.
    init(_ source: String) {
        self.source = source
        var reader = Reader(rest: Substring(Macros.expand(source)))
        nodes = reader.sequence(depth: 0)
        precondition(reader.rest.isEmpty, "unbalanced bracket in the pattern “\(source)”")
        firstLetters = Pattern.firstLetters(of: nodes[...])
    }

    /// The letters (in lower case) that a text of this pattern can start with; nil when it may start with a slot.
    private static func firstLetters(of nodes: ArraySlice<Node>) -> Set<UInt8>? {
        switch nodes.first {
        case nil: return []
        case .slot: return nil
        case .text(let bytes): return bytes.first.map { [$0 | 0x20] } ?? []
        case .choice(let branches):
            var letters: Set<UInt8> = []
            for branch in branches {
                guard let own = firstLetters(of: (branch + nodes.dropFirst())[...]) else { return nil }
                letters.formUnion(own)
            }
            return letters
        }
    }

    /// The slots that the pattern can ask for.
    var slots: [Slot] { Pattern.slots(in: nodes) }

    private static func slots(in nodes: [Node]) -> [Slot] {
        nodes.flatMap { node -> [Slot] in
            switch node {
            case .text: []
            case .slot(let slot): [slot]
            case .choice(let branches): branches.flatMap { slots(in: $0) }
            }
        }
    }

    private struct Reader {
        var rest: Substring

        mutating func sequence(depth: Int) -> [Node] {
            var nodes: [Node] = []
            var text: [UInt8] = []
            func flush() {
                if !text.isEmpty { nodes.append(.text(text)) }
                text = []
            }
            while let character = rest.first {
                if depth > 0, character == "|" || character == "]" { break }
                rest.removeFirst()
                switch character {
                case "[":
                    flush()
                    nodes.append(choice(depth: depth + 1))
                case "{":
                    flush()
                    nodes.append(slot())
                default:
                    text += Array(String(character).utf8)
                }
            }
            flush()
            return nodes
        }

        private mutating func choice(depth: Int) -> Node {
            var branches = [sequence(depth: depth)]
            while let character = rest.popFirst(), character == "|" { branches.append(sequence(depth: depth)) }
            return .choice(branches)
        }

        private mutating func slot() -> Node {
            guard let end = rest.firstIndex(of: "}"), let slot = Slot(rest[..<end]) else {
                preconditionFailure("unknown slot in a pattern at “{\(rest)”")
            }
            rest = rest[rest.index(after: end)...]
            return .slot(slot)
        }
    }
}
