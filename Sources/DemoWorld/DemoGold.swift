/// A gold preference: what a simulated annotator of the demo world likes. Higher is better.
public enum DemoGold: Sendable, Equatable {
    /// Words up to `cap`; every word above it takes one away again.
    case length(cap: Int)
    /// How many distinct words of `wanted` occur.
    case wantedWords
    /// Distinct polite words minus distinct rude words.
    case politeness

    public func score(prompt: String, response: String) -> Double {
        let words = DemoGold.words(response)
        switch self {
        case .length(let cap): return Double(words.count <= cap ? words.count : 2 * cap - words.count)
        case .wantedWords:
            let present = Set(words)
            return Double(DemoGold.wanted.count { present.contains($0) })
        case .politeness:
            let present = Set(words)
            return Double(DemoGold.polite.count { present.contains($0) })
                - Double(DemoGold.rude.count { present.contains($0) })
        }
    }

    /// Words that the world uses here and there, whatever the subject and the manner.
    public static let wanted = [
        "dream", "gentle", "golden", "home", "laughter", "morning", "music", "smile", "sunlight", "together",
    ]

    /// Marks of a polite answer.
    public static let polite = [
        "certainly", "charming", "dear", "delightful", "glad", "gladly", "hope", "lovely", "please", "pleasure",
        "thank", "thanks", "wish", "wonderful",
    ]

    /// Marks of a rude answer.
    public static let rude = [
        "bored", "boring", "bother", "bothering", "cares", "dull", "fool", "foolish", "lazy", "nonsense",
        "obviously", "serious", "shut", "silly", "stupid", "tiresome", "ugh", "wasting",
    ]

    /// The number of words of a text, as every gold counts them.
    public static func wordCount(_ text: String) -> Int { words(text).count }

    /// The words of a text in lower case, without punctuation: runs of letters, with hyphens and apostrophes inside.
    static func words(_ text: String) -> [String] {
        func isInside(_ byte: UInt8) -> Bool {
            let lower = byte | 0x20
            return (0x61...0x7A).contains(lower) || byte >= 0x80 || byte == 0x27 || byte == 0x2D
        }
        return text.utf8.split { !isInside($0) }.map { word in
            String(decoding: word.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        }
    }
}
