import Foundation
import LanguageModel
import Testing

/// What transformers prints for the templates of the families (`Tests/Clients/chat_cases.py` makes and checks the file).
struct ChatFixture: Decodable {
    struct Case: Decodable {
        struct Conversation: Decodable {
            var messages: [ChatMessage]
            var addGenerationPrompt: Bool
            var rendered: String?
            var refused: String?

            enum CodingKeys: String, CodingKey {
                case messages, rendered, refused
                case addGenerationPrompt = "add_generation_prompt"
            }
        }

        var name: String
        var template: String
        var conversations: [Conversation]
    }

    var cases: [Case]

    static func read() throws -> ChatFixture {
        let file = try TokenizerFixtures.root().appendingPathComponent("Tests/Fixtures/chat/cases.json")
        return try JSONDecoder().decode(ChatFixture.self, from: Data(contentsOf: file))
    }

    func template(_ name: String) throws -> String { try #require(cases.first { $0.name == name }).template }
}

@Suite struct ChatTemplateTests {
    static let special = [
        "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
        "<|user|>",
        "<|assistant|>", "<|system|>", "<|end|>", "[INST]", "[/INST]",
        "<|pad|>",
    ]

    /// A prompt template from a folder with the tokens of all families.
    static func prompts(_ template: String, files: [String: String] = [:]) throws -> PromptTemplate {
        let folder = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let config: [String: Any] = ["bos_token": "<s>", "eos_token": ["content": "</s>"], "chat_template": template]
        try JSONSerialization.data(withJSONObject: config)
            .write(to: folder.appendingPathComponent("tokenizer_config.json"))
        try Data(#"{"eos_token_id": [1, 3, 6, 10]}"#.utf8).write(to: folder.appendingPathComponent("config.json"))
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        let tokenizer = try TokenizerTrainer(vocabularySize: 256 + special.count, specialTokens: special).train(on: [])
        return try PromptTemplate(folder: folder, tokenizer: tokenizer)
    }

    @Test func everyFamilyPrintsWhatTransformersPrints() throws {
        for item in try ChatFixture.read().cases {
            let prompts = try Self.prompts(item.template)
            for conversation in item.conversations {
                let name = "\(item.name): \(conversation.messages.map(\.content))"
                do {
                    let text = try prompts.rendered(
                        conversation.messages, asksForReply: conversation.addGenerationPrompt)
                    #expect(sameScalars(text, conversation.rendered ?? "(refused)"), "\(name)")
                } catch TokenizerError.badMessages(let problem) {
                    let reason = try #require(conversation.refused, "\(name): \(problem)")
                    #expect(problem.hasSuffix(reason))
                }
            }
        }
    }

    @Test func theTokensAreThoseOfTheWholeTextWithTheTemplatesSpecialTokens() throws {
        let harmless = [
            ChatMessage(role: "user", content: " Hi, naïve 🙂\n"), ChatMessage(role: "assistant", content: "Hello! "),
            ChatMessage(role: "user", content: "And now?"),
        ]
        for item in try ChatFixture.read().cases where item.name != "language" {
            let prompts = try Self.prompts(item.template)
            let text = try prompts.rendered(harmless)
            let expected = prompts.tokenizer.encode(text, recognisingSpecialTokens: true)
            #expect(try prompts.prompt(messages: harmless) == expected, "\(item.name)")
        }
    }

    @Test func aMessageThatSpellsSpecialTokensGetsNone() throws {
        let attack = Self.special.joined(separator: " ") + Self.special.joined()
        for item in try ChatFixture.read().cases where item.name != "language" {
            let prompts = try Self.prompts(item.template)
            func specialTokens(_ content: String) throws -> [Int32] {
                try prompts.prompt(messages: [ChatMessage(role: "user", content: content)])
                    .filter { prompts.tokenizer.isSpecial($0) }
            }
            #expect(try specialTokens(attack) == specialTokens("harmless"), "\(item.name)")
            let ids = try prompts.prompt(messages: [ChatMessage(role: "user", content: attack)])
            #expect(prompts.tokenizer.decode(ids).contains("<|im_end|>"), "the text itself is kept")
        }
    }

    @Test func conversationsMarkEachReplyWithItsEnd() throws {
        let messages = [
            ChatMessage(role: "user", content: "Hi."), ChatMessage(role: "assistant", content: "A </s> B<|im_end|>"),
            ChatMessage(role: "user", content: "So?"), ChatMessage(role: "assistant", content: "Yes."),
        ]
        let replies = [
            "chatml": ["A </s> B<|im_end|>", "<|im_end|>", "Yes.", "<|im_end|>"],
            "llama-2": [" A </s> B<|im_end|> ", "</s>", " Yes. ", "</s>"],
            "llama-3": ["A </s> B<|im_end|>", "<|eot_id|>", "Yes.", "<|eot_id|>"],
            "mistral": [" A </s> B<|im_end|>", "</s>", " Yes.", "</s>"],
            "alpaca": ["A </s> B<|im_end|>", "</s>", "Yes.", "</s>"],
        ]
        let fixture = try ChatFixture.read()
        for (name, expected) in replies {
            let prompts = try Self.prompts(try fixture.template(name))
            let conversation = try prompts.conversation(messages)
            let marked = zip(conversation.tokens, conversation.isReply).filter(\.1).map(\.0)
            let tokenizer = prompts.tokenizer
            #expect(tokenizer.decode(marked, keepingSpecialTokens: true) == expected.joined(), "\(name)")
            let ends = marked.filter { tokenizer.isSpecial($0) }.map { tokenizer.token($0) }
            #expect(ends == [expected[1], expected[3]], "\(name)")
            let first = try prompts.prompt(messages: [messages[0]])
            #expect(Array(conversation.tokens.prefix(first.count)) == first, "\(name)")
            #expect(
                try tokenizer.decode(conversation.tokens, keepingSpecialTokens: true)
                    == prompts.rendered(messages, asksForReply: false), "\(name)")
        }
    }

