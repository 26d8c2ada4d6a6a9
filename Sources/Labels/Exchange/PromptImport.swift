import Foundation
import GRDB
public import Preferences

/// How a file of prompts is written.
public enum PromptFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// One prompt a line.
    case text
    /// `{"prompt": text, messages or prompt object}`, `{"text": …}`, `{"few_shot": …}` or a bare JSON text a line; an object may
    /// say `"about_safety": true`.
    case jsonl
    /// `{"messages": […]}` or a bare list of messages a line.
    case messages
}

extension Store {
    /// All or nothing; a prompt that is there already with the same use is counted and left alone, but for the tag.
    /// - Parameter areAboutSafety: tags all of them; else those whose line says so.
    /// - Throws: `StoreError.importFile` and `.importLine`, which name file and line.
    public func importPrompts(
        _ project: ProjectID, use: PromptUse, format: PromptFormat, areAboutSafety: Bool = false,
        from source: ImportSource, by actor: Actor
    ) async throws -> ImportReport {
        let reader = LineReader(source: source)
        // Once without the writer, so that a long file with a mistake does not hold up a submission.
        _ = try await offPool {
            try reader.forEachLine { number, text in
                _ = try PromptLine.read(text, format: format, line: number, file: source.name)
            }
        }
        let now = now
        return try await write { db in
            _ = try db.project(project)
            var report = ImportReport()
            report.lines = try reader.forEachLine { number, text in
                let line = try PromptLine.read(text, format: format, line: number, file: source.name)
                do {
                    let isAboutSafety = areAboutSafety || line.isAboutSafety
                    let entered = try db.enter(
                        line.prompt, use: use, isAboutSafety: isAboutSafety, in: project, at: now)
                    if entered.added {
                        report.added += 1
                    } else {
                        report.alreadyThere += 1
                    }
                } catch StoreError.invalid(_, let problem) {
                    throw StoreError.importLine(file: source.name, line: number, problem: problem)
                }
            }
            try db.audit(
                .promptsImport, subject: "project \(project)",
                details: "\(source.name), use \(use.rawValue): \(report.sentence)", by: actor, at: now)
            return report
        }
    }

    /// The same for prompts in memory.
    public func addPrompts(
        _ project: ProjectID, use: PromptUse, _ prompts: [Prompt], by actor: Actor
    ) async throws -> ImportReport {
        for (index, prompt) in prompts.enumerated() {
            do { try prompt.validate() } catch {
                throw StoreError.invalid(field: "prompts[\(index)]", problem: error.description)
            }
        }
        let now = now
        return try await write { db in
            _ = try db.project(project)
            var report = ImportReport(lines: prompts.count)
            for (index, prompt) in prompts.enumerated() {
                do {
                    if try db.enter(prompt, use: use, in: project, at: now).added {
                        report.added += 1
                    } else {
                        report.alreadyThere += 1
                    }
                } catch StoreError.invalid(_, let problem) {
                    throw StoreError.invalid(field: "prompts[\(index)]", problem: problem)
                }
            }
            try db.audit(
                .promptsAdd, subject: "project \(project)", details: "use \(use.rawValue): \(report.sentence)",
                by: actor, at: now)
            return report
        }
    }

    /// Long work that blocks, away from the threads that answer people.
    func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// A line of an import of prompts.
struct PromptLine {
    let prompt: Prompt
    let isAboutSafety: Bool

    private struct Line: Decodable {
        let prompt: Prompt
        let isAboutSafety: Bool

        private enum CodingKeys: String, CodingKey {
            case prompt, text, messages
            case fewShot = "few_shot"
            case isAboutSafety = "about_safety"
        }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                prompt = .text(text)
                isAboutSafety = false
                return
            }
            let container = try decoder.fields(
                CodingKeys.self,
                orElse: "a line must be a text, or an object with 'prompt', 'text', 'few_shot' or 'messages'")
            if container.contains(.text) {
                prompt = .text(try container.decode(String.self, forKey: .text))
            } else if container.contains(.fewShot) {
                prompt = .fewShot(try container.decode(String.self, forKey: .fewShot))
            } else if container.contains(.messages) {
                prompt = .messages(try container.decode([PromptMessage].self, forKey: .messages))
            } else {
                prompt = try container.decode(Prompt.self, forKey: .prompt)
            }
            isAboutSafety = try container.decodeIfPresent(Bool.self, forKey: .isAboutSafety) ?? false
        }
    }

    private struct Conversation: Decodable {
        let messages: [PromptMessage]
        let isAboutSafety: Bool

        private enum CodingKeys: String, CodingKey {
            case messages
            case isAboutSafety = "about_safety"
        }

        init(from decoder: any Decoder) throws {
            if (try? decoder.unkeyedContainer()) != nil {
                messages = try decoder.singleValueContainer().decode([PromptMessage].self)
                isAboutSafety = false
            } else {
                let line = try decoder.container(keyedBy: CodingKeys.self)
                messages = try line.decode([PromptMessage].self, forKey: .messages)
                isAboutSafety = try line.decodeIfPresent(Bool.self, forKey: .isAboutSafety) ?? false
            }
        }
    }

    /// - Throws: `StoreError.importLine`.
    static func read(_ text: String, format: PromptFormat, line: Int, file: String) throws -> PromptLine {
        do {
            let bytes = Array(text.utf8)
            let read: PromptLine
            switch format {
            case .text: read = PromptLine(prompt: .text(text), isAboutSafety: false)
            case .jsonl:
                let found = try JSONLines.decode(Line.self, from: bytes, number: line, file: file)
                read = PromptLine(prompt: found.prompt, isAboutSafety: found.isAboutSafety)
            case .messages:
                let found = try JSONLines.decode(Conversation.self, from: bytes, number: line, file: file)
                read = PromptLine(prompt: .messages(found.messages), isAboutSafety: found.isAboutSafety)
            }
            try read.prompt.validate()
            return read
        } catch let error as JSONLineError {
            throw StoreError.importLine(file: file, line: line, problem: error.problem)
        } catch let error as PromptError {
            throw StoreError.importLine(file: file, line: line, problem: error.description)
        }
    }
}
