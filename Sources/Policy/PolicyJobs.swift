public import LanguageModel
public import Runs

/// The jobs of this module, each a function of a run's attempt that writes everything into the attempt's folder.
public enum PolicyJobs {
    /// Kinds of run that `run(_:pool:)` knows.
    public static let kinds = ["tokenizer", "pretraining", "supervised", "preference-tuning", "policy-refresh"]

    /// Runs the job that the attempt's run.json asks for.
    /// - Throws: `PolicyError` and the engine's errors; `JobStopped` where the attempt was asked to stop, after a checkpoint
    ///   but for the phases that write none: a refresh's first look at its reference, and its last at what it made.
    public static func run(_ attempt: RunAttempt, pool: WorkerPool = WorkerPool()) throws -> JobOutcome {
        switch attempt.specification.kind {
        case "tokenizer": try TokenizerJob(attempt: attempt).run()
        case "pretraining": try PretrainingJob(attempt: attempt, pool: pool).run()
        case "supervised": try SupervisedJob(attempt: attempt, pool: pool).run()
        case "preference-tuning": try PreferenceTuningJob(attempt: attempt, pool: pool).run()
        case "policy-refresh": try PolicyRefreshJob(attempt: attempt, pool: pool).run()
        case let kind:
            throw PolicyError.badOption(
                field: "kind", reason: "\(kind) is no job of a policy; there are " + kinds.joined(separator: ", "))
        }
    }
}
