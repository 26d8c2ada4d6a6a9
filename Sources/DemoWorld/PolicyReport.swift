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
    /// The same, of the prompts whose instruction is held out of the corpus for their subject; nil when there are none.
    public let passShareHeldOut: Double?
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
        let heldOut = kept.filter { row in
            checker.world.isHeldOut(instruction: row.0.prompt.instruction, subject: row.0.prompt.subject)
        }
        passShareHeldOut = heldOut.isEmpty ? nil : share(heldOut) { $0.1.passes }
        subjectShare = share(kept) { $0.1.keepsToSubject }
        wellFormedShare = share(verdicts) { $0.isWellFormed }
        verbatimShare = share(pairs) { corpus.contains($0.response) }
        examples = kept.filter { !$0.1.passes }.prefix(12).map { pair, verdict in
            "\(pair.prompt.text) → \(pair.response) [\(verdict.problems.joined(separator: "; "))]"
        }
    }
}

extension PolicyReport {
    /// A sentence for each bound that the policy misses; none where it keeps them all.
    public func missed(minimumSubjectShare: Double, maximumVerbatimShare: Double) -> [String] {
        var sentences: [String] = []
        if subjectShare < minimumSubjectShare {
            sentences.append(
                "Only \(percent(subjectShare)) of the responses in a manner that keeps to the subject keep to the subject, but "
                    + "--min-subject-share asks for \(percent(minimumSubjectShare)).")
        }
        if verbatimShare > maximumVerbatimShare {
            sentences.append(
                "\(percent(verbatimShare)) of the responses stand word for word in the corpus, but --max-verbatim-share "
                    + "allows \(percent(maximumVerbatimShare)).")
        }
        return sentences
    }
}

extension PolicyReport: CustomStringConvertible {
    public var description: String {
        var lines = [
            "\(responses) responses",
            "pass the checker, of those in a manner that keeps to the subject: \(percent(passShare))",
            "keep to the subject, of the same: \(percent(subjectShare))",
            "well-formed: \(percent(wellFormedShare))",
            "word for word in the corpus: \(percent(verbatimShare))",
        ]
        if let passShareHeldOut {
            lines.append("pass, on combinations held out of the corpus: \(percent(passShareHeldOut))")
        }
        for manner in Manner.allCases {
            let name = manner.rawValue
            let pass = passShareByManner[name].map { ", of which pass \(percent($0))" } ?? ""
            lines.append("  \(name): \(percent(mannerShares[name] ?? 0))\(pass)")
        }
        for instruction in Instruction.allCases {
            lines.append(
                "  \(instruction.rawValue): pass \(percent(passShareByInstruction[instruction.rawValue] ?? 0))")
        }
        return (lines + (examples.isEmpty ? [] : ["did not pass, for example:"]) + examples).joined(separator: "\n")
    }
}

/// A share in percent with one digit, e.g. "82.5%".
func percent(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    return "\(tenths / 10).\(tenths % 10)%"
}
