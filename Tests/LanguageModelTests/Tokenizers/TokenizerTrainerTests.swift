import Foundation
import LanguageModel
import Testing

@Suite struct TokenizerTrainerTests {
    static let sentences = [
        "the cat sat on the mat and the rat ran to the cat", "a hat, a cat, a mat: that is that!",
        "low lower lowest, new newer newest, wide wider widest", "it's theirs; they'll say they're there",
    ]
    static let texts = Array(repeating: sentences, count: 5).flatMap { $0 }

    @Test func trainedIDsAreSpecialTokensThenBytesThenMerges() throws {
        let tokenizer = try TokenizerTrainer(vocabularySize: 300).train(on: Self.texts)
        #expect(tokenizer.vocabularySize == 300)
        #expect(tokenizer.addedTokens.map(\.content) == PlumbChat.specialTokens)
        #expect(tokenizer.addedTokens.map(\.id) == [0, 1, 2, 3])
        #expect(tokenizer.addedTokens.allSatisfy { $0.isSpecial })
        #expect(tokenizer.token(4) == "!")
        #expect(tokenizer.decodeBytes(of: 259).count == 1)
        #expect(tokenizer.decodeBytes(of: 260).count == 2)
    }

    @Test func anyTextComesBackFromATrainedTokenizer() throws {
        let tokenizer = try TokenizerTrainer(vocabularySize: 300).train(on: Self.texts)
        for text in ["the widest hat", "日本語 😀\r\n\t\u{0} e\u{301}", "", "  two  spaces "] {
            #expect(sameScalars(tokenizer.decode(tokenizer.encode(text)), text))
        }
        #expect(tokenizer.encode("the cat").count < 5)
    }

    @Test func theSameTextInAnyOrderTrainsTheSameBytes() throws {
        let trainer = try TokenizerTrainer(vocabularySize: 310)
        let first = try trainer.train(on: Self.texts)
        #expect(try trainer.train(on: Self.texts).json == first.json)
        #expect(try trainer.train(on: Self.texts.reversed()).json == first.json)
    }

    @Test func specialTokensInTheTextTakeNoPartInMerges() throws {
        let texts = Self.texts.map { "<|user|>\($0)<|end|>" }
        let trainer = try TokenizerTrainer(vocabularySize: 310)
        let without = try trainer.train(on: Self.texts)
        #expect(try trainer.train(on: texts).json == without.json)
    }

    @Test func tooLittleTextIsAnErrorThatSaysHowFarItGoes() throws {
        let trainer = try TokenizerTrainer(vocabularySize: 5000)
        let error = #expect(throws: TokenizerError.self) { try trainer.train(on: ["ab ab"]) }
        // Four special tokens, 256 bytes and "ab"; the space before the second "ab" occurs once only.
        #expect(String(describing: try #require(error)).contains("261"))
        #expect(throws: TokenizerError.self) { try TokenizerTrainer(vocabularySize: 200) }
        #expect(throws: TokenizerError.self) {
            try TokenizerTrainer(vocabularySize: 500, specialTokens: ["<|a|>", "<|a|>"])
        }
    }

    /// Merges of an independent implementation over 130 kB of text, ties by the greater pair.
    @Test func mergesAreThoseOfTheReferenceRun() throws {
        guard let folder = try TokenizerFixtures.shared("tokenizers/bpe-train-reference") else { return }
        let corpus = try String(contentsOf: folder.appendingPathComponent("corpus.en"), encoding: .utf8)
        let lines = try String(
            contentsOf: folder.appendingPathComponent("train-bpe-reference-merges.txt"), encoding: .utf8)
        let expected = lines.split(separator: "\n").map(String.init)
        let tokenizer = try TokenizerTrainer(
            vocabularySize: 500, specialTokens: ["<|endoftext|>"], minimumFrequency: 1
        ).train(on: [corpus])
        struct File: Decodable {
            struct Model: Decodable { var merges: [String] }
            var model: Model
        }
        let file = try JSONDecoder().decode(File.self, from: Data(tokenizer.json))
        #expect(file.model.merges == expected)
    }
}
