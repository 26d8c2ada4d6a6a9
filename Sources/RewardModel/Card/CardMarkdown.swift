import Foundation
public import Preferences

extension RewardCard {
    /// The card for people: the same figures in tables.
    /// - Parameter title: names the model.
    public func markdown(title: String) -> String {
        var text = Lines()
        text.add("# Card of the reward model \(title)", "")
        text.add(
            "Learned from \(counts.trainingLabels) labels on \(counts.trainingGroups) groups; "
                + "\(counts.heldOutLabels) labels on \(counts.heldOutGroups) groups were held out by prompt, and the figures "
                + "rest on \(counts.reportedGroups) of these groups.", "")
        for note in notes { text.add(note, "") }
        if let overall {
            text.table(["figure", "value"], overallRows(overall))
        } else {
            text.add("Nothing was held out, so nothing says how well this model predicts people.", "")
        }
        text.parts("Accuracy by grade", byGrade)
        text.parts("Accuracy by annotator", byAnnotator)
        text.parts("Accuracy by policy", byPolicy)
        text.parts("Accuracy by agreement", byAgreement)
        text.parts("On the newest policy's responses alone", newestPolicy.map { [$0] } ?? [])
        addCalibration(to: &text)
        addPeople(to: &text)
        addCurve(to: &text)
        if let ensemble {
            text.add("## Ensemble", "")
            text.add(
                "\(ensemble.members) members; mean deviation of their normalised scores "
                    + "\(Self.number(ensemble.meanDeviation)).", "")
            text.parts("Accuracy by the members' agreement", ensemble.accuracyBySpread)
        }
        addHeads(to: &text)
        addMistakes(to: &text)
        return text.joined
    }

    private func overallRows(_ overall: Figures) -> [[String]] {
        var rows = [["pairs", "\(overall.pairs)"], ["accuracy", Self.share(overall.accuracy)]]
        if let interval = overall.accuracyInterval { rows.append(["accuracy, 95%", Self.range(interval)]) }
        rows += [
            ["log-loss (nats)", Self.number(overall.logLoss)],
            ["calibration error", Self.number(overall.calibrationError)],
        ]
        if let tau = overall.kendallTau { rows.append(["Kendall's τ a label", Self.number(tau)]) }
        if let baseline = length.baselineAccuracy {
            rows.append([
                "always the \(length.baselineTakesLonger ? "longer" : "shorter") response", Self.share(baseline),
            ])
        }
        if let correlation = length.correlation {
            rows.append(["correlation of score and length", Self.number(correlation)])
        }
        return rows
    }

    private func addCalibration(to text: inout Lines) {
        guard !calibration.isEmpty else { return }
        text.add("## Calibration", "")
        text.table(
            ["probability", "pairs", "mean probability", "won"],
            calibration.map {
                [
                    Self.range([$0.low, $0.high]), "\($0.pairs)", Self.share($0.confidence), Self.share($0.accuracy),
                ]
            })
    }

    private func addPeople(to text: inout Lines) {
        if let ceiling {
            text.add("## What people agree on", "")
            text.add(
                "Of \(ceiling.pairs) pairs that two people ordered, they agree on \(Self.share(ceiling.agreement)) "
                    + "(95%: \(Self.range(ceiling.interval))).", "")
            if let accuracy = ceiling.accuracy {
                text.add("A model that is always right would agree with \(Self.share(accuracy)) of single labels.", "")
            }
        }
        guard !annotators.isEmpty else { return }
        text.add("## Annotators", "")
        text.table(
            ["annotator", "reliability", "pairs", "shared pairs", "weight"],
            annotators.map {
                [
                    $0.annotator, Self.number($0.reliability), "\($0.pairs)", "\($0.sharedPairs)",
                    Self.number($0.weight),
                ]
            })
    }

    private func addCurve(to text: inout Lines) {
        guard !learningCurve.isEmpty else { return }
        text.add("## Learning curve", "")
        text.table(
            ["labels", "groups", "accuracy", "log-loss"],
            learningCurve.map {
                ["\($0.labels)", "\($0.groups)", Self.share($0.accuracy), Self.number($0.logLoss)]
            })
    }

    private func addHeads(to text: inout Lines) {
        if let safety {
            text.add("## Safety head", "")
            var rows = [
                ["held-out labels", "\(safety.marks), \(safety.unsafe) of them unsafe"],
                ["accuracy", Self.share(safety.accuracy)],
                ["always the commoner answer", Self.share(safety.baselineAccuracy)],
                ["log-loss (nats)", Self.number(safety.logLoss)],
            ]
            if let area = safety.discrimination { rows.append(["safe above unsafe", Self.share(area)]) }
            text.table(["figure", "value"], rows)
        }
        if let rating {
            text.add("## Rating head", "")
            var rows = [
                ["held-out ratings", "\(rating.marks)"],
                ["mean distance (points of 1 to 7)", Self.number(rating.meanError)],
                ["always the mean rating", Self.number(rating.baselineError)],
            ]
            if let correlation = rating.correlation { rows.append(["correlation", Self.number(correlation)]) }
            text.table(["figure", "value"], rows)
        }
    }

    private func addMistakes(to text: inout Lines) {
        guard !mistakes.isEmpty else { return }
        text.add("## Worst mistakes", "")
        for mistake in mistakes {
            let grade = mistake.grade.map { ", \($0.words)" } ?? ""
            text.add(
                "**\(mistake.group)**: \(mistake.annotator) preferred the first\(grade); the model gave that "
                    + "\(Self.share(mistake.probability)).", "")
            for part in [mistake.prompt, mistake.preferred, mistake.other] { text.quote(part) }
        }
    }

    fileprivate static func share(_ value: Double) -> String { String(format: "%.1f%%", value * 100) }
    fileprivate static func number(_ value: Double) -> String { String(format: "%.3f", value) }
    fileprivate static func range(_ ends: [Double]) -> String { ends.map(share).joined(separator: " to ") }
}

/// Lines of Markdown.
private struct Lines {
    private var lines: [String] = []

    var joined: String { lines.joined(separator: "\n") }

    mutating func add(_ more: String...) { lines += more }

    mutating func table(_ head: [String], _ rows: [[String]]) {
        func row(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
                + " |"
        }
        lines.append(row(head))
        lines.append("|" + head.map { _ in "---|" }.joined())
        lines += rows.map(row)
        lines.append("")
    }

    mutating func parts(_ title: String, _ parts: [RewardCard.Part]) {
        guard !parts.isEmpty else { return }
        add("## \(title)", "")
        table(
            ["part", "pairs", "accuracy", "95%"],
            parts.map { [$0.name, "\($0.pairs)", RewardCard.share($0.accuracy), RewardCard.range($0.interval)] })
    }

    /// A text as a block of its own in which nothing is markup.
    mutating func quote(_ text: String) {
        lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        lines += ["", "<!-- -->", ""]
    }
}
