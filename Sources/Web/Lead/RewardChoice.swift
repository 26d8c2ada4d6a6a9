/// A setting of a reward-model run that a lead chooses from a list; all others are written as lines.
struct RewardChoice: Sendable {
    /// As in `run.json`.
    var name: String
    var label: String
    /// The default, in words.
    var standard: String
    var options: [FormOption]

    static let all = [
        RewardChoice(
            name: "loss", label: "What a label teaches", standard: "all its pairs",
            options: [
                FormOption(value: "kwise", label: "all its pairs (K-wise)"),
                FormOption(value: "plackett_luce", label: "the whole order (Plackett–Luce)"),
                FormOption(value: "top_one", label: "the best response (top-1)"),
            ]),
        RewardChoice(
            name: "margins", label: "Margins by grade", standard: "small",
            options: [
                FormOption(value: "none", label: "none"), FormOption(value: "small", label: "small: 1, ⅔, ⅓, 0"),
                FormOption(value: "large", label: "large: 3, 2, 1, 0"),
            ]),
        RewardChoice(
            name: "ties", label: "Ties", standard: "teach nothing",
            options: [
                FormOption(value: "drop", label: "teach nothing"),
                FormOption(value: "davidson", label: "teach that scores are close (Davidson)"),
                FormOption(value: "rao_kupper", label: "teach that scores are close (Rao–Kupper)"),
            ]),
        RewardChoice(
            name: "soft_labels", label: "Several people's labels of one group", standard: "count one by one",
            options: [
                FormOption(value: "false", label: "count one by one"),
                FormOption(value: "true", label: "count as one, by shares of the votes"),
            ]),
        RewardChoice(
            name: "reliability_weights", label: "Annotators", standard: "all count alike",
            options: [
                FormOption(value: "false", label: "all count alike"),
                FormOption(value: "true", label: "count by their reliability (Crowd Bradley–Terry)"),
            ]),
        RewardChoice(
            name: "ensemble_members", label: "Ensemble", standard: "one head",
            options: [
                FormOption(value: "1", label: "one head"), FormOption(value: "4", label: "four heads, for uncertainty"),
                FormOption(value: "5", label: "five heads, for uncertainty"),
            ]),
        RewardChoice(
            name: "safety_weight", label: "Responses that people called unsafe", standard: "are not learnt",
            options: [
                FormOption(value: "0", label: "are not learnt"),
                FormOption(value: "1", label: "are learnt by a head of its own, which the refresh heeds"),
            ]),
        RewardChoice(
            name: "rating_weight", label: "Ratings from 1 to 7", standard: "teach nothing",
            options: [
                FormOption(value: "0", label: "teach nothing"),
                FormOption(value: "1", label: "teach the trunk by a head of their own"),
            ]),
        RewardChoice(
            name: "normalisation", label: "Normalisation of the scores",
            standard: "mean 0 and deviation 1 on fresh samples",
            options: [
                FormOption(value: "gain_and_bias", label: "mean 0 and deviation 1 on fresh samples"),
                FormOption(value: "bias", label: "mean 0 on fresh samples"),
                FormOption(value: "demonstrations", label: "mean 0 on people's demonstrations"),
            ]),
    ]

    /// What was chosen, with the settings that were written as lines.
    /// - Throws: `FieldError` where a setting is both chosen and written.
    static func settings(_ form: LeadForm, and written: [String: String]) throws(FieldError) -> [String: String] {
        var settings = written
        for choice in all where !form.text(choice.name).isEmpty {
            guard written[choice.name] == nil else {
                throw FieldError(
                    field: "settings",
                    message:
                        "“\(choice.name)” is both chosen from its list and written as a line. Leave one of them out.")
            }
            settings[choice.name] = form.text(choice.name)
        }
        return settings
    }
}
