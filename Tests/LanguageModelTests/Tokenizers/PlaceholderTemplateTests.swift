import Foundation
import LanguageModel
import Testing

@Suite struct PlaceholderTemplateTests {
    private static func template(_ json: String) throws -> String {
        let folder = try TokenizerFixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "form.json")
        try Data(json.utf8).write(to: file)
        return try PlaceholderTemplate.chatTemplate(from: file)
    }

    @Test func theTextsOfTheRolesBecomeAChatTemplate() throws {
        let json = #"""
            {"begin": "{bos_token}", "system": "It's \\ {{x}} {system}\n\n", "user": "### Instruction:\n{user}\n\n",
             "assistant": "### Response:\n{assistant}{eos_token}\n\n"}
            """#
        let prompts = try ChatTemplateTests.prompts(try Self.template(json))
        let messages = [
            ChatMessage(role: "system", content: "Be brief. {user}"), ChatMessage(role: "user", content: " Hi. "),
            ChatMessage(role: "assistant", content: "Hello!"), ChatMessage(role: "user", content: "So?"),
        ]
        #expect(
            try prompts.rendered(messages)
                == "<s>It's \\ {x} Be brief. {user}\n\n### Instruction:\n Hi. \n\n### Response:\nHello!</s>\n\n"
                + "### Instruction:\nSo?\n\n### Response:\n")
        let ids = try prompts.prompt(messages: messages).filter { prompts.tokenizer.isSpecial($0) }
        #expect(ids == [0, 1])
    }

    @Test func aFormWithoutSystemRefusesSuchMessages() throws {
        let prompts = try ChatTemplateTests.prompts(
            try Self.template(#"{"user": "Q: {user}\n", "assistant": "A: {assistant}\n"}"#))
        #expect(try prompts.rendered([ChatMessage(role: "user", content: "x")]) == "Q: x\nA: ")
        #expect(
            throws: TokenizerError.badMessages(
                problem: "the model's chat template refuses them: The roles are user, assistant.")
        ) {
            try prompts.rendered([ChatMessage(role: "system", content: "x")])
        }
    }

    @Test func whatIsWrongWithAFormIsNamed() throws {
        let cases: [(json: String, words: String)] = [
            (#"{"user": "{user}"}"#, "assistant: is missing"), (#"{"users": "{user}"}"#, "the field users"),
            (#"{"user": "x", "assistant": "{assistant}"}"#, "{user} once"),
            (#"{"user": "{user}{user}", "assistant": "{assistant}"}"#, "{user} once"),
            (#"{"user": "{user} {name}", "assistant": "{assistant}"}"#, "the placeholder {name}"),
            (#"{"user": "{user} {", "assistant": "{assistant}"}"#, "single brace"),
            (#"{"user": "{user} }", "assistant": "{assistant}"}"#, "single brace"),
            (#"{"user": 1, "assistant": "{assistant}"}"#, "should be a string"), ("[]", "should be an object"),
        ]
        for item in cases {
            let error = #expect(throws: TokenizerError.self, "\(item.json)") { try Self.template(item.json) }
            #expect(error?.description.contains(item.words) == true, "\(error?.description ?? "")")
        }
    }
}
