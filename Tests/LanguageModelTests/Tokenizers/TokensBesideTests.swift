import Foundation
import LanguageModel
import Testing

/// Tokens that a folder's other files name beside `tokenizer.json`, or beside GPT-2's pair of files, which has none.
@Suite struct TokensBesideTests {
    /// A folder with the files given and the trained tokenizer's, as `tokenizer.json` or as the older pair.
    private func withFolder(
        asPair: Bool = false, _ files: [String: String], _ body: (URL) throws -> Void
    ) throws {
        let folder = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let json = try TokenizerTests.trained().json
        if asPair {
            try TokenizerTests.writeOlderPair(of: json, in: folder)
        } else {
            try Data(json).write(to: folder.appendingPathComponent("tokenizer.json"))
        }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        try body(folder)
    }

    private func message(asPair: Bool = false, _ files: [String: String]) throws -> String {
        var message = ""
        try withFolder(asPair: asPair, files) { folder in
            let error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder) }
            message = String(describing: try #require(error))
        }
        return message
    }

    @Test func theOlderPairTakesItsTokensFromTheFilesBesideIt() throws {
        let own = try TokenizerTests.trained()
        let files = [
            "added_tokens.json": #"{"[PAD]": 300, "<tool>": 301}"#,
            "special_tokens_map.json": #"{"pad_token": "[PAD]", "eos_token": {"content": "<|end|>", "lstrip": false}}"#,
            "tokenizer_config.json":
                #"{"tokenizer_class": "GPT2Tokenizer", "model_max_length": 1000000000000000019884624838656}"#,
        ]
        try withFolder(asPair: true, files) { folder in
            let tokenizer = try Tokenizer(folder: folder)
            #expect(tokenizer.vocabularySize == 302)
            let (the, cat) = (own.encode("the "), own.encode("cat"))
            // Special tokens only where they are asked for; others everywhere.
            #expect(tokenizer.encode("the <tool>cat") == the + [301] + cat)
            #expect(!tokenizer.encode("[PAD]").contains(300))
            let special = tokenizer.encode("[PAD]the <|end|>", recognisingSpecialTokens: true)
            #expect(special == [300] + the + [1])
            #expect(tokenizer.decode(special) == "the ")
            #expect(tokenizer.decode(special + [301], keepingSpecialTokens: true) == "[PAD]the <|end|><tool>")
            let template = try PromptTemplate(folder: folder, tokenizer: tokenizer)
            #expect(template.endTokenIDs == [1] && template.padTokenID == 300)
        }
    }

    @Test func theOlderPairMayPutASpaceInFront() throws {
        let config = #"{"add_prefix_space": true}"#
        try withFolder(asPair: true, ["tokenizer_config.json": config]) { folder in
            let ids = try Tokenizer(folder: folder).encode("the cat")
            #expect(ids == (try TokenizerTests.trained().encode(" the cat")))
        }
    }

    @Test func aPairOfFilesThatIsNotGPT2sIsRefused() throws {
        let text = try message(
            asPair: true, ["tokenizer_config.json": #"{"tokenizer_class": "Qwen2Tokenizer"}"#])
        #expect(text.contains("tokenizer_config.json, field tokenizer_class: Qwen2Tokenizer without tokenizer.json"))
    }

    @Test func addedTokensDecoderAddsToTokenizerJSONAndHasTheLastWord() throws {
        let decoder = """
            {"added_tokens_decoder": {
              "2": {"content": "<|user|>", "lstrip": true, "rstrip": false, "normalized": false, "single_word": false, "special": true},
              "300": {"content": "<new>", "lstrip": false, "rstrip": true, "normalized": false, "single_word": false, "special": false}
            }, "eos_token": "<|end|>"}
            """
        let own = try TokenizerTests.trained()
        try withFolder(["tokenizer_config.json": decoder, "added_tokens.json": #"{"<old>": 301}"#]) { folder in
            let tokenizer = try Tokenizer(folder: folder)
            #expect(tokenizer.encode("the<new> \n cat") == own.encode("the") + [300] + own.encode("cat"))
            let user = tokenizer.encode("the <|user|>cat", recognisingSpecialTokens: true)
            #expect(user == own.encode("the") + [2] + own.encode("cat"))
            #expect(tokenizer.id(of: "<old>") == nil && tokenizer.vocabularySize == 301)
        }
    }

    @Test func addedTokensThatTheModelHasNoRowForAreLeftOut() throws {
        let files = [
            "added_tokens.json": #"{"<x>": 299, "<pad>": 300}"#, "tokenizer_config.json": #"{"pad_token": "<pad>"}"#,
            "config.json": #"{"vocab_size": 300}"#,
        ]
        let own = try TokenizerTrainer(vocabularySize: 299).train(on: TokenizerTrainerTests.texts)
        try withFolder(files) { folder in
            try Data(own.json).write(to: folder.appendingPathComponent("tokenizer.json"))
            let tokenizer = try Tokenizer(folder: folder)
            #expect(tokenizer.vocabularySize == 300 && tokenizer.encode("<x>") == [299])
            #expect(tokenizer.encode("<pad>", recognisingSpecialTokens: true) == own.encode("<pad>"))
            try Data(#"{"vocab_size": 2}"#.utf8).write(to: folder.appendingPathComponent("config.json"))
            #expect(try Tokenizer(folder: folder).vocabularySize == 299)
        }
    }

    @Test func aNamedSpecialTokenOfTheVocabularyIsSpecial() throws {
        let own = try TokenizerTests.trained()
        let the = try #require(own.id(of: "Ġthe"))
        try withFolder(["tokenizer_config.json": #"{"eos_token": "Ġthe", "pad_token": "[NONE]"}"#]) { folder in
            let tokenizer = try Tokenizer(folder: folder)
            #expect(tokenizer.isSpecial(the) && !own.isSpecial(the))
            #expect(tokenizer.vocabularySize == own.vocabularySize)
            let template = try PromptTemplate(folder: folder, tokenizer: tokenizer)
            #expect(template.endTokenID == the && template.padTokenID == nil)
        }
    }

    @Test func idsThatCannotBeAreErrorsThatNameFileAndField() throws {
        func decoder(_ id: String, _ content: String = "<new>") -> [String: String] {
            ["tokenizer_config.json": #"{"added_tokens_decoder": {"\#(id)": {"content": "\#(content)"}}}"#]
        }
        for (files, words) in [
            (decoder("5"), ["tokenizer_config.json", "added_tokens_decoder[5]", "to both"]),
            (decoder("-1"), ["added_tokens_decoder[-1]", "-1"]), (decoder("many"), ["many is not a token id"]),
            (decoder("99999999999"), ["99999999999"]),
            (["added_tokens.json": #"{"<new>": "x"}"#], ["added_tokens.json", "<new>", "whole number"]),
            (["tokenizer_config.json": "[]"], ["tokenizer_config.json", "object"]),
        ] {
            let text = try message(files)
            for word in words { #expect(text.contains(word), "\(text)") }
        }
    }

    @Test func endTokensAreFoundInEveryFileAndIDsOfNoTokenAreNone() throws {
        let none = #"{"eos_token_id": -1, "pad_token_id": -1}"#
        try withFolder(["special_tokens_map.json": #"{"eos_token": "<|end|>"}"#, "config.json": none]) { folder in
            let template = try PromptTemplate(folder: folder, tokenizer: try Tokenizer(folder: folder))
            #expect(template.endTokenIDs == [1] && template.padTokenID == nil)
        }
        let files = [
            "config.json": #"{"eos_token_id": 50256, "vocab_size": 320}"#,
            "generation_config.json": #"{"eos_token_id": [50256, 310, 1]}"#,
        ]
        try withFolder(files) { folder in
            let template = try PromptTemplate(folder: folder, tokenizer: try Tokenizer(folder: folder))
            #expect(template.endTokenIDs == [310, 1])
        }
        try withFolder(["config.json": #"{"eos_token_id": 50256, "vocab_size": 300}"#]) { folder in
            #expect(throws: TokenizerError.noEndToken(folder: folder.path)) {
                try PromptTemplate(folder: folder, tokenizer: try Tokenizer(folder: folder))
            }
        }
    }

    @Test func aTemplateMayLieInAFileOfItsOwnAsJSON() throws {
        let end = #"{"eos_token": "<|end|>"}"#
        let json = #"{"chat_template": "{% for m in messages %}J{{ m.content }}{% endfor %}"}"#
        try withFolder(["tokenizer_config.json": end, "chat_template.json": json]) { folder in
            let template = try PromptTemplate(folder: folder, tokenizer: try Tokenizer(folder: folder))
            #expect(try template.rendered([ChatMessage(role: "user", content: "x")]) == "Jx")
            let own = #"{"eos_token": "<|end|>", "chat_template": "C"}"#
            try Data(own.utf8).write(to: folder.appendingPathComponent("tokenizer_config.json"))
            let other = try PromptTemplate(folder: folder, tokenizer: try Tokenizer(folder: folder))
            #expect(try other.rendered([ChatMessage(role: "user", content: "x")]) == "C")
            let child = folder.appendingPathComponent("child")
            try TokenizerFiles.copy(from: folder, to: child)
            #expect(FileManager.default.fileExists(atPath: child.appendingPathComponent("chat_template.json").path))
        }
    }
}
