import AnnotationServer
import Foundation
import Preferences
import Testing

/// Task files of standard evaluations.
@Suite struct EvaluationTaskTests {
    private func read(_ text: String) throws -> EvaluationTask {
        let file = FileManager.default.temporaryDirectory.appending(path: "facts-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return try EvaluationTask(file: file)
    }

    @Test func bothKindsOfItemsAreRead() throws {
        let choices = try read(
            #"{"prompt": "The sky is", "choices": [" blue", " loud"], "answer": 0}"# + "\n"
                + #"{"prompt": "Grass is", "choices": [" green", " deep", " old"], "answer": 2, "id": "x"}"# + "\n")
        #expect(
            choices.items == [
                .choice(prompt: "The sky is", choices: [" blue", " loud"], answer: 0),
                .choice(prompt: "Grass is", choices: [" green", " deep", " old"], answer: 2),
            ])
        #expect(choices.name.hasPrefix("facts-") && choices.sha256.count == 64)
        let written = try read(#"{"prompt": "2+2=", "answers": ["4", "four"], "maximum_tokens": 3}"#)
        #expect(
            written.items == [
                .generation(prompt: .text("2+2="), answers: ["4", "four"], stop: ["\n"], maximumTokens: 3)
            ])
    }

    @Test(arguments: [
        (#"{"prompt": "a", "choices": [" b"], "answer": 0}"#, "choices"),
        (#"{"prompt": "a", "choices": [" b", " c"], "answer": 2}"#, "answer"),
        (#"{"prompt": "a", "choices": [" b", " c"]}"#, "line 1"),
        (#"{"prompt": "a", "answers": []}"#, "answers"),
        (#"{"prompt": "a", "answers": ["b"], "maximum_tokens": 0}"#, "maximum_tokens"),
        (
            #"{"prompt": "a", "answers": ["b"]}"# + "\n" + #"{"prompt": "a", "choices": [" b", " c"], "answer": 0}"#,
            "line 2"
        ),
        ("", "no item"), ("{broken", "line 1"),
    ])
    func whatIsWrongIsNamedWithItsLine(_ text: String, _ words: String) throws {
        do {
            _ = try read(text)
            Issue.record("it was read")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }
}
