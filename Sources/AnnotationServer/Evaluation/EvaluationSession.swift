import Foundation
import JSON
package import Labels
import Runs

/// Evaluates task after task and keeps what each one found as soon as it is done, so that an error in a later one takes
/// nothing of it along.
package struct EvaluationSession: Sendable {
    /// Where the figures of a policy are kept.
    package struct Card: Sendable {
        let policy: String
        let keep: @Sendable ([NewEvaluation]) async throws -> Void

        /// - Parameter keep: enters the figures of one task; asked again where nobody answers.
        package init(policy: String, keep: @escaping @Sendable ([NewEvaluation]) async throws -> Void) {
            self.policy = policy
            self.keep = keep
        }
    }

    private let runner: EvaluationRunner
    private let output: String?
    private let card: Card?

    /// - Parameters:
    ///   - output: a file for every item's outcome, written anew; nil for none.
    ///   - card: nil where nobody keeps the figures.
    package init(runner: EvaluationRunner, output: String?, card: Card?) {
        self.runner = runner
        self.output = output
        self.card = card
    }

    /// - Parameter say: called with each sentence about what was found.
    /// - Throws: `EvaluationProblem.brokeOff`.
    package func run(_ tasks: [EvaluationTask], say: (String) -> Void) async throws {
        var lines = ""
        for (index, task) in tasks.enumerated() {
            do {
                try await evaluate(task, after: &lines, say: say)
            } catch {
                throw EvaluationProblem.brokeOff(
                    reason: "\(error)", finished: tasks[..<index].map(\.name), rest: tasks[index...].map(\.file),
                    card: card?.policy, output: output)
            }
        }
    }

    /// - Parameter lines: what the output holds; the task's lines are added.
    private func evaluate(_ task: EvaluationTask, after lines: inout String, say: (String) -> Void) async throws {
        let outcomes = try await runner.run(task) { done in
            guard done % 100 == 0 else { return }
            FileHandle.standardError.write(Data("\(task.name): \(done) of \(task.items.count)\n".utf8))
        }
        let figures = EvaluationRunner.found(outcomes, in: task)
        for figure in figures { say(Self.sentence(figure)) }
        if let output {
            let new = try outcomes.enumerated().map { try Self.line(task, $0.offset, $0.element) + "\n" }.joined()
            do {
                try Self.write(new, after: lines, to: output)
            } catch {
                throw EvaluationProblem.unwritten(task: task.name, file: output, reason: "\(error)")
            }
            lines += new
        }
        guard let card else { return }
        do {
            try await runner.patience.ask("The card of \(card.policy)") { try await card.keep(figures) }
        } catch {
            throw EvaluationProblem.notKept(
                task: task.name, policy: card.policy, file: output, reason: "\(error)")
        }
        say("Kept on the card of \(card.policy).")
    }

    /// A file is replaced as a whole, so that a crash leaves whole tasks; what stands in /dev takes what is new.
    private static func write(_ new: String, after old: String, to path: String) throws {
        let file = URL(filePath: path)
        guard path.hasPrefix("/dev/") else {
            // What a link points to, so that it stays a link.
            return try DurableFile.write(Data((old + new).utf8), to: file.absoluteURL.resolvingSymlinksInPath())
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        // A file that /dev/stdout leads to is written from its end on; a terminal or a pipe has none.
        _ = try? handle.seekToEnd()
        try handle.write(contentsOf: Data(new.utf8))
    }

    private static func sentence(_ found: NewEvaluation) -> String {
        let right = found.scores.reduce(0, +)
        let share = String(format: "%.1f%%", 100 * Double(right) / Double(found.scores.count))
        return "\(found.task)  \(found.figure)  \(share)  (\(right) of \(found.scores.count))"
    }

    private static func line(_ task: EvaluationTask, _ index: Int, _ outcome: EvaluationRunner.Outcome) throws -> String
    {
        var members: [String: JSONValue] = [
            "task": .string(task.name), "item": .integer(index), "right": .bool(outcome.isRight),
            "answer": .string(outcome.answer),
        ]
        if let byLength = outcome.isRightByLength { members["right_by_length"] = .bool(byLength) }
        return try JSONValue.object(members).json()
    }
}

/// Why an evaluation ended early, and what is left to do.
enum EvaluationProblem: Error, CustomStringConvertible {
    case item(task: String, index: Int, reason: String)
    case unwritten(task: String, file: String, reason: String)
    case notKept(task: String, policy: String, file: String?, reason: String)
    /// - Parameters:
    ///   - finished: names of tasks.
    ///   - rest: files of the tasks that are not finished.
    case brokeOff(reason: String, finished: [String], rest: [String], card: String?, output: String?)

    var description: String {
        switch self {
        case .item(let task, let index, let reason): "Task \(task), item \(index) (the first is 0): \(reason)"
        case .unwritten(let task, let file, let reason):
            "Task \(task) was evaluated, but its outcomes could not be written to \(file): \(reason)"
        case .notKept(let task, let policy, let file, let reason):
            "Task \(task) was evaluated\(file.map { " and its outcomes are in \($0)" } ?? ""), but its figures could "
                + "not be kept on the card of \(policy): \(reason)"
        case .brokeOff(let reason, let finished, let rest, let card, let output):
            "\(reason)\n" + Self.wayOn(finished: finished, rest: rest, card: card, output: output)
        }
    }

    private static func wayOn(finished: [String], rest: [String], card: String?, output: String?) -> String {
        guard !finished.isEmpty else { return "No task is finished yet; give the same command again." }
        let places = [card.map { "on the card of \($0)" }, output.map { "in \($0)" }].compactMap(\.self)
        let kept = places.isEmpty ? "" : ", and kept " + places.joined(separator: " and ")
        let another = output == nil ? "" : ", and with another --output, which every command writes anew"
        let tasks = rest.map { "--task \($0)" }.joined(separator: " ")
        return "Finished\(kept): \(finished.joined(separator: ", ")). To go on, give the command again with only "
            + "\(tasks)\(another)."
    }
}
