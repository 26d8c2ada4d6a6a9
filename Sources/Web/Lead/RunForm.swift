import Labels

/// A form that starts a run: what can be chosen from lists, all other settings as lines, and the seed. A refused one comes back as
/// it was sent.
struct RunForm: Sendable {
    struct Choice: Sendable {
        /// As in `run.json`, or what the run is made from.
        var name: String
        var label: String
        var options: [FormOption]
        var hint: String?

        /// - Parameter unset: what an empty choice means, in words.
        init(_ name: String, _ label: String, unset: String, _ options: [(String, String)], hint: String? = nil) {
            self.name = name
            self.label = label
            self.options = ([("", unset)] + options).map { FormOption(value: $0.0, label: $0.1) }
            self.hint = hint
        }
    }

    /// Begins the ids of its fields.
    var id: String
    var path: String
    /// What its button says.
    var button: String
    var choices: [Choice]
    /// What is chosen already, in a sentence.
    var note: String?
    var settings = ""
    var seed = ""
    /// Whether the settings are in view.
    var isOpen = false

    init(_ id: String, path: String, button: String, choices: [Choice]) {
        self.id = id
        self.path = path
        self.button = button
        self.choices = choices
    }

    mutating func choose(_ value: String, of name: String) {
        for index in choices.indices where choices[index].name == name { choices[index].options.select(value) }
    }

    /// Shows everything as it was sent.
    mutating func keep(_ form: LeadForm) {
        for index in choices.indices { choices[index].options.select(form.text(choices[index].name)) }
        settings = form.raw("settings")
        seed = form.text("seed")
        note = nil
        isOpen = true
    }
}

extension RunForm {
    /// Trains a reward model.
    static func rewardModel(_ project: String) -> RunForm {
        let halves = Choice(
            "halves", "What for", unset: "one model, on all labels",
            [("both", "two models, each on one half of the labels: one can watch a refresh against the other")])
        let others = RewardChoice.all.map { choice in
            Choice(
                choice.name, choice.label, unset: "As the project sets it, else: \(choice.standard)",
                choice.options.map { ($0.value, $0.label) })
        }
        return RunForm(
            "retrain", path: Path.retrain(project), button: "Retrain reward model", choices: [halves] + others)
    }

    /// Refreshes the policy against a reward model.
    /// - Parameter pair: the two newest models where they learnt from the two halves of the same labels; chosen already.
    static func refresh(
        _ project: String, models: [(id: String, name: String)], pair: (model: String, watcher: String)?
    ) -> RunForm {
        let known = models.map { ($0.id, $0.name) }
        var form = RunForm(
            "refresh", path: Path.refresh(project), button: "Refresh policy",
            choices: [
                Choice(
                    "method", "Method", unset: "The project's, else PPO",
                    [
                        ("ppo", "PPO: a value network judges every token"),
                        ("rloo", "RLOO: a response against its siblings"), ("grpo", "GRPO: the same, standardised"),
                        ("dr-grpo", "Dr. GRPO: without the two divisions"),
                        ("reinforce", "REINFORCE: against the mean so far"),
                        ("best-of-k", "Best of K: learn the best response"),
                    ]),
                Choice("reward_model", "Reward model", unset: "The newest", known),
                Choice(
                    "watcher", "Watched by a reward model that learnt from other labels", unset: "Nobody", known,
                    hint:
                        "The run stops where the two part. Retrain the reward model on two halves of the labels first."),
                Choice(
                    "safety", "Safety", unset: "The project's, else as the reward model was trained",
                    [
                        ("combined", "Counts: unsafe responses, and prompts about safety, by the safety head alone"),
                        ("ignored", "Does not count"),
                    ]),
            ])
        if let pair {
            form.choose(pair.model, of: "reward_model")
            form.choose(pair.watcher, of: "watcher")
            form.note =
                "The two newest reward models learnt from the two halves of the labels, so one of them watches the run "
                + "against the other. Settings has it otherwise."
        }
        return form
    }

    /// Tunes on the orders themselves.
    static func orders(_ project: String, bases: [(id: String, name: String)]) -> RunForm {
        RunForm(
            "orders", path: Path.tuneOnOrders(project), button: "Tune on preferences",
            choices: [
                Choice(
                    "method", "Method", unset: "The project's, else DPO",
                    [
                        ("dpo", "DPO: make what people prefer likelier"),
                        ("ipo", "IPO: the same, up to a fixed lead"),
                    ]), base(bases),
            ])
    }

    /// Tunes on written answers.
    static func supervised(_ project: String, bases: [(id: String, name: String)]) -> RunForm {
        RunForm("tune", path: Path.tune(project), button: "Tune on demonstrations", choices: [base(bases)])
    }

    private static func base(_ bases: [(id: String, name: String)]) -> Choice {
        Choice("base", "Policy to start from", unset: "The reference policy", bases.map { ($0.id, $0.name) })
    }
}
