import JSON
import Runs

/// The numbers of a finished run, for `plumb.json` and RESULT.json: the same in every run of the same bytes.
struct RewardModelReport {
    let data: RewardDataset
    let state: TrainingState
    let training: RewardEvaluation
    let heldOut: RewardEvaluation?
    let longerIsBetter: Bool
    let normalisation: Normalisation

    static let terminalRule =
        "The score is read at the last token of prompt and response as they stand: the end token of a finished response, the "
        + "last token of one that was cut short."

    func metrics() throws -> [String: JSONValue] {
        var metrics: [String: JSONValue] = [
            "training_groups": .integer(data.training.count),
            "training_labels": .integer(RewardDataset.labelCount(data.training)),
            "held_out_groups": .integer(data.heldOut.count),
            "held_out_labels": .integer(RewardDataset.labelCount(data.heldOut)),
            "selection_groups": .integer(data.selecting.count),
            "reported_groups": .integer(data.reported.count),
            // Whether the groups that chose the step also gave the figures.
            "figures_of_selection": data.heldOut.isEmpty ? .null : .bool(data.figuresAreOfSelection),
            "steps": .integer(state.step),
            "best_step": state.bestStep.map { .integer($0) } ?? .null,
            "training_accuracy": .number(training.accuracy),
            "training_log_loss": .number(training.logLoss),
            "length_baseline": longerIsBetter ? "longer" : "shorter",
            "gain": .number(normalisation.gain),
            "bias": .number(normalisation.bias),
            "reference_samples": .integer(normalisation.samples),
        ]
        // Without held-out prompts there is no honest number, and null says so.
        metrics["held_out_pairs"] = heldOut.map { .integer($0.pairs) } ?? .null
        metrics["held_out_accuracy"] = heldOut.map { .number($0.accuracy) } ?? .null
        metrics["held_out_log_loss"] = heldOut.map { .number($0.logLoss) } ?? .null
        metrics["held_out_ece"] = heldOut.map { .number($0.calibrationError) } ?? .null
        metrics["held_out_kendall_tau"] = heldOut?.kendallTau.map { .number($0) } ?? .null
        metrics["length_baseline_accuracy"] = heldOut.map { .number($0.lengthBaselineAccuracy) } ?? .null
        metrics["length_correlation"] = heldOut?.lengthCorrelation.map { .number($0) } ?? .null
        metrics["accuracy_by_grade"] = try heldOut.map { try JSONValue(encoding: $0.accuracyByGrade) } ?? .null
        return metrics
    }
}
