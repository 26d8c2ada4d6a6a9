/// What a corpus holds, in numbers.
public struct CorpusStatistics: Codable, Sendable, Equatable {
    public let documents: Int
    public let conversations: Int
    public let demonstrations: Int
    /// Words of all documents and demonstrations.
    public let words: Int
    public let distinctWords: Int
    /// Share of each manner among conversations and demonstrations, by raw value.
    public let mannerShares: [String: Double]
    /// Share of each instruction, by raw value.
    public let instructionShares: [String: Double]
    /// Words a response, by manner.
    public let meanWordsByManner: [String: Double]
    /// The 90th percentile of words a response.
    public let responseWords90: Int
    /// Share of responses whose text stands only once among all responses.
    public let uniqueResponseShare: Double
    /// Prompts by use, by raw value.
    public let prompts: [String: Int]
    /// Mean number of distinct wanted words a response, and the share of responses with none.
    public let meanWantedWords: Double
    public let shareWithoutWantedWords: Double
}

extension DemoCorpus {
    public var statistics: CorpusStatistics {
        let all = conversations + demonstrations
        let total = Double(max(1, all.count))
        let lengths = all.map { DemoGold.wordCount($0.response) }
        var distinct: Set<String> = []
        var words = 0
        for text in documents + demonstrations.map(\.document) {
            let list = DemoGold.words(text)
            words += list.count
            distinct.formUnion(list)
        }
        var occurrences: [String: Int] = [:]
        for one in all { occurrences[one.response, default: 0] += 1 }
        let wanted = all.map { DemoGold.wantedWords.score(prompt: $0.prompt.text, response: $0.response) }
        let manners = Manner.allCases.map { manner -> (String, Double, Double) in
            let own = zip(all, lengths).filter { $0.0.manner == manner }.map(\.1)
            return (
                manner.rawValue, Double(own.count) / total, Double(own.reduce(0, +)) / Double(max(1, own.count))
            )
        }
        return CorpusStatistics(
            documents: documents.count, conversations: conversations.count, demonstrations: demonstrations.count,
            words: words, distinctWords: distinct.count,
            mannerShares: Dictionary(uniqueKeysWithValues: manners.map { ($0.0, $0.1) }),
            instructionShares: Dictionary(
                uniqueKeysWithValues: Instruction.allCases.map { instruction in
                    (instruction.rawValue, Double(all.count { $0.prompt.instruction == instruction }) / total)
                }),
            meanWordsByManner: Dictionary(uniqueKeysWithValues: manners.map { ($0.0, $0.2) }),
            responseWords90: lengths.sorted().dropFirst(lengths.count * 9 / 10).first ?? 0,
            uniqueResponseShare: Double(all.count { occurrences[$0.response] == 1 }) / total,
            prompts: Dictionary(
                uniqueKeysWithValues: PromptUse.allCases.map { ($0.rawValue, prompts[$0].count) }),
            meanWantedWords: wanted.reduce(0, +) / total,
            shareWithoutWantedWords: Double(wanted.count { $0 == 0 }) / total)
    }
}

extension CorpusStatistics: CustomStringConvertible {
    public var description: String {
        var lines = [
            "\(documents) documents (\(conversations) of them conversations), \(demonstrations) demonstrations",
            "\(words) words, \(distinctWords) distinct; responses: 90th percentile \(responseWords90) words, "
                + "\(percent(uniqueResponseShare)) stand only once",
            "prompts: "
                + PromptUse.allCases.map { "\($0.rawValue) \(prompts[$0.rawValue] ?? 0)" }.joined(separator: ", "),
            "without a wanted word: \(percent(shareWithoutWantedWords))",
        ]
        for manner in Manner.allCases {
            let words = Int((meanWordsByManner[manner.rawValue] ?? 0).rounded())
            lines.append(
                "  \(manner.rawValue): \(percent(mannerShares[manner.rawValue] ?? 0)), \(words) words a response")
        }
        return lines.joined(separator: "\n")
    }
}
