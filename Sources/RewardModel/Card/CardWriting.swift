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
    /// The model that the scores were learnt with.
    let ties: TieModel
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
        let judged = JudgedPairs(data.reportedGroups, scores: scores, ensemble: ensemble, ties: ties)
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
        let chosen = data.reportedGroups.count { $0.standsFor > 1 }
        if chosen > 0 {
            card.notes.append(
                "\(chosen) of the \(data.reportedGroups.count) groups that the figures rest on were chosen for what their labels "
                    + "tell; each counts by the inverse of its probability, so that the figures are of all prompts and not of "
                    + "the hard ones.")
        }
        var calibration = Calibration()
        for pair in judged.pairs { calibration.add(probability: pair.probability, weight: pair.weight) }
        card.calibration = calibration.filledBins
        card.mistakes = judged.mistakes(Self.mistakeCount)
        if let ensemble {
            var deviation = (sum: 0.0, weight: 0.0)
            for (example, own) in zip(data.reported, ensemble) {
                deviation.sum += example.weight * own.reduce(0) { $0 + $1.deviation }
                deviation.weight += example.weight * Double(own.count)
            }
            card.ensemble = RewardCard.Ensemble(
                members: ensemble.first?.first?.members.count ?? 1,
                meanDeviation: deviation.weight > 0 ? deviation.sum / deviation.weight : 0,
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
        // Tasks are also chosen for what is hard to foretell, on which people agree least.
        let agreed = (data.trainingGroups + data.heldOutGroups).reduce(into: WeightedShare()) { share, group in
            let own = agreement(of: [group])
            share.add(credit: 1, weight: group.standsFor, count: own.agreed)
            share.add(credit: 0, weight: group.standsFor, count: own.disagreed)
        }
        guard let rate = agreed.share, let interval = agreed.interval else { return nil }
        return RewardCard.Ceiling(
            pairs: agreed.count, agreement: rate, interval: interval,
            accuracy: rate >= 0.5 ? (1 + (2 * rate - 1).squareRoot()) / 2 : nil)
    }
}
