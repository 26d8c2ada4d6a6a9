public import LanguageModel
public import Runs

/// The `reward-model` job: from a supervised policy and all labels so far to a scored, normalised reward model.
///
/// Every run starts from the supervised trunk and takes all labels, because going on from an older reward model would
/// show it the older labels again and again (training §2.1).
public enum RewardModelJob {
    public static let kind = "reward-model"
    /// Name of the result's folder, also below `output/`.
    public static let folderName = "reward-model"

    /// Runs the job over an attempt: `input/groups.jsonl`, parent `base`.
    /// - Throws: `JobStopped` after a checkpoint; `JobFailure` with a sentence for people; file-system errors.
    public static func run(_ attempt: RunAttempt, pool: WorkerPool = WorkerPool()) throws -> JobOutcome {
        do {
            return try RewardModelRun(attempt: attempt, pool: pool).run()
        } catch let error as RewardModelError {
            switch error {
            case .noLabels, .nothingOrdered, .everythingHeldOut, .nothingToRead, .noDemonstrations:
                throw JobFailure(kind: "not-ready", message: error.description)
            case .diverged, .oneScoreForAll: throw JobFailure(kind: "diverged", message: error.description)
            default: throw JobFailure(kind: "bad-input", message: error.description)
            }
        }
    }
}
