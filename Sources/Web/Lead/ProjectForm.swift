import Foundation
import Labels

/// The form of a project's settings: what it shows, and how its fields become settings.
struct ProjectForm: Sendable {
    /// One field with a text, a number or a longer text in it.
    struct Field: Sendable {
        var name: String
        var label: String
        var value: String
        var help: String?
        var inputMode: String

        /// Puts back what was typed.
        mutating func keep(_ form: LeadForm) { value = form.text(name) }
    }
    struct MixRow: Sendable {
        var number: Int
        var policyName: String
        var temperatureName: String
        var weightName: String
        var policies: [FormOption]
        var temperature: String
        var weight: String

        /// - Parameters:
        ///   - index: from 0.
        ///   - policy: as the form's options have it; empty where the row is not used.
        init(_ index: Int, policy: String, temperature: String, weight: String, policies: [Policy]) {
            number = index + 1
            policyName = Self.policyName(index)
            temperatureName = Self.temperatureName(index)
            weightName = Self.weightName(index)
            self.policies = Self.options(chosen: policy, policies)
            self.temperature = temperature
            self.weight = weight
        }

        static func policyName(_ index: Int) -> String { "mix_policy_\(index)" }
        static func temperatureName(_ index: Int) -> String { "mix_temperature_\(index)" }
        static func weightName(_ index: Int) -> String { "mix_weight_\(index)" }

        /// A policy whose files are gone is offered only where it is chosen already.
        private static func options(chosen: String, _ policies: [Policy]) -> [FormOption] {
            let own = policies.filter { $0.prunedAt == nil || $0.id.description == chosen }
                .map { (value: $0.id.description, label: $0.name) }
            let roles = [
                (value: "", label: "Not used"), (value: "current", label: "The current policy"),
                (value: "reference", label: "The reference policy"),
            ]
            return (roles + own).map { FormOption(value: $0.value, label: $0.label, isSelected: $0.value == chosen) }
        }
    }

    /// Which stored settings the form was made from; nil for a new project.
    var version: String?
    var name: String
    var modes: [FormOption]
    var numbers: [Field]
    var instructions: String
    var rendersMarkdown: Bool
    var stop: String
    var acceptabilityLine: Bool
    var allowSkip: Bool
    var questions: QuestionForm
    var mix: [MixRow]
    var rewardModelSettings: String
    var policyRefreshSettings: String
    var supervisedSettings: String
    var preferenceTuningSettings: String
    var feedback: FeedbackFields
    var quality: QualityFields
    var strategies: [FormOption]
    var choiceNumbers: [Field]

    /// Rows of the mix that the form offers beyond those in use.
    private static let spareMixRows = 2

    init(name: String, settings: ProjectSettings, policies: [Policy]) {
        self.name = name
        modes = [
            FormOption(value: "ranking", label: "Ranking of K responses", isSelected: settings.mode == .ranking),
            FormOption(value: "comparison", label: "Comparison of two", isSelected: settings.mode == .comparison),
        ]
        numbers = Self.numberFields(settings)
        instructions = settings.instructions
        rendersMarkdown = settings.rendering == .markdown
        stop = StopTexts.lines(settings.stop)
        acceptabilityLine = settings.acceptabilityLine
        allowSkip = settings.allowSkip
        questions = QuestionForm(settings)
        let parts: [MixPart?] = settings.mix + Array(repeating: nil, count: Self.spareMixRows)
        mix = parts.enumerated().map { index, part in
            MixRow(
                index, policy: part.map { Self.word($0.policy) } ?? "",
                temperature: part.map { "\($0.temperature)" } ?? "", weight: part.map { "\($0.weight)" } ?? "",
                policies: policies)
        }
        rewardModelSettings = Self.lines(settings.rewardModel)
        policyRefreshSettings = Self.lines(settings.policyRefresh)
        supervisedSettings = Self.lines(settings.supervised)
        preferenceTuningSettings = Self.lines(settings.preferenceTuning)
        feedback = FeedbackFields(settings.feedback)
        quality = QualityFields(settings.quality)
        strategies = [
            FormOption(value: "random", label: "The prompts in turn", isSelected: settings.choice.strategy == .random),
            FormOption(
                value: "disagreement", label: "What the newest reward model is least sure of",
                isSelected: settings.choice.strategy == .disagreement),
        ]
        choiceNumbers = Self.choiceFields(settings.choice)
    }

