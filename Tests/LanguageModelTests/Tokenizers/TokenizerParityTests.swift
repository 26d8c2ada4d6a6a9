import Foundation
import LanguageModel
import Testing

/// Every id and every decoded text of the reference library.
@Suite struct TokenizerParityTests {
    static let folders = ["gpt2-style", "llama2-style", "llama3-style", "qwen2-style"].compactMap {
        try? TokenizerFixtures.folder($0)
    }

    @Test func theCommittedStylesAreThere() { #expect(Self.folders.count == 4) }

    @Test(arguments: folders) func everyIDAndTextIsTheReferences(folder: URL) throws {
        let mistakes = TokenizerCases.mistakes(of: try Tokenizer(folder: folder), in: try TokenizerCases.read(folder))
        #expect(mistakes == [])
    }

    @Test(arguments: folders) func streamedTextIsTheWholeTextAndNeverBreaksACharacter(folder: URL) throws {
        let tokenizer = try Tokenizer(folder: folder)
        for item in try TokenizerCases.read(folder) {
            var decoder = tokenizer.streamingDecoder(keepingSpecialTokens: true)
            let pieces = item.ids.map { decoder.append($0) } + [decoder.finish()]
            #expect(sameScalars(pieces.joined(), item.decoded), "\(item.text.debugDescription)")
            if !item.decoded.unicodeScalars.contains("\u{FFFD}") {
                #expect(!pieces.contains { $0.unicodeScalars.contains("\u{FFFD}") })
            }
        }
    }
}

/// Vectors over real vocabularies, where the shared data is present.
@Suite struct TokenizerSharedVectorTests {
    struct Vector: Decodable {
        var text: String
        var gpt2: [Int32]
        var neox: [Int32]
        var stories: [Int32]

        enum CodingKeys: String, CodingKey {
            case text, gpt2
            case neox = "gpt_neox_20b"
            case stories = "llama2c_tok512_with_bos"
        }
    }

    static func vectors() throws -> [Vector]? {
        try TokenizerFixtures.shared("tokenizers/vectors/reference_ids.shared.json").map {
            try JSONDecoder().decode([Vector].self, from: Data(contentsOf: $0))
        }
    }

    static func gpt2() throws -> Tokenizer? {
        guard let folder = try TokenizerFixtures.shared("tokenizers/gpt2") else { return nil }
        return try Tokenizer(
            gpt2Vocabulary: folder.appendingPathComponent("encoder.json"),
            merges: folder.appendingPathComponent("vocab.bpe"))
    }

    @Test func gpt2sOwnVocabularyGivesTheReferenceIDs() throws {
        guard let tokenizer = try Self.gpt2(), let vectors = try Self.vectors() else { return }
        #expect(tokenizer.vocabularySize == 50_257)
        for vector in vectors {
            #expect(tokenizer.encode(vector.text) == vector.gpt2, "\(vector.text.debugDescription)")
            #expect(sameScalars(tokenizer.decode(vector.gpt2), vector.text))
        }
    }

    @Test func gptNeoXGivesTheReferenceIDs() throws {
        guard let folder = try TokenizerFixtures.shared("tokenizers/gpt-neox-20b"), let vectors = try Self.vectors()
        else { return }
        let tokenizer = try Tokenizer(folder: folder)
        for vector in vectors {
            let ids = tokenizer.encode(vector.text, recognisingSpecialTokens: true)
            #expect(ids == vector.neox, "\(vector.text.debugDescription)")
        }
    }

    @Test func theStoriesModelGivesTheReferenceIDs() throws {
        guard let folder = try TokenizerFixtures.shared("models/stories260K/hf"), let vectors = try Self.vectors()
        else { return }
        let tokenizer = try Tokenizer(folder: folder)
        for vector in vectors {
            let ids = tokenizer.encode(vector.text, addingSpecialTokens: true)
            #expect(ids == vector.stories, "\(vector.text.debugDescription)")
        }
    }

    @Test func distilGPT2sCasesAgree() throws {
        struct Case: Decodable {
            struct Encoded: Decodable { var input_ids: [Int32] }
            var input: String
            var encoded: Encoded
        }
        guard let file = try TokenizerFixtures.shared("tokenizers/vectors/swift_tokenizer_tests.shared.json"),
            let tokenizer = try Self.gpt2()
        else { return }
        let cases = try JSONDecoder().decode([String: [Case]].self, from: Data(contentsOf: file))
        for item in try #require(cases["distilgpt2"]) {
            #expect(tokenizer.encode(item.input) == item.encoded.input_ids, "\(item.input.debugDescription)")
        }
    }
}
