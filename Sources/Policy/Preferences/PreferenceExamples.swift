import Foundation
import LanguageModel
import Preferences
import RewardModel

/// A labelled group as tokens: one pass serves all its labels.
struct PreferenceExample: Sendable {
    /// One label's order of the group's responses.
    struct Label: Sendable {
        /// Indices of responses, best level first; those of one level are tied.
        var levels: [[Int]]
        var weight: Double
    }

    var tokens: TokenGroup
    var labels: [Label]

    var weight: Double { labels.reduce(0) { $0 + $1.weight } }
    var lengths: [Int] { tokens.responses.map(\.count) }
}

/// The labelled groups of a run, cut into what is learnt from and what is held out.
struct PreferenceExamples {
    static let fileName = "groups.jsonl"

    var training: [PreferenceExample] = []
    var heldOut: [PreferenceExample] = []
    /// Distinct prompts that are learnt from, in the order of the file, by the first group of each.
    var prompts: [RolloutCollector.Prompt] = []
    /// What people should know about the data, as sentences.
    var notes: [String] = []

    /// Responses are taken as the reward model takes them: sampled ones by the ids they were sampled with, others by their
    /// text and the end token.
    /// - Throws: an error with file and line for a group that is not whole; `PolicyError.nothingToLearn`.
    init(_ file: URL, policy: LoadedPolicy) throws {
        var tooLong = 0
        var withoutOrder = 0
        var seen = Set<[Int32]>()
        var ids = Set<String>()
        try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: Self.fileName) { line, labelled in
            do {
                try labelled.validate()
                let example = try Self.example(labelled, template: policy.template)
                withoutOrder += labelled.labels.count - example.labels.count
                let longest = example.tokens.prompt.count + (example.lengths.max() ?? 0)
                guard longest <= policy.contextLength, !example.tokens.prompt.isEmpty else {
                    tooLong += 1
                    return
                }
                guard !example.labels.isEmpty else { return }
                if labelled.split == .heldOut {
                    heldOut.append(example)
                } else {
                    training.append(example)
                    guard seen.insert(example.tokens.prompt).inserted else { return }
                    let group = labelled.group
                    prompts.append(
                        .init(
                            // Files from outside may name two groups alike.
                            id: ids.insert(group.id).inserted ? group.id : "line \(line)",
                            text: group.prompt.plainText, tokens: example.tokens.prompt))
                }
            } catch {
                throw PolicyError.badLine(file: Self.fileName, line: line, reason: "\(error)")
            }
        }
        if tooLong > 0 { notes.append(ReadingNotes.tooLong(tooLong, context: policy.contextLength)) }
        if withoutOrder > 0 { notes.append(ReadingNotes.withoutOrder(withoutOrder)) }
        guard !training.isEmpty else {
            throw PolicyError.nothingToLearn(
                file: Self.fileName,
                reason: heldOut.isEmpty
                    ? "no label puts one response above another; rank or compare some responses first"
                    : "every labelled prompt is held out; hold out fewer")
        }
    }

    private static func example(_ labelled: LabelledGroup, template: PromptTemplate) throws -> PreferenceExample {
        let group = labelled.group
        let places = Dictionary(
            group.responseIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return PreferenceExample(
            tokens: TokenGroup(
                prompt: try template.tokens(of: group.prompt),
                responses: group.responses.map { template.judgedTokens(of: $0).tokens }),
            labels: labelled.labels.compactMap { label in
                guard let rows = label.judgement.ranking?.rows, rows.count > 1 else { return nil }
                return .init(levels: rows.map { $0.compactMap { places[$0] } }, weight: label.weight ?? 1)
            })
    }
}
