import Foundation
import LanguageModel
import SeededRandom
import Testing

/// Byte-pair encoding as the definition says it, slowly: merge the leftmost pair of the lowest rank until none is left.
private struct ReferenceBytePairs {
    struct File: Decodable {
        struct Model: Decodable {
            var vocab: [String: Int32]
            var merges: [[String]]
        }
        var model: Model
    }

    let ids: [String: Int32]
    let ranks: [[String]: Int]

    init(_ file: URL) throws {
        let model = try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).model
        ids = model.vocab
        ranks = Dictionary(model.merges.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { $1 })
    }

    func encode(_ text: String) -> [Int32] {
        var symbols = text.unicodeScalars.flatMap { scalar -> [String] in
            let letter = String(scalar)
            if ids[letter] != nil { return [letter] }
            return letter.utf8.map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
        }
        while true {
            let pairs = zip(symbols, symbols.dropFirst()).enumerated()
            let ranked = pairs.compactMap { place, pair in ranks[[pair.0, pair.1]].map { (rank: $0, place: place) } }
            guard let best = ranked.min(by: { ($0.rank, $0.place) < ($1.rank, $1.place) }) else { break }
            symbols.replaceSubrange(best.place...best.place + 1, with: [symbols[best.place] + symbols[best.place + 1]])
        }
        return symbols.compactMap { ids[$0] }
    }
}

@Suite struct BytePairReferenceTests {
    static let letters = Array("  theandoringstcom'.é日\u{1F600}XQ".unicodeScalars)

    @Test func theLlama2KindMergesAsTheDefinitionSays() throws {
        let folder = try TokenizerFixtures.folder("llama2-style")
        let tokenizer = try Tokenizer(folder: folder)
        let reference = try ReferenceBytePairs(folder.appendingPathComponent("tokenizer.json"))
        var random = SplitMix64(seed: 3)
        for _ in 0..<200 {
            var text = String.UnicodeScalarView()
            for _ in 0..<1 + random.nextIndex(below: 60) {
                text.append(Self.letters[random.nextIndex(below: Self.letters.count)])
            }
            let marked = "▁" + String(text).replacingOccurrences(of: " ", with: "▁")
            #expect(tokenizer.encode(String(text)) == reference.encode(marked), "\(String(text).debugDescription)")
        }
    }

    @Test func aByteLevelWordMergesAsTheDefinitionSays() throws {
        let folder = try TokenizerFixtures.folder("gpt2-style")
        let tokenizer = try Tokenizer(folder: folder)
        let reference = try ReferenceBytePairs(folder.appendingPathComponent("tokenizer.json"))
        var random = SplitMix64(seed: 4)
        for _ in 0..<200 {
            let word = String(
                (0..<1 + random.nextIndex(below: 80)).map { _ in
                    Character(["t", "h", "e", "a", "n", "d", "o", "r", "i", "g", "s"][random.nextIndex(below: 11)])
                })
            #expect(tokenizer.encode(word) == reference.encode(word), "\(word)")
        }
    }
}