    private static func numberFields(_ settings: ProjectSettings) -> [Field] {
        func field(_ name: String, _ label: String, _ value: String, _ help: String? = nil, decimal: Bool = false)
            -> Field
        {
            Field(name: name, label: label, value: value, help: help, inputMode: decimal ? "decimal" : "numeric")
        }
        return [
            field(
                "k_smallest", "Fewest responses a task (K)", "\(settings.responseCount.smallest)",
                "4 to 9 for ranking; a comparison always has 2."),
            field(
                "k_largest", "Most responses a task (K)", "\(settings.responseCount.largest)",
                "The same number twice fixes K; else it is drawn for each prompt."),
            field(
                "overlap", "Labels wanted for each task", "\(settings.overlap)",
                "With 2 or more, agreement between people can be measured."),
            field(
                "lease_minutes", "Minutes a task stays with one person", Self.minutes(settings.leaseSeconds),
                "At least; longer where the project's tasks take long. The page renews it while it is in view.",
                decimal: true),
            field("open_leases", "Open tasks a person at most", "\(settings.openLeasesPerPerson)"),
            field(
                "skips_to_review", "Skips until a lead decides", "\(settings.skipsToReview)",
                "So many people must skip a task; 0 leaves all to the annotators."),
            field(
                "tasks_ahead", "Tasks to keep ready", "\(settings.tasksAhead)",
                "Sampled ahead of need, so that nobody waits for the model."),
            field("max_tokens", "Longest response in tokens", "\(settings.maxTokens)"),
            field("top_p", "Top-p", "\(settings.topP)", "1 samples from the whole distribution.", decimal: true),
            field("top_k", "Top-k", "\(settings.topK)", "0 samples from the whole vocabulary."),
            field(
                "held_out_share", "Share of prompts held out of reward-model training", "\(settings.heldOutShare)",
                "They measure its accuracy.", decimal: true),
        ]
    }

    private static func choiceFields(_ choice: ChoiceSettings) -> [Field] {
        [
            Field(
                name: "choice_random_share", label: "Share chosen by chance alone", value: "\(choice.randomShare)",
                help: "0.01 to 1. It keeps figures about all prompts honest.", inputMode: "decimal"),
            Field(
                name: "choice_candidates", label: "Candidates for each task", value: "\(choice.candidates)",
                help: "Groups sampled for each task; more choose better and take longer.", inputMode: "numeric"),
            Field(
                name: "choice_oversampling", label: "Responses sampled for each one shown",
                value: "\(choice.oversampling)", help: "Above 1, the most different ones are shown.",
                inputMode: "numeric"),
        ]
    }

    private static func minutes(_ seconds: Int) -> String {
        seconds % 60 == 0 ? "\(seconds / 60)" : String(format: "%.2f", Double(seconds) / 60)
    }

    private static func word(_ policy: MixPolicy) -> String {
        switch policy {
        case .current: "current"
        case .reference: "reference"
        case .policy(let id): id.description
        }
    }

    private static func lines(_ settings: [String: String]) -> String {
        settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
    }
}

extension ProjectForm {
    /// The settings that a posted form asks for; what it has no field for stays as in `old`.
    /// - Throws: `FieldError` or `StoreError` naming the field that can't be taken.
    static func settings(_ form: LeadForm, from old: ProjectSettings) throws -> ProjectSettings {
        var settings = old
        guard let mode = TaskMode(rawValue: form.text("mode")) else {
            throw FieldError(field: "mode", message: "Mode: choose ranking or comparison.")
        }
        settings.mode = mode
        settings.responseCount =
            mode == .comparison
            ? .fixed(2)
            : .range(
                try form.whole("k_smallest", label: "Fewest responses a task"),
                try form.whole("k_largest", label: "Most responses a task"))
        settings.overlap = try form.whole("overlap", label: "Labels wanted for each task")
        let minutes = try form.number("lease_minutes", label: "Minutes a task stays with one person")
        guard minutes > 0, minutes <= 100_000 else {
            throw FieldError(field: "lease_minutes", message: "Minutes a task stays with one person: more than 0.")
        }
        settings.leaseSeconds = Int((minutes * 60).rounded())
        settings.openLeasesPerPerson = try form.whole("open_leases", label: "Open tasks a person at most")
        settings.skipsToReview = try form.whole("skips_to_review", label: "Skips until a lead decides")
        settings.tasksAhead = try form.whole("tasks_ahead", label: "Tasks to keep ready")
        settings.maxTokens = try form.whole("max_tokens", label: "Longest response in tokens")
        settings.topP = try form.number("top_p", label: "Top-p")
        settings.topK = try form.whole("top_k", label: "Top-k")
        settings.heldOutShare = try form.number("held_out_share", label: "Share of prompts held out")
        settings.stop = try StopTexts.read(form.raw("stop"))
        settings.acceptabilityLine = form.flag("acceptability_line")
        settings.allowSkip = form.flag("allow_skip")
        try QuestionForm.read(form, into: &settings)
        settings.instructions = form.raw("instructions")
        settings.rendering = form.flag("rendering") ? .markdown : .plain
        settings.mix = try mix(form)
        settings.rewardModel = try jobSettings(form, "reward_model_settings", label: "Reward-model settings")
        settings.policyRefresh = try jobSettings(form, "policy_refresh_settings", label: "Policy-refresh settings")
        settings.supervised = try jobSettings(form, "supervised_settings", label: "Supervised settings")
        settings.preferenceTuning = try jobSettings(
            form, "preference_tuning_settings", label: "Preference-tuning settings")
        settings.choice = try choice(form, from: old.choice)
        settings.feedback = try FeedbackFields.settings(form, from: old.feedback)
        settings.quality = try QualityFields.settings(form, from: old.quality)
        try settings.validate()
        return settings
    }

