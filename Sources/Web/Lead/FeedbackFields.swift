import Labels
import Preferences

/// The part of a project's form that asks for other kinds of feedback than its mode.
struct FeedbackFields: Sendable {
    var shares: [ProjectForm.Field]
    var styles: [FormOption]
    var uses: [FormOption]
    var practicePassShare: String

    init(_ settings: FeedbackSettings) {
        shares = FeedbackKind.allCases.map { kind in
            ProjectForm.Field(
                name: Self.name(kind), label: Self.label(kind), value: "\(settings.share(kind))", help: Self.help(kind),
                inputMode: "numeric")
        }
        styles = PromptStyle.allCases.map {
            FormOption(
                value: Self.name($0), label: Self.label($0), isSelected: settings.promptStyles.contains($0))
        }
        uses = PromptUse.allCases.filter { $0 != .writing }.map {
            FormOption(
                value: $0.rawValue, label: PromptsPage.words($0), isSelected: settings.writtenPromptUse == $0)
        }
        practicePassShare = "\(settings.practicePassShare)"
    }

    /// The settings that a posted form asks for; a form without these fields leaves them as they are.
    /// - Throws: `FieldError` that names the field.
    static func settings(_ form: LeadForm, from old: FeedbackSettings) throws(FieldError) -> FeedbackSettings {
        guard form.flag("practice_pass_share") else { return old }
        var settings = FeedbackSettings()
        for kind in FeedbackKind.allCases {
            let share = try form.whole(name(kind), label: label(kind))
            if share != 0 { settings.shares[kind] = share }
        }
        settings.promptStyles = PromptStyle.allCases.filter { form.flag(name($0)) }
        if settings.promptStyles.isEmpty {
            throw FieldError(field: "prompt_styles", message: "Prompts that people write: choose at least one kind.")
        }
        guard let use = PromptUse(rawValue: form.text("written_prompt_use")) else {
            throw FieldError(
                field: "written_prompt_use", message: "Prompts that people write: choose what they are for.")
        }
        settings.writtenPromptUse = use
        settings.practicePassShare = try form.number(
            "practice_pass_share", label: "Share of the practice set to get right")
        return settings
    }

    /// Puts what was typed back into the fields; a form without them changes nothing of them.
    mutating func keep(_ form: LeadForm) {
        guard form.flag("practice_pass_share") else { return }
        for index in shares.indices { shares[index].keep(form) }
        for index in styles.indices { styles[index].isSelected = form.flag(styles[index].value) }
        uses.select(form.text("written_prompt_use"))
        practicePassShare = form.text("practice_pass_share")
    }

    private static func name(_ kind: FeedbackKind) -> String { "share_\(kind.rawValue)" }
    private static func name(_ style: PromptStyle) -> String { "prompt_style_\(style.rawValue)" }

    private static func label(_ kind: FeedbackKind) -> String {
        switch kind {
        case .demonstration: "Demonstrations"
        case .correction: "Corrections"
        case .rating: "Ratings"
        case .criticism: "Criticism"
        case .prompt: "Prompts to write"
        case .conversation: "Conversations"
        }
    }

    private static func help(_ kind: FeedbackKind) -> String {
        switch kind {
        case .demonstration: "The ideal answer to a prompt imported for supervised fine-tuning."
        case .correction: "A response, edited into what it should be."
        case .rating: "1 to 7 and flags for one response."
        case .criticism: "Free text on one response."
        case .prompt: "They become prompts of the project."
        case .conversation: "People write a prompt, compare two answers, and go on with the better one."
        }
    }

    private static func label(_ style: PromptStyle) -> String {
        switch style {
        case .plain: "Plain: anything one would ask"
        case .fewShot: "Few-shot: an instruction with examples"
        case .useCase: "For a use case: imported as prompts with the use “\(PromptsPage.words(.writing))”"
        }
    }
}
