/// Cuts a text that comes in pieces before the first of several stop texts.
///
/// Text that could still turn out to be the beginning of a stop text is held back until it is known.
package struct StopStrings {
    private let stops: [[Unicode.Scalar]]
    private var held: [Unicode.Scalar] = []
    /// A stop text has come; nothing more is given out.
    package private(set) var stopped = false

    package init(_ stops: [String]) { self.stops = stops.map { Array($0.unicodeScalars) } }

    /// Takes in a piece and returns what can be given out now.
    package mutating func append(_ piece: String) -> String {
        guard !stopped else { return "" }
        guard !stops.isEmpty else { return piece }
        held.append(contentsOf: piece.unicodeScalars)
        if let start = firstStop() {
            stopped = true
            defer { held = [] }
            return text(held[..<start])
        }
        let safe = held.count - heldSuffixLength()
        defer { held.removeFirst(safe) }
        return text(held[..<safe])
    }

    /// What was held back, when no more text comes.
    package mutating func finish() -> String {
        defer { held = [] }
        return text(held[...])
    }

    /// Where the earliest stop text begins in what is held.
    private func firstStop() -> Int? {
        for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) { return start }
        return nil
    }

    /// Length of the longest end of what is held that begins a stop text.
    private func heldSuffixLength() -> Int {
        let longest = min(held.count, (stops.map(\.count).max() ?? 1) - 1)
        for length in stride(from: longest, to: 0, by: -1) {
            let suffix = held[(held.count - length)...]
            if stops.contains(where: { $0.count > length && $0.starts(with: suffix) }) { return length }
        }
        return 0
    }

    private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
