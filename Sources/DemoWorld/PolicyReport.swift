/// How a policy does in the demo world, over many of its responses.
public struct PolicyReport: Codable, Sendable, Equatable {
    public let responses: Int
    /// Share of each manner, by raw value.
    public let mannerShares: [String: Double]
    /// Of the responses in a manner that keeps to the subject: the share that passes the checker.
    public let passShare: Double
    /// The same, by manner and by instruction.
    public let passShareByManner: [String: Double]
    public let passShareByInstruction: [String: Double]
    /// Of the responses in a manner that keeps to the subject: the share that does keep to it.
    public let subjectShare: Double
    /// Share of all responses that are well-formed.
    public let wellFormedShare: Double
    /// Share of all responses that stand word for word in the corpus.
    public let verbatimShare: Double
    /// Some responses that did not pass, with what is wrong.
    public let examples: [String]

    /// - Parameter corpus: every response that training read (`DemoCorpus.responseTexts`).
    public init(
        pairs: [(prompt: DemoPrompt, response: String)], corpus: Set<String>, checker: ResponseChecker
    ) {
        let verdicts = pairs.map { checker.check(prompt: $0.prompt, response: $0.response) }
        let rows = Array(zip(pairs, verdicts))
        let kept = rows.filter { $0.1.manner.keepsToSubject }
        func share<Row>(_ rows: [Row], _ holds: (Row) -> Bool) -> Double {
            rows.isEmpty ? 0 : Double(rows.count(where: holds)) / Double(rows.count)
        }
        responses = pairs.count
        mannerShares = Dictionary(
            uniqueKeysWithValues: Manner.allCases.map { manner in
                (manner.rawValue, share(verdicts) { $0.manner == manner })
            })
        passShare = share(kept) { $0.1.passes }
        passShareByManner = Dictionary(
            uniqueKeysWithValues: Manner.allCases.filter(\.keepsToSubject).map { manner in
                (manner.rawValue, share(kept.filter { $0.1.manner == manner }) { $0.1.passes })
            })
        passShareByInstruction = Dictionary(
            uniqueKeysWithValues: Instruction.allCases.map { instruction in
                (
                    instruction.rawValue,
                    share(kept.filter { $0.0.prompt.instruction == instruction }) { $0.1.passes }
                )
            })
        subjectShare = share(kept) { $0.1.keepsToSubject }
        wellFormedShare = share(verdicts) { $0.isWellFormed }
        verbatimShare = share(pairs) { corpus.contains($0.response) }
        examples = kept.filter { !$0.1.passes }.prefix(12).map { pair, verdict in
            "\(pair.prompt.text) → \(pair.response) [\(verdict.problems.joined(separator: "; "))]"
        }
    }
}
