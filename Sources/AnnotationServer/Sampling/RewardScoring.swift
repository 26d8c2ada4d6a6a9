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
    /// - Parameter countsSafety: as of `ScoredCandidate.information`.
    func information(
        of groups: [(prompt: Prompt, responses: [NewResponse])], by model: RewardModelRecord, countsSafety: Bool
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
        let status = try await ChildProcess.start(
            [
                "score", "--model", data.url.appending(path: model.path).path, "--output", scores.path,
                candidates.path,
            ], log: log
        ).status()
        guard status == 0 else { throw Problem.ended(status: status, log: log.path) }
        let found = try Data(contentsOf: scores).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(ScoredCandidate.self, from: Data($0))
        }
        guard found.count == groups.count else {
            throw Problem.unreadable("\(found.count) lines for \(groups.count) groups")
        }
        return try found.map { try $0.information(countsSafety: countsSafety) }
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
        let rawScore: Double
        /// Of each member, where the model is an ensemble.
        let headLogits: [Double]?
        /// Where the model has a safety head.
        let safetyProbability: Double?
        /// Of each safety head, where there are several.
        let safetyLogits: [Double]?

        private enum CodingKeys: String, CodingKey {
            case rawScore = "raw_score"
            case headLogits = "head_logits"
            case safetyProbability = "safety_probability"
            case safetyLogits = "safety_logits"
        }
    }
    let responses: [Response]

    /// What an answer is expected to tell, in nats: about the order, as the mean over pairs, and where there is a safety head
    /// about which responses are safe, as the mean over them.
    ///
    /// By logits, since a preference probability is σ of a difference of logits. Normalised scores have a gain of each member's
    /// own: of two members that agree, one would seem surer.
    /// - Parameter countsSafety: whether an answer says which responses are safe.
    package func information(countsSafety: Bool) throws -> Double {
        let order = try byHead(\.headLogits) ?? [responses.map(\.rawScore)]
        let ofOrder = TaskChoice.information(order)
        guard countsSafety else { return ofOrder }
        return try ofOrder + TaskChoice.information(ofMarks: safetyLogOdds(beside: order.count))
    }

    /// `[heads][responses]`. A single safety head leaves open what nothing will settle, too, so beside the disagreement of an
    /// ensemble, which is far less, it would choose alone: there it does not count.
    private func safetyLogOdds(beside members: Int) throws -> [[Double]] {
        if let heads = try byHead(\.safetyLogits) { return heads }
        guard members == 1 else { return [] }
        let probabilities = responses.compactMap(\.safetyProbability)
        return probabilities.count == responses.count ? [probabilities.map { log($0) - log1p(-$0) }] : []
    }

    /// `[heads][responses]`; nil where the responses have no such list of several.
    private func byHead(_ logits: KeyPath<Response, [Double]?>) throws -> [[Double]]? {
        guard let heads = responses.first?[keyPath: logits]?.count, heads > 1 else { return nil }
        return try (0..<heads).map { head in
            try responses.map { response in
                guard let own = response[keyPath: logits], own.count == heads else {
                    throw RewardScoring.Problem.unreadable("responses have logits of different numbers of heads")
                }
                return own[head]
            }
        }
    }
}
