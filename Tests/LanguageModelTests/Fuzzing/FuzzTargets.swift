import Foundation
import LanguageModel

/// Readers of files that come from outside, each driven by arbitrary bytes. An error is a good answer; a crash, a hang or an
/// allocation beyond the file's size is not.
///
/// `scripts/bench fuzz` runs them under libFuzzer; the tests run the corpora of Tests/Fixtures/fuzz through them.
enum FuzzTarget: String, CaseIterable {
    case safetensors
    case config
    case tokenizer
    case chatTemplate = "chat-template"

    /// - Parameter scratch: a folder of this process alone.
    func run(_ bytes: [UInt8], scratch: URL) throws {
        switch self {
        case .safetensors: try Self.readSafetensors(bytes, scratch)
        case .config: try Self.readConfiguration(bytes, scratch)
        case .tokenizer: Self.readTokenizer(bytes)
        case .chatTemplate: try Self.renderTemplate(bytes, scratch)
        }
    }

    private static func readSafetensors(_ bytes: [UInt8], _ scratch: URL) throws {
        let file = scratch.appending(path: "model.safetensors")
        try Data(bytes).write(to: file)
        guard let stored = try? SafetensorsFile(file) else { return }
        for name in stored.names.prefix(64) {
            _ = try? stored.shape(name)
            _ = try? stored.floats(name)
            _ = try? stored.integers(name)
        }
    }

    private static func readConfiguration(_ bytes: [UInt8], _ scratch: URL) throws {
        try Data(bytes).write(to: scratch.appending(path: "config.json"))
        _ = try? Checkpoint.configuration(of: scratch)
        // A well-formed file without tensors: whatever the configuration asks for is refused before it is laid out.
        let empty = scratch.appending(path: "model.safetensors")
        if !FileManager.default.fileExists(atPath: empty.path) {
            try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(to: empty)
        }
        _ = try? Checkpoint.load(scratch)
    }

    private static let texts = [
        "", " a", "Hi, naïve 🙂 e\u{301} 한국어\n\n  x", "<s></s><|end|>[[L]] word  \u{0}\u{FEFF}", "'s 123 ١٢٣ ▁▁",
    ]

    private static func readTokenizer(_ bytes: [UInt8]) {
        guard let tokenizer = try? Tokenizer(json: bytes, source: "tokenizer.json") else { return }
        for text in texts {
            for special in [true, false] {
                let ids = tokenizer.encode(text, addingSpecialTokens: special, recognisingSpecialTokens: special)
                _ = tokenizer.decode(ids, keepingSpecialTokens: special, continuing: special)
            }
            _ = tokenizer.encode(segments: [.control(text), .content(text), .control(text)])
        }
        var decoder = tokenizer.streamingDecoder()
        for id in -1...Int32(min(tokenizer.vocabularySize, 2000)) { _ = decoder.append(id) }
        _ = decoder.finish()
    }

    private static let ownTokenizer = try? TokenizerTrainer(vocabularySize: 260).train(on: [])

    private static let conversation = [
        ChatMessage(role: "system", content: " Be brief. "), ChatMessage(role: "user", content: "Hi <|end|> {{ x }}\n"),
        ChatMessage(role: "assistant", content: "Hello!"), ChatMessage(role: "user", content: "naïve 🙂"),
    ]

    private static func renderTemplate(_ bytes: [UInt8], _ scratch: URL) throws {
        guard let tokenizer = ownTokenizer else { return }
        let config = scratch.appending(path: "config.json")
        if !FileManager.default.fileExists(atPath: config.path) {
            try Data(#"{"eos_token_id": 1}"#.utf8).write(to: config)
        }
        try Data(bytes).write(to: scratch.appending(path: "chat_template.jinja"))
        guard let template = try? PromptTemplate(folder: scratch, tokenizer: tokenizer), template.hasChatForm else {
            return
        }
        for count in 1...conversation.count {
            _ = try? template.rendered(Array(conversation.prefix(count)))
            _ = try? template.prompt(messages: Array(conversation.prefix(count)))
        }
        _ = try? template.conversation(conversation)
    }
}
