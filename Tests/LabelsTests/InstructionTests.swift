import Foundation
import JSON
import Labels
import Preferences
import Testing

@Suite struct InstructionTests {
    private let lines = """
        {"instruction": "Name a tree.", "input": "", "output": "An oak."}
        {"instruction": "Sort these.", "input": "b a", "output": "a b"}

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
        {"prompt": "What is rain?", "response": "Water."}
        """

    private func learnt(_ test: TestStore, _ snapshot: Snapshot) async throws -> [JSONValue] {
        let file = test.folder.appending(path: "demonstrations-\(UUID().uuidString).jsonl")
        let count = try await test.store.writeDemonstrations(of: snapshot.id, to: file)
        var lines: [JSONValue] = []
        try JSONLines.forEach(JSONValue.self, in: Data(contentsOf: file), file: "d") { lines.append($1) }
        #expect(count == lines.count)
        return lines
    }

    @Test func aSetIsLearntBesideWhatPeopleWroteAndNamedInTheSnapshot() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let report = try await test.store.importInstructions(
            project, from: .data(Data(lines.utf8), name: "set.jsonl"), by: .system)
        #expect(report.added == 4 && report.lines == 5)
        let set = try #require(try await test.store.instructionSets(project).first)
        #expect(set.name == "set.jsonl" && set.instructions == 4 && set.retiredAt == nil)
        _ = try await test.store.addPrompts(project, use: .supervised, [.text("Say hello.")], by: .system)
        try await test.store.addWritingTasks(project, mode: .demonstration, count: 1)
        let ada = try await test.user("ada")
        let task = try await test.next(ada, project)
        _ = try await test.store.submit(Feedback.demonstration("Good day."), token: task.token, user: ada)
        let snapshot = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        #expect(snapshot.labels == 5)
        #expect(
            snapshot.splitRule.contains("4 answers of the instruction set set.jsonl (sha256 \(set.sha256.prefix(12))…)")
        )
        let learnt = try await learnt(test, snapshot)
        #expect(learnt.map { $0["response"]?.stringValue } == ["Good day.", "An oak.", "a b", "Hello!", "Water."])
        #expect(learnt[2]["prompt"]?["text"] == "Sort these.\n\nb a")
        #expect(learnt[1]["id"]?.stringValue == "set-\(set.sha256.prefix(12))-1")
        // The same selection is the same snapshot; people's answers alone are another.
        #expect(try await test.store.takeDemonstrationSnapshot(project, by: .system).id == snapshot.id)
        let people = try await test.store.takeDemonstrationSnapshot(project, includeSets: false, by: .system)
        #expect(people.labels == 1 && people.id != snapshot.id)
        // Nobody is asked to write what a set answers already, and no label is counted for it.
        #expect(try await test.store.promptCounts(project)[.supervised] == 1)
        #expect(try await test.store.progress(project).labels == 1)
    }

    @Test func theSameFileAgainIsLeftAloneAndARetiredSetIsNotLearnt() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let source = ImportSource.data(Data(lines.utf8), name: "set.jsonl")
        _ = try await test.store.importInstructions(project, from: source, by: .system)
        let first = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        let again = try await test.store.importInstructions(project, from: source, by: .system)
        #expect(again.added == 0 && again.alreadyThere == 4)
        let set = try #require(try await test.store.instructionSets(project).first)
        try await test.store.setRetired(true, instructionSet: set.id, in: project, by: .system)
        await #expect(throws: StoreError.self) {
            try await test.store.takeDemonstrationSnapshot(project, by: .system)
        }
        #expect(first.splitRule.hasPrefix("4 answers of the instruction set"), "nobody wrote any")
        // What a run took before stays readable.
        #expect(try await learnt(test, first).count == 4)
        _ = try await test.store.importInstructions(project, from: source, by: .system)
        #expect(try await test.store.takeDemonstrationSnapshot(project, by: .system).id == first.id)
        let other = try await test.store.createProject(name: "other", settings: ProjectSettings(), by: .system).id
        await #expect(throws: StoreError.self) {
            try await test.store.setRetired(true, instructionSet: set.id, in: other, by: .system)
        }
    }

    @Test func instructionsOfHeldOutPromptsAreNotLearnt() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        _ = try await test.store.importInstructions(
            project, from: .data(Data(lines.utf8), name: "set.jsonl"), by: .system)
        let before = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        test.pass(seconds: 1)
        _ = try await test.store.addPrompts(project, use: .heldOut, [.text("Name a tree.")], by: .system)
        let after = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        #expect(after.id != before.id && after.labels == 3)
        #expect(try await learnt(test, after).map { $0["response"]?.stringValue } == ["a b", "Hello!", "Water."])
        // A snapshot is what it was when it was taken.
        #expect(try await learnt(test, before).count == 4)
    }

    @Test func aJSONArrayIsReadLikeLines() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let array = """
            \u{FEFF}[
              {"instruction": "Quote \\"]\\" and }", "output": "[{\\\\"}, {"instruction": "Two on a line", "output": "b"},
              {
                "instruction": "Over lines",
                "input": "x",
                "output": "c"
              }
            ]

            """
        let file = test.folder.appending(path: "alpaca.json")
        try Data(array.utf8).write(to: file)
        let report = try await test.store.importInstructions(project, from: .file(file), by: .system)
        #expect(report.added == 3)
        let snapshot = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        let learnt = try await learnt(test, snapshot)
        #expect(
            learnt.map { $0["prompt"]?["text"]?.stringValue } == [
                "Quote \"]\" and }", "Two on a line", "Over lines\n\nx",
            ])
        #expect(learnt.map { $0["response"]?.stringValue } == ["[{\\", "b", "c"])
    }

    @Test(arguments: [
        ("{\"instruction\": \"a\", \"output\": \"b\"}\n{\"instruction\": \"a\"}\n", "line 2", "output"),
        (
            "[{\"instruction\": \"a\", \"output\": \"b\"},\n{\"instruction\": \"a\",\n\"output\": 7}]", "line 2",
            "output"
        ),
        ("[{\"instruction\": \"a\", \"output\": \"b\"}\n", "line 2", "]"),
        ("[{\"instruction\": \"a\",\n \"output\": \"b", "line 1", "ends"),
        ("[{\"instruction\": \"a\", \"output\": \"b\"}] x", "line 1", "follows"),
        ("[{\"instruction\": \"a\", \"output\": \"b\"} {\"instruction\": \"a\"}]", "line 1", "missing"),
        ("[\n\n,]", "line 3", "missing"), ("[ ]", "set.json", "empty"), ("", "set.json", "empty"),
        ("{\"instruction\": \"a\", \"output\": \"  \"}", "line 1", "answer"),
        ("{\"instruction\": \" \", \"output\": \"b\"}", "line 1", "prompt"),
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "line 1", "messages"),
        ("7", "line 1", "object"),
    ])
    func whatIsWrongIsNamedByFileLineAndFieldAndNothingIsStored(text: String, line: String, word: String) async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        do {
            _ = try await test.store.importInstructions(
                project, from: .data(Data(text.utf8), name: "set.json"), by: .system)
            Issue.record("\(text) was taken")
        } catch let error as StoreError {
            let words = error.description
            #expect(words.contains("set.json") && words.contains(line) && words.contains(word), "\(words)")
        }
        #expect(try await test.store.instructionSets(project).isEmpty)
    }
}
