package import Foundation
package import Preferences
import Runs

/// A standard evaluation: a JSON Lines file of items of one kind.
package struct EvaluationTask: Sendable {
    package enum Item: Sendable, Equatable {
        /// Which of several continuations the model finds most probable.
        case choice(prompt: String, choices: [String], answer: Int)
        /// What it writes, against the answers that are right.
        case generation(prompt: Prompt, answers: [String], stop: [String], maximumTokens: Int)
    }

    /// The file, as it was named.
    let file: String
    /// The file's name without its ending.
    package let name: String
    /// Of the file.
    package let sha256: String
    package let items: [Item]

    package enum Problem: Error, CustomStringConvertible {
        case noItems(file: String)
        case line(file: String, line: Int, field: String, problem: String)
        case mixed(file: String, line: Int)

        package var description: String {
            switch self {
            case .noItems(let file): "\(file) holds no item."
            case .line(let file, let line, let field, let problem):
                "\(file), line \(line), field '\(field)': \(problem)"
            case .mixed(let file, let line):
                "\(file), line \(line): an item has either 'choices' and 'answer', or 'answers', and all items of a "
                    + "file are of one kind."
            }
        }
    }

    /// - Throws: `Problem`, or what is wrong with a line's JSON, with the line.
    package init(file: URL) throws {
        let data = try Data(contentsOf: file)
        let path = file.path
        self.file = file.relativePath
        name = file.deletingPathExtension().lastPathComponent
        sha256 = Digest.data(data)
        var items: [Item] = []
        try JSONLines.forEach(Line.self, in: data, file: path) { number, line in
            items.append(try line.item(file: path, line: number))
            if let first = items.first, first.figure != items[items.count - 1].figure {
                throw Problem.mixed(file: path, line: number)
            }
        }
        guard !items.isEmpty else { throw Problem.noItems(file: path) }
        self.items = items
    }

    private struct Line: Decodable {
        let prompt: Prompt
        let choices: [String]?
        let answer: Int?
        let answers: [String]?
        let stop: [String]?
        let maximum_tokens: Int?

        func item(file: String, line: Int) throws -> Item {
            func wrong(_ field: String, _ problem: String) -> Problem {
                .line(file: file, line: line, field: field, problem: problem)
            }
            switch (choices, answer, answers) {
            case (let choices?, let answer?, nil):
                guard case .text(let text) = prompt else {
                    throw wrong("prompt", "continuations are scored after a plain text")
                }
                guard choices.count >= 2, !choices.contains("") else {
                    throw wrong("choices", "give at least 2, none of them empty")
                }
                guard choices.indices.contains(answer) else {
                    throw wrong("answer", "from 0 to \(choices.count - 1); found \(answer)")
                }
                return .choice(prompt: text, choices: choices, answer: answer)
            case (nil, nil, let answers?):
                guard !answers.isEmpty else { throw wrong("answers", "give at least 1") }
                let tokens = maximum_tokens ?? EvaluationTask.standardMaximum
                guard tokens >= 1 else { throw wrong("maximum_tokens", "at least 1; found \(tokens)") }
                return .generation(prompt: prompt, answers: answers, stop: stop ?? ["\n"], maximumTokens: tokens)
            default: throw Problem.mixed(file: file, line: line)
            }
        }
    }

    private static let standardMaximum = 32
}

extension EvaluationTask.Item {
    /// What is counted of it.
    var figure: String {
        switch self {
        case .choice: "accuracy"
        case .generation: "exact_match"
        }
    }
}