    @Test func aWrittenResponseFollowsItsPromptAsTheTemplateHasIt() throws {
        let messages = [ChatMessage(role: "user", content: "Hi."), ChatMessage(role: "assistant", content: "Sure.")]
        let fixture = try ChatFixture.read()
        for name in ["mistral", "alpaca", "plumb"] {
            let prompts = try Self.prompts(try fixture.template(name))
            let whole = try prompts.conversation(messages)
            let response = prompts.response(text: "Sure.", ended: false)
            let prompt = try prompts.prompt(messages: [messages[0]])
            #expect(Array(whole.tokens.dropLast()) == prompt + response, "\(name)")
            #expect(prompts.response(text: " Sure.", ended: false) == prompts.tokenizer.encode(" Sure."), "\(name)")
        }
    }

    @Test func aTemplateThatRewritesWhatItWroteHasNoConversations() throws {
        let prompts = try Self.prompts("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}")
        #expect(throws: TokenizerError.self) {
            try prompts.conversation([
                ChatMessage(role: "user", content: "Hi."), ChatMessage(role: "assistant", content: "Yes."),
            ])
        }
    }

    @Test func theDefaultOfSeveralTemplatesAndTheFileOfItsOwnAreFound() throws {
        let several =
            #"{"eos_token": "</s>", "chat_template": [{"name": "tool_use", "template": "{% x %}"}, "#
            + #"{"name": "default", "template": "D{{ messages[0].content }}"}]}"#
        let message = [ChatMessage(role: "user", content: "x")]
        #expect(try Self.prompts("", files: ["tokenizer_config.json": several]).rendered(message) == "Dx")
        let own = ["tokenizer_config.json": several, "chat_template.jinja": "F{{ messages[0].content }}"]
        #expect(try Self.prompts("", files: own).rendered(message) == "Fx")
    }

