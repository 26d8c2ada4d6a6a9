/// Where a link or an image of a text leads.
enum TextAddress: Equatable {
    /// An address on the web or a mail address, which a person may open after being asked.
    case web(String)
    /// Any other (`javascript:`, `data:`, a path of this server, one with blanks or hidden characters): shown, never opened.
    case other(String)

    /// Characters of an address that are shown in a text; the question before opening it shows all of it.
    static let longestShown = 120
    private static let longest = 2_000

    init(_ address: String) {
        let isKnown = ["https://", "http://", "mailto:"].contains { address.lowercased().hasPrefix($0) }
        let isWhole = address.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && HiddenCharacters.mark(for: scalar, after: nil, before: nil) == nil
                && !scalar.properties.isWhitespace
        }
        self = isKnown && isWhole && address.utf8.count <= Self.longest ? .web(address) : .other(address)
    }
}
