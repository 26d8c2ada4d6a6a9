import Foundation

/// What the numbers and settings of runs, reward models and policies are called on the pages. Files and the API have
/// the raw names, which pages show when somebody points at the words.
enum MetricWords {
    /// The words for a raw name; for one that is not known, the name itself without underscores and dots.
    static func words(_ name: String) -> String {
        if let words = known[name] { return words }
        let plain = name.replacing("_", with: " ").replacing(".", with: " ")
        return plain.prefix(1).uppercased() + plain.dropFirst()
    }

    /// The words without the unit in brackets at their end.
    static func title(_ name: String) -> String {
        let words = words(name)
        guard words.hasSuffix(")"), let bracket = words.lastIndex(of: "(") else { return words }
        return words[..<bracket].trimmingCharacters(in: .whitespaces)
    }

    private static let known = progress.merging(training) { first, _ in first }
        .merging(rewardModels) { first, _ in first }.merging(refreshes) { first, _ in first }

    private static let progress = [
        "phase": "Phase", "step": "Step", "steps": "Steps", "seconds_left": "Time left",
        "tokens_per_second": "Tokens a second", "samples": "Reference samples drawn",
        "samples_wanted": "Reference samples wanted", "documents": "Documents", "demonstrations": "Demonstrations",
        "skipped": "Left out", "corpus_tokens": "Tokens of the corpus", "vocabulary": "Tokens in the vocabulary",
    ]

    private static let training = [
        "loss": "Loss", "accuracy": "Accuracy, this batch", "learning_rate": "Learning rate",
        "gradient_norm": "Norm of the gradient", "held_out_loss": "Loss, held out",
        "held_out_examples": "Held-out examples",
    ]

    private static let rewardModels = [
        "held_out_accuracy": "Accuracy, held out",
        "accuracy_by_grade.significantly": "Accuracy, “significantly better”",
        "accuracy_by_grade.better": "Accuracy, “better”",
        "accuracy_by_grade.slightly": "Accuracy, “slightly better”",
        "accuracy_by_grade.negligibly": "Accuracy, “negligibly better or unsure”",
        "accuracy_by_grade.ungraded": "Accuracy, pairs without a grade",
        "length_baseline_accuracy": "Length-only baseline",
        "held_out_log_loss": "Log-loss, held out (nats)",
        "held_out_ece": "Calibration error",
        "held_out_kendall_tau": "Kendall's τ a prompt",
        "held_out_safety_labels": "Safety labels, held out", "held_out_safety_accuracy": "Safe or unsafe, held out",
        "held_out_safety_discrimination": "Safe above unsafe, share", "held_out_ratings": "Ratings, held out",
        "held_out_rating_error": "Ratings, mean distance (points)",
        "length_correlation": "Correlation of score and length",
        "training_accuracy": "Accuracy, learned from",
        "training_log_loss": "Log-loss, learned from (nats)",
        "held_out_pairs": "Held-out pairs", "held_out_groups": "Held-out groups", "held_out_labels": "Held-out labels",
        "training_groups": "Groups learned from", "training_labels": "Labels learned from",
        "reported_groups": "Groups that these figures are of", "selection_groups": "Groups that chose the step",
        "best_step": "Best step", "gain": "Gain of the normalisation", "bias": "Bias of the normalisation",
        "reference_samples": "Reference samples",
    ]

    private static let refreshes = [
        "reward": "Reward", "reward_deviation": "Spread of the reward", "shaped_reward": "Reward after shaping",
        "objective": "Reward less the KL penalty", "kl": "KL to the reference (nats a response)",
        "kl_per_token": "KL to the reference (nats a token)", "kl_coefficient": "KL coefficient",
        "approximate_kl": "KL of one update (nats a token)", "entropy": "Entropy (nats a token)",
        "response_length": "Response length (tokens)", "end_share": "Responses that end by themselves",
        "distinct_1": "Different words", "distinct_2": "Different word pairs",
        "distinct_text_share": "Different texts in a group", "policy_loss": "Loss of the policy",
        "value_loss": "Loss of the value network", "clip_fraction": "Clipped ratios",
        "value_clip_fraction": "Clipped values", "policy_gradient_norm": "Norm of the policy's gradient",
        "value_gradient_norm": "Norm of the value network's gradient",
        "value_learning_rate": "Learning rate, value network",
        "policy_learning_rate": "Learning rate, policy", "updates": "Updates", "value": "Value, mean",
        "return": "Return, mean", "explained_variance": "Returns that the value network explains",
        "watcher_reward": "Score by the watcher", "member_deviation": "Disagreement of the ensemble's heads",
        "unsafe_share": "Share of responses that are probably unsafe",
        "pretraining_loss": "Loss of the texts mixed in (nats a token)",
        "preference_margin": "Lead of preferred responses", "log_ratio": "Log-ratio to the reference (nats a response)",
        "iterations": "Iterations", "kept_iteration": "Iteration handed out",
        "kept_share": "Share of the way from the reference that was kept",
    ]
}