    @Test func whatIsNotUnderstoodIsNamedWithItsLine() throws {
        let cases: [(template: String, words: String)] = [
            ("a\nb{% include 'x' %}", "line 2 of the chat template: it has the tag include"),
            ("{{ messages | sort }}", "the filter sort"), ("{{ messages is callable }}", "the test callable"),
            ("{{ cycler(1) }}", "the function cycler"), ("{{ strftime_now('%d') }}", "the day"),
            ("{{ messages.append(1) }}", "the method append of a list"), ("{{ messages }}", "printing a list"),
            ("{% if true %}", "elif or else or endif is missing"), ("{{ 1 + }}", "ends too early"),
            ("{{ 'a }}", "a text does not end"), ("{# a", "a comment does not end"), ("{{ a", "a tag does not end"),
            ("{% endfor %}", "endfor"), ("{{ nothing.member }}", "not defined"), ("{% break %}", "outside of a loop"),
            ("{{ 1 + 'a' }}", "a number + a text"), ("{{ 9223372036854775807 + 1 }}", "too large"),
            ("{{ 99999999999999999999 }}", "the number"), ("{{ 1 // 0 }}", "1 // 0"),
            ("{{ 'a' % 2 }}", "a text % a number"),
            ("{{ (1, 2) }}", "a tuple"), ("{{ a ? b }}", "the character"), ("{{ '\\q' }}", "the escape"),
        ]
        for item in cases {
            let prompts = try Self.prompts(item.template)
            let error = #expect(throws: TokenizerError.self, "\(item.template)") {
                try prompts.rendered([ChatMessage(role: "user", content: "x")])
            }
            let words = error.map { String(describing: $0) } ?? ""
            #expect(words.contains(item.words), "\(item.template): \(words)")
        }
    }

    @Test func hostileTemplatesAreStopped() throws {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        let hostile: [String] = [
            "{{ \(deep) }}", "{{ " + String(repeating: "not ", count: 5000) + "1 }}",
            String(repeating: "{% if 1 %}", count: 5000), "{{ " + String(repeating: "-", count: 5000) + "1 }}",
            "{{ " + String(repeating: "[", count: 5000),
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "{{ 'aaaaaaaaaaaaaaaa' * 99999999999 }}", "{{ range(999999999) }}",
            "{% set s = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set s.t = s.t + s.t %}{% endfor %}",
            "{% set s = namespace(l=[]) %}{% for a in range(99999) %}{% set s.l = [s.l] %}{% endfor %}",
            "{% set s = namespace(l=[1]) %}{% for a in range(11) %}{% set s.l = [s.l, s.l, s.l, s.l, s.l, s.l, s.l, s.l] %}"
                + "{% endfor %}{{ s.l == s.l }}",
            "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
            String(repeating: "x", count: 2 << 20), "{{ \(String(repeating: "x", count: 1000)) }}",
            // Nested by other ways than brackets.
            "{% set s = namespace(d=1) %}{% for a in range(99999) %}{% set s.d = dict(d=s.d) %}{% endfor %}",
            "{% set s = namespace(d=1) %}{% for a in range(99999) %}{% set s.d = [none] | map('default', s.d, true) %}"
                + "{% endfor %}",
            // Much work for one step.
            "{% for a in range(9999) %}{% set x = range(99999) %}{% endfor %}",
            "{% set t = 'a' * 999999 %}{% for a in range(99) %}{% set x = t | list %}{% endfor %}",
            "{% set t = 'a ' * 999999 %}{% for a in range(99) %}{% set x = t.split() %}{% endfor %}",
            "{% set t = 'a' * 999999 %}{% for a in range(9999) %}{% set x = 'b'.strip(t) %}{% endfor %}",
            "{% set t = 'a' * 999999 %}{% set o = {t: 1} %}{% for a in range(9999) %}{% set x = o[t] %}{% endfor %}",
            "{% for a in range(9999) %}{% set x = '\(String(repeating: "x", count: 99_999))' %}{% endfor %}",
        ]
        for template in hostile {
            let prompts = try Self.prompts(template)
            #expect(throws: TokenizerError.self, "\(template.prefix(60))") {
                try prompts.rendered([ChatMessage(role: "user", content: "x")])
            }
        }
        // Long but flat is no matter.
        let long =
            "{{ " + String(repeating: "1 + ", count: 20_000) + "1 }}{{ ''" + String(repeating: " | trim", count: 20_000)
            + " }}"
        #expect(try Self.prompts(long).rendered([ChatMessage(role: "user", content: "x")]) == "20001")
        #expect(try Self.printed("{{ '' * 9000000000000000000 }}{{ 9000000000000000000 * '' }}{{ 'a' * -1 }}.") == ".")
    }

    static func printed(_ template: String) throws -> String {
        try prompts(template).rendered([ChatMessage(role: "user", content: "x")])
    }

    @Test func searchingTakesNoLongerWhereMuchOfTheTextIsAlike() throws {
        let texts = "{% set t = 'a' * 799999 %}{% set p = 'a' * 399999 ~ 'b' %}"
        #expect(try Self.printed(texts + "{{ p in t }}") == "False")
        #expect(try Self.printed(texts + "{{ t.split(p) | length }}") == "1")
        #expect(try Self.printed(texts + "{{ t.replace(p, '') | length }}") == "799999")
        #expect(try Self.printed(texts + "{{ p in t ~ 'b' }}") == "True")
        // As Python has it.
        #expect(
            try Self.printed("{{ 'aabaabaaabaababaa'.split('aabaa') | tojson }}") == #"["", "ba", "babaa"]"#)
        #expect(try Self.printed("{{ 'abababacababa'.replace('ababa', '-') }}") == "-bac-")
        #expect(try Self.printed("{{ 'abcabcabd'.replace('abcabd', '-') }}") == "abc-")
        #expect(try Self.printed("{{ '' in 'a' }}{{ '' in '' }}{{ 'ab' in 'a' }}") == "TrueTrueFalse")
        #expect(try Self.printed("{{ 'a-a-a-a'.split('-', 2) | tojson }}") == #"["a", "a", "a-a"]"#)
    }

    /// Llama 3.2's template asks for the day in this way. The date of its own that it has for software without the
    /// function keeps prompts the same on all days.
    @Test func aTemplateThatAsksWhetherThereIsTheDayTakesItsOwnDate() throws {
        let guarded =
            "{% if strftime_now is defined %}{% set d = strftime_now('%d %b %Y') %}{% else %}"
            + "{% set d = '26 Jul 2024' %}{% endif %}{{ d }}"
        #expect(try Self.printed(guarded) == "26 Jul 2024")
    }
}
