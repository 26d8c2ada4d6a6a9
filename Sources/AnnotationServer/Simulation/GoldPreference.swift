import DemoWorld
import Foundation
import JSON

/// What simulated annotators prefer: a score of a response to a prompt, higher is better.
package protocol GoldPreference: Sendable {
    /// Scores of several responses, in order.
    func scores(_ pairs: [(prompt: String, response: String)]) throws -> [Double]
}

/// A gold of the demo world.
struct NamedGold: GoldPreference {
    let gold: DemoGold

    func scores(_ pairs: [(prompt: String, response: String)]) throws -> [Double] {
        pairs.map { gold.score(prompt: $0.prompt, response: $0.response) }
    }
}

/// A program that is given JSON lines of prompt and response and answers one score a line.
package struct CommandGold: GoldPreference {
    /// Run by `/bin/sh -c`.
    let command: String

    package init(command: String) { self.command = command }

    enum Problem: Error, CustomStringConvertible {
        case failed(command: String, status: Int32)
        case wrongCount(command: String, expected: Int, found: Int)
        case noNumber(command: String, line: Int, text: String)

        var description: String {
            switch self {
            case .failed(let command, let status): "The gold command '\(command)' ended with status \(status)."
            case .wrongCount(let command, let expected, let found):
                "The gold command '\(command)' answered \(found) lines where \(expected) were asked for."
            case .noNumber(let command, let line, let text):
                "The gold command '\(command)' answered '\(text)' on line \(line); a finite number is expected."
            }
        }
    }

    private struct Line: Encodable {
        let prompt: String
        let response: String
    }

    package func scores(_ pairs: [(prompt: String, response: String)]) throws -> [Double] {
        let encoder = JSONEncoder.sorted()
        var question = Data()
        for pair in pairs {
            question += try encoder.encode(Line(prompt: pair.prompt, response: pair.response))
            question.append(0x0A)
        }
        let lines = String(decoding: try answer(to: question), as: UTF8.self).split(separator: "\n")
        guard lines.count == pairs.count else {
            throw Problem.wrongCount(command: command, expected: pairs.count, found: lines.count)
        }
        return try lines.enumerated().map { index, line in
            guard let score = Double(line.trimmingCharacters(in: .whitespaces)), score.isFinite else {
                throw Problem.noNumber(command: command, line: index + 1, text: String(line.prefix(80)))
            }
            return score
        }
    }

    /// Files rather than pipes, so that neither side can wait for the other to read.
    private func answer(to question: Data) throws -> Data {
        let folder = FileManager.default.temporaryDirectory.appending(path: "plumb-gold-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "input")
        let output = folder.appending(path: "output")
        try question.write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Problem.failed(command: command, status: process.terminationStatus)
        }
        return try Data(contentsOf: output)
    }
}