    private static func choice(_ form: LeadForm, from old: ChoiceSettings) throws(FieldError) -> ChoiceSettings {
        guard !form.text("choice_strategy").isEmpty else { return old }
        guard let strategy = ChoiceSettings.Strategy(rawValue: form.text("choice_strategy")) else {
            throw FieldError(field: "choice_strategy", message: "Which tasks come next: choose one of the two.")
        }
        var choice = ChoiceSettings()
        choice.strategy = strategy
        choice.randomShare = try form.number("choice_random_share", label: "Share chosen by chance alone")
        choice.candidates = try form.whole("choice_candidates", label: "Candidates for each task")
        choice.oversampling = try form.whole("choice_oversampling", label: "Responses sampled for each one shown")
        return choice
    }

    /// How many rows of the mix a posted form has, from the first one on.
    private static func mixRows(_ form: LeadForm) -> Int {
        var rows = 0
        while form.flag(MixRow.policyName(rows)) { rows += 1 }
        return rows
    }

    private static func mix(_ form: LeadForm) throws(FieldError) -> [MixPart] {
        var parts: [MixPart] = []
        for index in 0..<mixRows(form) {
            let chosen = form.text(MixRow.policyName(index))
            if chosen.isEmpty { continue }
            let row = "Mix, row \(index + 1)"
            let policy: MixPolicy
            switch chosen {
            case "current": policy = .current
            case "reference": policy = .reference
            default:
                guard let id = PolicyID(chosen) else {
                    throw FieldError(
                        field: MixRow.policyName(index), message: "\(row): there is no policy “\(chosen)”.")
                }
                policy = .policy(id)
            }
            parts.append(
                MixPart(
                    policy: policy,
                    temperature: try form.number(MixRow.temperatureName(index), label: "\(row), temperature"),
                    weight: try form.number(MixRow.weightName(index), label: "\(row), weight")))
        }
        return parts
    }

    /// Lines `name = value`.
    static func jobSettings(_ form: LeadForm, _ name: String, label: String) throws(FieldError) -> [String: String] {
        var settings: [String: String] = [:]
        for (index, line) in form.raw(name).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.isEmpty { continue }
            let parts = trimmed.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw FieldError(
                    field: name, message: "\(label), line \(index + 1): “\(trimmed)” is not “name = value”.")
            }
            guard settings.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw FieldError(field: name, message: "\(label), line \(index + 1): “\(parts[0])” stands there twice.")
            }
        }
        return settings
    }
}

extension ProjectForm {
    /// Puts what was typed back into the fields, so that a refused form loses nothing.
    mutating func keep(_ form: LeadForm, policies: [Policy]) {
        // It stays the page of the settings that it was opened with, however often it is refused.
        if version != nil { version = form.text("version") }
        name = form.text("name")
        modes.select(form.text("mode"))
        for index in numbers.indices { numbers[index].keep(form) }
        instructions = form.raw("instructions")
        rendersMarkdown = form.flag("rendering")
        stop = form.raw("stop")
        acceptabilityLine = form.flag("acceptability_line")
        allowSkip = form.flag("allow_skip")
        questions.keep(form)
        mix = (0..<max(mix.count, Self.mixRows(form))).map { index in
            MixRow(
                index, policy: form.text(MixRow.policyName(index)),
                temperature: form.text(MixRow.temperatureName(index)), weight: form.text(MixRow.weightName(index)),
                policies: policies)
        }
        rewardModelSettings = form.raw("reward_model_settings")
        policyRefreshSettings = form.raw("policy_refresh_settings")
        supervisedSettings = form.raw("supervised_settings")
        preferenceTuningSettings = form.raw("preference_tuning_settings")
        feedback.keep(form)
        quality.keep(form)
        keepChoice(form)
    }

    private mutating func keepChoice(_ form: LeadForm) {
        guard !form.text("choice_strategy").isEmpty else { return }
        strategies.select(form.text("choice_strategy"))
        for index in choiceNumbers.indices { choiceNumbers[index].keep(form) }
    }
}
