import Labels

/// The part of a project's form that says how answers are checked.
struct QualityFields: Sendable {
    var numbers: [ProjectForm.Field]
    var authorsJudgeOwn: Bool

    private static let repeatShare = "Share of tasks given to the same person once more"
    private static let repeatAfter = "Answers between the two times, at least"
    private static let goldShare = "Share of tasks whose answer you know"
    private static let mostPeople = "People asked about a task at most, where they disagree"
    private static let leastAgreement = "Agreement that a task needs to be full"

    init(_ settings: QualitySettings) {
        numbers = [
            ProjectForm.Field(
                name: "repeat_share", label: Self.repeatShare, value: "\(settings.repeatShare)",
                help: "0 to 0.4; 0.05 is one in twenty. Each costs an answer that nothing is learnt from.",
                inputMode: "decimal"),
            ProjectForm.Field(
                name: "repeat_after", label: Self.repeatAfter, value: "\(settings.repeatAfter)",
                help: "Enough that the first answer is forgotten.", inputMode: "numeric"),
            ProjectForm.Field(
                name: "gold_share", label: Self.goldShare, value: "\(settings.goldShare)",
                help: "It matters once the practice page holds tasks for checks.", inputMode: "decimal"),
            ProjectForm.Field(
                name: "most_people", label: Self.mostPeople, value: "\(settings.mostPeople)",
                help: "One after the other, above the labels wanted for each task. 0: never more than those.",
                inputMode: "numeric"),
            ProjectForm.Field(
                name: "least_agreement", label: Self.leastAgreement, value: "\(settings.leastAgreement)",
                help: "0 to 1: the share of pairs on which people agree. It needs two labels for each task or more.",
                inputMode: "decimal"),
        ]
        authorsJudgeOwn = settings.authorsJudgeOwn
    }

    /// The settings that a posted form asks for; a form without these fields leaves them as they are.
    /// - Throws: `FieldError` that names the field.
    static func settings(_ form: LeadForm, from old: QualitySettings) throws(FieldError) -> QualitySettings {
        guard form.flag("repeat_share") else { return old }
        var settings = old
        settings.repeatShare = try form.number("repeat_share", label: repeatShare)
        settings.repeatAfter = try form.whole("repeat_after", label: repeatAfter)
        settings.goldShare = try form.number("gold_share", label: goldShare)
        settings.authorsJudgeOwn = form.flag("authors_judge_own")
        if form.flag("most_people") {
            settings.mostPeople = try form.whole("most_people", label: mostPeople)
            settings.leastAgreement = try form.number("least_agreement", label: leastAgreement)
        }
        return settings
    }

    /// Puts what was typed back into the fields; a form without them changes nothing of them.
    mutating func keep(_ form: LeadForm) {
        guard form.flag("repeat_share") else { return }
        for index in numbers.indices where form.flag(numbers[index].name) { numbers[index].keep(form) }
        authorsJudgeOwn = form.flag("authors_judge_own")
    }
}
