import Foundation
import JSON
import Labels
import Preferences

/// Has candidate groups scored by a reward model in a process of its own: `plumb score` over a file.
struct RewardScoring: Sendable {
    let data: DataFolder

    enum Problem: Error, CustomStringConvertible {
        case ended(status: Int32, log: String)
        case unreadable(String)

        var description: String {
            switch self {
            case .ended(let status, let log):
                "The process that scores candidates for tasks ended with status \(status); its log is \(log)."
            case .unreadable(let reason): "The scores of candidates for tasks cannot be read: \(reason)"
            }
        }
    }

    /// What each group is expected to tell, in nats.
    func information(
        of groups: [(prompt: Prompt, responses: [NewResponse])], by model: RewardModelRecord
    ) async throws -> [Double] {
        guard !groups.isEmpty else { return [] }
        let folder = data.url.appending(path: ".choosing-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let candidates = folder.appending(path: "candidates.jsonl")
        let scores = folder.appending(path: "scores.jsonl")
        var lines = Data()
        for group in groups {
            lines.append(Data(try JSONLines.line(Candidate(group)).utf8) + Data("\n".utf8))
        }
        try lines.write(to: candidates)
        let log = data.url.appending(path: "choosing.log")
        let child = try ChildProcess.start(
            [
                "score", "--model", data.url.appending(path: model.path).path, "--output", scores.path,
                candidates.path,
            ], log: log)
        var status: Int32 = 0
        for await ended in child.exit { status = ended }
        guard status == 0 else { throw Problem.ended(status: status, log: log.path) }
        let found = try Data(contentsOf: scores).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(ScoredCandidate.self, from: Data($0))
        }
        guard found.count == groups.count else {
            throw Problem.unreadable("\(found.count) lines for \(groups.count) groups")
        }
        return try found.map { try $0.information }
    }

    private struct Candidate: Encodable {
        let prompt: Prompt
        let responses: [GroupResponse]

        init(_ group: (prompt: Prompt, responses: [NewResponse])) {
            prompt = group.prompt
            responses = group.responses.enumerated().map { place, response in
                GroupResponse(
                    id: "\(place + 1)", text: response.text, tokenIDs: response.tokenIDs,
                    tokenIDsSource: response.tokenIDsSource, finished: response.finished)
            }
        }
    }
}

/// What is read of a line of `plumb score`'s answer.
package struct ScoredCandidate: Decodable {
    struct Response: Decodable {
        let raw_score: Double
        /// Of each member, where the model is an ensemble.
        let head_logits: [Double]?
    }
    let responses: [Response]

    /// What an answer is expected to tell, in nats.
    ///
    /// By logits, since a preference probability is σ of a difference of logits. Normalised scores have a gain of each member's
    /// own: of two members that agree, one would seem surer.
    package var information: Double { get throws { try TaskChoice.information(byScorer) } }

    /// `[scorers][responses]`.
    private var byScorer: [[Double]] {
        get throws {
            guard let heads = responses.first?.head_logits?.count, heads > 1 else {
                return [responses.map(\.raw_score)]
            }
            return try (0..<heads).map { head in
                try responses.map { response in
                    guard let logits = response.head_logits, logits.count == heads else {
                        throw RewardScoring.Problem.unreadable("responses have logits of different numbers of heads")
                    }
                    return logits[head]
                }
            }
        }
    }
}
