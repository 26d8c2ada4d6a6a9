import Labels

/// How long answers took, as the progress page shows it: a histogram and each person's quantiles.
struct TimesSection: Sendable {
    /// One bar; x, y, width and height are units of the drawing.
    struct Bar: Sendable {
        let label: String
        let answers: Int
        let x: Int
        let y: Int
        let height: Int
        let middle: Int
        let labelY: Int
    }

    struct Person: Sendable {
        let name: String
        let answers: Int
        let p10: String
        let p50: String
        let p90: String
        let fast: Int
    }

    /// After how long a task of one kind goes to somebody else.
    struct Taken: Sendable {
        let kind: String
        let p90: String
        let after: String
    }

    let taken: [Taken]
    let bars: [Bar]
    let people: [Person]
    let isEmpty: Bool
    /// What the bars do not tell.
    let remarks: String
    /// The histogram in words, for whoever does not see it.
    let summary: String

    private static let barWidth = 56
    private static let highest = 120

    init(_ times: TimeDistribution, _ lengths: [LeaseLength]) {
        taken = lengths.map {
            Taken(
                kind: $0.mode.words, p90: LeadWords.seconds($0.ninetiethPercentile),
                after: LeadWords.seconds(Double($0.seconds)))
        }
        let most = max(1, times.bins.map(\.answers).max() ?? 1)
        bars = times.bins.enumerated().map { index, bin in
            let height = bin.answers * Self.highest / most
            return Bar(
                label: Self.label(bin), answers: bin.answers, x: index * Self.barWidth + 4,
                y: 20 + Self.highest - height,
                height: height, middle: index * Self.barWidth + Self.barWidth / 2, labelY: 14 + Self.highest - height)
        }
        people = ((times.people.count > 1 ? times.everybody.map { [$0] } ?? [] : []) + times.people).map {
            Person(
                name: $0.name, answers: $0.answers, p10: LeadWords.seconds($0.p10), p50: LeadWords.seconds($0.p50),
                p90: LeadWords.seconds($0.p90), fast: $0.fast)
        }
        isEmpty = times.everybody == nil
        summary = times.bins.filter { $0.answers > 0 }.map { "\(Self.label($0)) s: \($0.answers)" }.joined(
            separator: ", ")
        var remarks: [String] = []
        if let dwell = times.medianDwell {
            remarks.append("A response is looked at for \(LeadWords.seconds(dwell)) (median).")
        }
        if times.withRaw > 0 { remarks.append("The raw text was turned on in \(times.withRaw) answers.") }
        if times.withDiff > 0 { remarks.append("Differences were turned on in \(times.withDiff) answers.") }
        if times.unmeasured > 0 { remarks.append("\(times.unmeasured) answers have no measured time.") }
        self.remarks = remarks.joined(separator: " ")
    }

    /// In seconds, which the text above the bars says once: ten units would run into each other.
    private static func label(_ bin: TimeDistribution.Bin) -> String {
        guard let below = bin.below else { return "\(bin.from)+" }
        return "\(bin.from)–\(below)"
    }
}
