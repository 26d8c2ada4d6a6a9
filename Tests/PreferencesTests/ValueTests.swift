import Foundation
import Preferences
import Testing

@Suite struct PromptTests {
    @Test func promptsReadAndWriteInEachForm() throws {
        let messages = [PromptMessage(role: .system, content: "Be kind."), PromptMessage(role: .user, content: "Hi/")]
        let cases: [(Prompt, String)] = [
            (.text("Hi"), #"{"kind":"text","text":"Hi"}"#), (.fewShot("Q A Q"), #"{"kind":"few_shot","text":"Q A Q"}"#),
            (
                .messages(messages),
                #"{"kind":"messages","messages":[{"content":"Be kind.","role":"system"},{"content":"Hi/","role":"user"}]}"#
            ),
        ]
        for (prompt, json) in cases {
            #expect(try JSONLines.line(prompt) == json)
            #expect(try JSONDecoder().decode(Prompt.self, from: Data(json.utf8)) == prompt)
        }
        let bareText = try JSONDecoder().decode(Prompt.self, from: Data(#""Hi""#.utf8))
        #expect(bareText == .text("Hi"))
        let bareList = try JSONDecoder().decode(
            Prompt.self, from: Data(#"[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi/"}]"#.utf8))
        #expect(bareList == .messages(messages))
    }

    @Test func aPromptThatCannotBeAnsweredSaysWhy() {
        #expect(throws: PromptError.empty) { try Prompt.text(" \n").validate() }
        #expect(throws: PromptError.noMessages) { try Prompt.messages([]).validate() }
        #expect(throws: PromptError.lastMessageNotByUser(role: "assistant")) {
            try Prompt.messages([.init(role: .user, content: "a"), .init(role: .assistant, content: "b")]).validate()
        }
        #expect(throws: PromptError.emptyMessage(number: 1)) {
            try Prompt.messages([.init(role: .user, content: "")]).validate()
        }
        #expect(throws: PromptError.systemNotFirst(number: 2)) {
            try Prompt.messages([.init(role: .user, content: "a"), .init(role: .system, content: "b")]).validate()
        }
    }

    @Test func canonicalBytesTellDifferentPromptsApart() {
        let prompts: [Prompt] = [
            .text("a"), .fewShot("a"), .messages([.init(role: .user, content: "a")]),
            .messages([.init(role: .user, content: "a"), .init(role: .user, content: "b")]),
            .messages([.init(role: .user, content: "a\u{0}4:user\u{0}1:b")]),
        ]
        #expect(Set(prompts.map(\.canonicalBytes)).count == prompts.count)
    }
}

@Suite struct LabelledGroupTests {
    func group() throws -> LabelledGroup {
        LabelledGroup(
            group: ResponseGroup(
                id: "g1", prompt: .text("Name a prime."),
                responses: [
                    GroupResponse(
                        id: "r1", text: "7", tokenIDs: [4, 2], tokenIDsSource: .own, policy: "v1", seed: -5,
                        temperature: 1, logProbability: -1.25, finished: true), GroupResponse(id: "r2", text: "9"),
                ]),
            labels: [
                GroupLabel(
                    labelID: "l1", annotator: "u1", revision: 1,
                    judgement: .ranking(try Ranking(rows: [["r1"], ["r2"]], unacceptable: [])))
            ], split: .heldOut)
    }

    @Test func aLineOfGroupsHasTheDocumentedNames() throws {
        let line = try JSONLines.line(try group())
        #expect(
            line == #"{"group":{"id":"g1","prompt":{"kind":"text","text":"Name a prime."},"responses":["#
                + #"{"finished":true,"id":"r1","log_probability":-1.25,"policy":"v1","seed":-5,"temperature":1,"text":"7","#
                + #""token_ids":[4,2],"token_ids_source":"own"},{"id":"r2","text":"9"}]},"labels":[{"annotator":"u1","#
                + #""judgement":{"kind":"ranking","ranking":{"rows":[["r1"],["r2"]],"unacceptable":[]}},"label_id":"l1","#
                + #""revision":1}],"split":"held_out"}"#)
        #expect(try JSONLines.decode(LabelledGroup.self, from: Array(line.utf8), number: 1, file: "x") == group())
    }

    @Test func aGroupIsCheckedWithItsLabels() throws {
        var broken = try group()
        broken.group.responses.append(GroupResponse(id: "r3", text: ""))
        #expect(throws: GroupError.label(id: "l1", problem: .ranking(.missing(ids: ["r3"])))) { try broken.validate() }
        broken.group.responses = [GroupResponse(id: "r1", text: "a"), GroupResponse(id: "r1", text: "b")]
        #expect(throws: GroupError.responseIDTwice(id: "r1")) { try broken.validate() }
        broken.group.responses = []
        #expect(throws: GroupError.tooFewResponses(found: 0)) { try broken.validate() }
        for share in [0, -0.5, 1.5, .nan] {
            var chosen = try group()
            chosen.samplingProbability = share
            #expect(throws: GroupError.self) { try chosen.validate() }
        }
        var chosen = try group()
        chosen.samplingProbability = 0.25
        try chosen.validate()
        let line = try JSONLines.line(chosen)
        #expect(line.contains("\"sampling_probability\":0.25") && chosen.standsFor == 4)
        #expect(try JSONLines.decode(LabelledGroup.self, from: Array(line.utf8), number: 1, file: "x") == chosen)
    }

    @Test func anErrorInALineNamesFileLineAndField() throws {
        let text =
            "{\"group\":{\"id\":\"g\",\"prompt\":\"p\",\"responses\":[{\"id\":\"a\"}]},\"labels\":[],\"split\":\"train\"}"
        do {
            try JSONLines.forEach(LabelledGroup.self, in: Data(("\n" + text).utf8), file: "groups.jsonl") { _, _ in }
            Issue.record("no error")
        } catch {
            #expect("\(error)" == "groups.jsonl, line 2: field 'group.responses.[0].text': is missing")
        }
    }
}
