import Foundation
import LanguageModel
import Preferences

/// Puts a finished run's card together.
struct CardWriting {
    let data: RewardDataset
    let heldOut: RewardEvaluation?
    let longerIsBetter: Bool
    /// Logits of the groups that the figures rest on.
    let scores: [[Double]]
    let ensemble: [[EnsembleScore]]?
    let heads: HeadFigures?
    let curve: [LearningCurve.Point]
    let reliability: CrowdBradleyTerry
    let weighsByReliability: Bool
    let notes: [String]

    static let mistakeCount = 20

    func card() -> RewardCard {
        var card = RewardCard(
            counts: RewardCard.Counts(
                trainingLabels: RewardDataset.labelCount(data.training), trainingGroups: data.training.count,
                heldOutLabels: RewardDataset.labelCount(data.heldOut), heldOutGroups: data.heldOut.count,
                reportedGroups: data.reported.count,
                figuresAreOfSelection: !data.heldOut.isEmpty && data.figuresAreOfSelection),
            length: RewardCard.Length(
                correlation: heldOut?.lengthCorrelation, baselineAccuracy: heldOut?.lengthBaselineAccuracy,
                baselineTakesLonger: longerIsBetter))
        card.notes = notes
        card.ceiling = ceiling
        card.annotators = reliability.annotators.map { estimate in
            RewardCard.Reliability(
                annotator: estimate.annotator, reliability: estimate.reliability, pairs: estimate.pairs,
                sharedPairs: estimate.sharedPairs,
                weight: weighsByReliability ? reliability.weight(of: estimate.annotator) : 1)
        }
        card.safety = heads?.safety
        card.rating = heads?.rating
        guard let heldOut else { return card }
        addFigures(heldOut, to: &card)
        return card
    }

    private func addFigures(_ heldOut: RewardEvaluation, to card: inout RewardCard) {
        let judged = JudgedPairs(data.reportedGroups, scores: scores, ensemble: ensemble)
        card.overall = RewardCard.Figures(
            pairs: heldOut.pairs, accuracy: heldOut.accuracy, accuracyInterval: judged.accuracyInterval(),
            logLoss: heldOut.logLoss, calibrationError: heldOut.calibrationError, kendallTau: heldOut.kendallTau)
        card.byGrade = judged.parts { $0.grade?.rawValue ?? "ungraded" }
        card.byAnnotator = judged.parts(\.annotator)
        card.byPolicy = judged.parts(judged.policy)
        card.byAgreement = judged.parts(judged.agreementNames)
        if let newest = data.newestPolicy {
            card.newestPolicy = JudgedPairs.part(newest, judged.pairs.filter { judged.policy(of: $0) == newest })
            if card.newestPolicy == nil {
                card.notes.append(
                    "No held-out pair is of two responses of \(newest), the newest policy, so how well this reward model does on "
                        + "its responses is not known. Label some of them, then retrain.")
            }
        }
        var calibration = Calibration()
        for pair in judged.pairs { calibration.add(probability: pair.probability, weight: pair.weight) }
        card.calibration = calibration.filledBins
        card.mistakes = judged.mistakes(Self.mistakeCount)
        if let ensemble {
            let deviations = ensemble.flatMap { $0.map(\.deviation) }
            card.ensemble = RewardCard.Ensemble(
                members: ensemble.first?.first?.members.count ?? 1,
                meanDeviation: deviations.reduce(0, +) / Double(max(1, deviations.count)),
                accuracyBySpread: judged.accuracyBySpread)
        }
        guard !curve.isEmpty else { return }
        card.learningCurve =
            curve.map {
                RewardCard.CurvePoint(
                    labels: $0.labels, groups: $0.groups, accuracy: $0.accuracy, logLoss: $0.logLoss)
            } + [
                RewardCard.CurvePoint(
                    labels: RewardDataset.labelCount(data.training), groups: data.training.count,
                    accuracy: heldOut.accuracy, logLoss: heldOut.logLoss)
            ]
    }

    private var ceiling: RewardCard.Ceiling? {
        let shared = agreement(of: data.trainingGroups + data.heldOutGroups)
        guard let rate = shared.rate, let interval = shared.interval else { return nil }
        return RewardCard.Ceiling(
            pairs: shared.agreed + shared.disagreed, agreement: rate,
            interval: [interval.lowerBound, interval.upperBound],
            accuracy: rate >= 0.5 ? (1 + (2 * rate - 1).squareRoot()) / 2 : nil)
    }
}
