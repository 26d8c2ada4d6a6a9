import Foundation
import LanguageModel
import SeededRandom
import Testing

@Suite struct TokenizerTests {
    static func trained() throws -> Tokenizer {
        try TokenizerTrainer(vocabularySize: 300).train(on: TokenizerTrainerTests.texts)
    }

    @Test func writtenTextNeverBecomesASpecialToken() throws {
        let tokenizer = try Self.trained()
        let text = "the cat<|end|><|user|>"
        let plain = tokenizer.encode(text)
        #expect(plain.allSatisfy { !tokenizer.isSpecial($0) })
        #expect(tokenizer.decode(plain) == text)
        let special = tokenizer.encode(text, recognisingSpecialTokens: true)
        #expect(special.suffix(2) == [1, 2])
        #expect(tokenizer.decode(special) == "the cat")
        #expect(tokenizer.decode(special, keepingSpecialTokens: true) == text)
        let segments = tokenizer.encode(segments: [.control("<|user|>"), .content(text), .control("<|end|>")])
        #expect(segments == [2] + plain + [1])
    }

    @Test func aSeamBetweenControlTextAndContentIsNoCut() throws {
        let tokenizer = try Self.trained()
        let whole = tokenizer.encode("the cat sat")
        #expect(tokenizer.encode(segments: [.control("the c"), .content("at"), .control(" sat")]) == whole)
    }

