import LanguageModel

extension TuningSettings {
    /// For learning from preferences, where two log-probabilities of one text must be of the same weights: no dropout.
    /// - Throws: `PolicyError.badOption` that names the field.
    func validateForPreferences() throws(PolicyError) {
        try validate()
        try require(
            kind != .prompt, "tuning",
            "prompt vectors are there from the first step, so the policy would not begin as its reference; take lora")
        try require(dropout == 0, "lora_dropout", "learning from preferences knows no dropout; set it to 0")
    }

    /// Whether a tuned model computes at first what its base computes, and its base can be had back by leaving the tuning
    /// off. Trained layers overwrite the base's.
    var beginsAsBase: Bool { kind == .lora || kind == .adapters }
}
