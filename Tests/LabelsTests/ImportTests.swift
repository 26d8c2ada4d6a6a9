import Foundation
import Labels
import Preferences
import Testing

@Suite struct ImportTests {
    func data(_ text: String, name: String = "prompts.txt") -> ImportSource { .data(Data(text.utf8), name: name) }

    @Test func plainTextGivesOnePromptALineAndIsIdempotent() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        let text = "\u{FEFF}Tell a story\r\n\r\nExplain rain\nTell a story\nWhy?"
        let report = try await test.store.importPrompts(
            project, use: .ranking, format: .text, from: data(text), by: .system)
        #expect(report == ImportReport(added: 3, alreadyThere: 1, lines: 5))
        let again = try await test.store.importPrompts(
            project, use: .ranking, format: .text, from: data(text), by: .system)
        #expect(again == ImportReport(added: 0, alreadyThere: 4, lines: 5))
        let prompts = try await test.store.prompts(project)
        #expect(prompts.map(\.prompt) == [.text("Tell a story"), .text("Explain rain"), .text("Why?")])
        #expect(try await test.store.prompts(project, after: prompts[1].id).count == 1)
        #expect(try await test.store.promptCounts(project)[.ranking] == 3)
    }

    @Test func jsonLinesAndMessagesAreReadInTheirForms() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        let jsonl = """
            {"prompt": "a"}
            {"text": "b"}
            "c"
            {"few_shot": "Q: 1\\nA: 2\\nQ: 3"}
            {"prompt": [{"role": "user", "content": "d"}]}
            {"prompt": {"kind": "text", "text": "e"}}
            """
        #expect(
            try await test.store.importPrompts(
                project, use: .ppo, format: .jsonl, from: data(jsonl), by: .system
            ).added == 6)
        let chat = """
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "f"}]}
            [{"role": "user", "content": "g"}]
            """
        #expect(
            try await test.store.importPrompts(
                project, use: .heldOut, format: .messages, from: data(chat), by: .system
            ).added == 2)
        #expect(
            try await test.store.prompts(project, use: .ppo).map(\.prompt.kind.rawValue) == [
                "text", "text", "text", "few_shot", "messages", "text",
            ])
    }

    @Test(arguments: [
        (
            PromptFormat.jsonl, "{\"text\":\"a\"}\n\n{\"text\":1}", 3,
            "field 'text': has the wrong type; expected a text"
        ),
        (.jsonl, "{\"text\":\"a\"}\n{\"txt\":\"b\"}", 2, "field 'prompt': is missing"),
        (.jsonl, "{\"text\":\"a\"}\n{\"text\":\"  \"}", 2, "the prompt is empty"),
        (.jsonl, "{", 1, "not valid JSON"),
        (.jsonl, "{\"prompt\":7}", 1, "field 'prompt': must be a text, a list of messages, or an object"),
        (.jsonl, "{\"prompt\":null}", 1, "field 'prompt': must be a text, a list of messages, or an object"),
        (.jsonl, "7", 1, "a line must be a text, or an object with"),
        (.messages, "[{\"role\":\"user\",\"content\":\"a\"}]\n[]", 2, "the list of messages is empty"),
        (.messages, "[{\"role\":\"robot\",\"content\":\"a\"}]", 1, "role"),
        (.messages, "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}", 1, "must be a message of the user"),
    ]) func anErrorNamesTheLineAndNothingIsImported(
        format: PromptFormat, text: String, line: Int, words: String
    ) async throws {
        let test = try TestStore()
        let project = try await test.project().project
        do {
            _ = try await test.store.importPrompts(
                project, use: .ranking, format: format, from: data(text), by: .system)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.description.hasPrefix("prompts.txt, line \(line): "))
            #expect(error.description.contains(words), "\(error)")
            #expect(error.description.hasSuffix("nothing was imported"))
        }
        #expect(try await test.store.prompts(project).isEmpty)
    }

    @Test func emptyFilesAndWrongTextAreClearErrors() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        func problem(_ source: ImportSource) async -> String {
            do {
                _ = try await test.store.importPrompts(project, use: .ranking, format: .text, from: source, by: .system)
                return "no error"
            } catch { return "\(error)" }
        }
        #expect(await problem(data("")).contains("the file is empty"))
        #expect(await problem(data("\n \n")).contains("the file is empty"))
        #expect(
            await problem(.data(Data([0x61, 0x0A, 0xFF, 0x0A]), name: "x")).contains(
                "x, line 2: this line is not UTF-8"))
        #expect(await problem(.data(Data([0x61, 0x00, 0x0A]), name: "x")).contains("UTF-16"))
        #expect(await problem(.file(test.folder.appending(path: "none.txt"))).contains("cannot be opened"))
        #expect(try await test.store.prompts(project).isEmpty)
    }

    @Test func aPromptHasOneUse() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        _ = try await test.store.importPrompts(
            project, use: .heldOut, format: .text, from: data("a\nb"), by: .system)
        do {
            _ = try await test.store.importPrompts(
                project, use: .ppo, format: .text, from: data("c\nb"), by: .system)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.description.contains("line 2") && error.description.contains("held_out"))
        }
        #expect(try await test.store.prompts(project).count == 2)
    }

    @Test func aLongFileIsReadInPieces() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        let file = test.folder.appending(path: "long.txt")
        let lines = (0..<20_000).map { "Prompt number \($0) \(String(repeating: "é", count: $0 % 97))" }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        let report = try await test.store.importPrompts(
            project, use: .ranking, format: .text, from: .file(file), by: .system)
        #expect(report.added == 20_000 && report.lines == 20_000)
        let last = try await test.store.prompts(project, after: PromptID(19_999), limit: 10)
        #expect(last.map(\.prompt.plainText) == [lines[19_999]])
    }

    @Test func readyMadeGroupsBecomeTasks() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        let text = """
            {"prompt": "p1", "responses": ["a", "b"]}
            {"id": "mine", "prompt": "p2", "responses": [{"id": "x", "text": "a", "policy": "sft of p", "token_ids": [1, 2],
            """.replacingOccurrences(of: "\n ", with: " ")
            + #" "token_ids_source": "own", "seed": 9, "temperature": 0.5}, "b", {"text": "c", "policy": "foreign"}]}"#
        let report = try await test.store.importGroups(project, from: data(text, name: "g.jsonl"), by: .system)
        #expect(report.added == 2)
        #expect(
            try await test.store.importGroups(project, from: data(text, name: "g.jsonl"), by: .system).alreadyThere == 2
        )
        #expect(try await test.store.progress(project).tasksReady == 2)
        let group = try await test.store.group(ofTask: TaskID(2))
        #expect(group.id == "mine" && group.responses.map(\.policy) == ["sft of p", nil, "foreign"])
        #expect(group.responses[0].tokenIDs == [1, 2] && group.responses.map(\.id) == ["x", "mine-2", "mine-3"])
        // Imported groups were sampled under no policy of ours, so that a new current one leaves them.
        let other = try await test.store.addPolicy(
            NewPolicy(name: "v2", kind: .refreshed, path: "policies/2"), by: .system)
        #expect(try await test.store.makeCurrent(other.id, in: project, by: .system) == 0)
        _ = policy
    }

    @Test(arguments: [
        ("{\"prompt\": \"p\", \"responses\": [\"a\"]}", "at least 2"),
        ("{\"prompt\": \"p\"}", "field 'responses': is missing"),
        ("{\"prompt\": \"p\", \"responses\": [{\"id\": \"x\"}, \"b\"]}", "field 'responses.[0].text': is missing"),
        ("{\"prompt\": \"p\", \"responses\": [\"a\", 7]}", "field 'responses.[1]': must be a text, or an object"),
        ("{\"prompt\": 7, \"responses\": [\"a\", \"b\"]}", "field 'prompt': must be a text, a list of messages"),
        (
            "{\"prompt\": \"p\", \"responses\": [{\"text\": \"a\", \"temperature\": -1}, \"b\"]}",
            "field 'responses.[0].temperature': at least 0"
        ),
        (
            "{\"prompt\": \"p\", \"responses\": [{\"id\": \"x\", \"text\": \"\"}, {\"id\": \"x\", \"text\": \"\"}]}",
            "twice"
        ),
    ]) func aGroupThatCannotBeRankedSaysWhy(text: String, words: String) async throws {
        let test = try TestStore()
        let project = try await test.project().project
        do {
            _ = try await test.store.importGroups(project, from: data("\n" + text, name: "g.jsonl"), by: .system)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.description.hasPrefix("g.jsonl, line 2: ") && error.description.contains(words), "\(error)")
        }
    }
}