    @Test func randomUnicodeComesBackAndStreamsAlike() throws {
        let tokenizer = try Self.trained()
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            var text = String.UnicodeScalarView()
            for _ in 0..<random.nextIndex(below: 40) {
                let range: UInt32 = [0x80, 0x800, 0x10000, 0x110000][random.nextIndex(below: 4)]
                if let scalar = Unicode.Scalar(UInt32(random.nextIndex(below: Int(range)))) { text.append(scalar) }
            }
            let ids = tokenizer.encode(String(text))
            #expect(sameScalars(tokenizer.decode(ids), String(text)))
            var decoder = tokenizer.streamingDecoder()
            let pieces = ids.map { decoder.append($0) } + [decoder.finish()]
            #expect(sameScalars(pieces.joined(), String(text)))
        }
    }

    @Test func anIncompleteCharacterIsHeldBackAndReadsAsReplacementAtTheEnd() throws {
        let tokenizer = try Self.trained()
        let ids = tokenizer.encode("😀")
        #expect(ids.count == 4)
        var decoder = tokenizer.streamingDecoder()
        #expect(ids.prefix(3).map { decoder.append($0) } == ["", "", ""])
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(tokenizer.decode(Array(ids.prefix(3))) == "\u{FFFD}")
        // A character that breaks off in the middle does not hold the rest back.
        let broken = Array(ids.prefix(2)) + tokenizer.encode("ok")
        #expect(tokenizer.decode(broken) == "\u{FFFD}ok")
    }

    @Test func bytesThatAreNotTextBecomeOneReplacementEachInTheLlama2Kind() throws {
        let tokenizer = try Tokenizer(folder: try TokenizerFixtures.folder("llama2-style"))
        let bytes = try ["<0xE6>", "<0x97>"].map { try #require(tokenizer.id(of: $0)) }
        let more = tokenizer.encode("ok", continuing: true)
        #expect(tokenizer.decode(bytes + more) == "\u{FFFD}\u{FFFD}ok")
        var decoder = tokenizer.streamingDecoder()
        #expect(bytes.map { decoder.append($0) } == ["", ""])
        #expect(decoder.append(more[0]).hasPrefix("\u{FFFD}\u{FFFD}"))
    }

    @Test func aContinuationKeepsItsFirstSpace() throws {
        let tokenizer = try Tokenizer(folder: try TokenizerFixtures.folder("llama2-style"))
        let ids = tokenizer.encode(" there was", continuing: true)
        #expect(ids == tokenizer.encode("there was"))
        #expect(tokenizer.decode(ids, continuing: true) == " there was")
        #expect(tokenizer.decode(ids) == "there was")
    }

    @Test func aLongWordIsMergedLikeTheSameWordsApart() throws {
        // Without spaces the Llama-2 kind sees one word; with them it falls into pieces. Both must be exact.
        let tokenizer = try Tokenizer(folder: try TokenizerFixtures.folder("llama2-style"))
        let sentence = " the death of the marquis, 日本 that something would occur"
        let one = tokenizer.encode(sentence, continuing: true)
        let many = tokenizer.encode(String(repeating: sentence, count: 50), continuing: true)
        #expect(many == Array(repeating: one, count: 50).flatMap { $0 })
    }

    /// The vocabulary and merges of a `tokenizer.json` as GPT-2's pair of files.
    static func writeOlderPair(of json: [UInt8], in folder: URL) throws {
        let root = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        let model = try #require(root["model"] as? [String: Any])
        try JSONSerialization.data(withJSONObject: try #require(model["vocab"]))
            .write(to: folder.appendingPathComponent("vocab.json"))
        let merges = try #require(model["merges"] as? [String])
        try Data(("#version: 0.2\n" + merges.joined(separator: "\n") + "\n").utf8)
            .write(to: folder.appendingPathComponent("merges.txt"))
    }

    @Test func theOlderPairOfFilesReadsLikeTokenizerJSON() throws {
        let folder = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokenizer = try Self.trained()
        try Self.writeOlderPair(of: tokenizer.json, in: folder)
        let older = try Tokenizer(folder: folder)
        for text in TokenizerTrainerTests.sentences { #expect(older.encode(text) == tokenizer.encode(text)) }
    }
}

@Suite struct TokenizerErrorTests {
    /// A small tokenizer.json with one change.
    static func message(replacing old: String, with new: String) throws -> String {
        let text = String(decoding: try TokenizerTests.trained().json, as: UTF8.self)
        #expect(text.contains(old))
        let changed = Array(text.replacingOccurrences(of: old, with: new).utf8)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: changed, source: "a/tokenizer.json") }
        return String(describing: try #require(error))
    }

    @Test(arguments: [
        ("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "model", "Unigram"),
        ("\"normalizer\":null", "\"normalizer\":{\"type\":\"Lowercase\"}", "normalizer", "Lowercase"),
        ("\"post_processor\":null", "\"post_processor\":{\"type\":\"Bert\"}", "post_processor", "Bert"),
        ("\"dropout\":null", "\"dropout\":0.1", "model.dropout", "dropout"),
        ("\"vocab\":", "\"vocabulary\":", "model.vocab", "missing"),
        ("\"!\":4", "\"!\":999999999", "model.vocab[!]", "whole number"),
        ("\"!\":4", "\"!\":5", "model.vocab", "5"),
        ("\"!\":4,", "", "model.vocab", "byte 33"),
        ("\"id\":1,", "\"id\":0,", "added_tokens[1]", "id"),
        ("\"version\":\"1.0\"", "\"version\":", "line", "JSON"),
        ("\"merges\":[", "\"merges\":[\"a\",", "model.merges[0]", "two tokens"),
        ("\"merges\":[", "\"merges\":[\"a xyzzy\",", "model.merges[0]", "xyzzy"),
    ])
    func aBadFileIsAnErrorThatNamesFileAndField(old: String, new: String, field: String, problem: String) throws {
        let message = try Self.message(replacing: old, with: new)
        #expect(message.contains("a/tokenizer.json"))
        #expect(message.contains(field), "\(message)")
        #expect(message.contains(problem), "\(message)")
    }

    @Test func anUnknownSplittingPatternIsNamed() throws {
        let split =
            "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a-z]+\"},\"behavior\":\"Isolated\",\"invert\":false}"
        let file = try TokenizerFixtures.folder("llama3-style").appendingPathComponent("tokenizer.json")
        var root = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        root["pre_tokenizer"] = try JSONSerialization.jsonObject(with: Data(split.utf8))
        let changed = Array(try JSONSerialization.data(withJSONObject: root))
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: changed, source: "x.json") }
        let message = String(describing: try #require(error))
        #expect(message.contains("[a-z]+") && message.contains("pre_tokenizer.pattern"))
    }

    @Test(arguments: ["", "{", "[]", "nul", "{\"a\":\"\\ud800\"}", String(repeating: "[", count: 100_000)])
    func whatIsNoTokenizerIsRefusedWithTheFilesName(text: String) throws {
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: Array(text.utf8), source: "b.json") }
        #expect(String(describing: try #require(error)).contains("b.json"))
    }

    @Test func wrongUTF8AndAMissingFileAreErrors() throws {
        #expect(throws: TokenizerError.self) {
            try Tokenizer(json: [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], source: "c.json")
        }
        let folder = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder) }
    }

    @Test func aCutFileAtAnyPlaceIsAnErrorAndNeverACrash() throws {
        let json = try TokenizerTests.trained().json
        for length in stride(from: 0, to: json.count - 2, by: 97) {
            #expect(throws: TokenizerError.self) { try Tokenizer(json: Array(json[..<length]), source: "cut") }
        }
    }
}
