/// A setting of a reward-model run that a lead chooses from a list; all others are written as lines.
struct RewardChoice: Sendable {
    struct Option: Sendable {
        var value: String
        var words: String
    }

    /// As in `run.json`.
    var name: String
    var label: String
    /// The default, in words.
    var standard: String
    var options: [Option]

    static let all = [
        RewardChoice(
            name: "loss", label: "What a label teaches", standard: "all its pairs",
            options: [
                Option(value: "kwise", words: "all its pairs (K-wise)"),
                Option(value: "plackett_luce", words: "the whole order (Plackett–Luce)"),
                Option(value: "top_one", words: "the best response (top-1)"),
            ]),
        RewardChoice(
            name: "margins", label: "Margins by grade", standard: "small",
            options: [
                Option(value: "none", words: "none"), Option(value: "small", words: "small: 1, ⅔, ⅓, 0"),
                Option(value: "large", words: "large: 3, 2, 1, 0"),
            ]),
        RewardChoice(
            name: "ties", label: "Ties", standard: "teach nothing",
            options: [
                Option(value: "drop", words: "teach nothing"),
                Option(value: "davidson", words: "teach that scores are close (Davidson)"),
                Option(value: "rao_kupper", words: "teach that scores are close (Rao–Kupper)"),
            ]),
        RewardChoice(
            name: "soft_labels", label: "Several people's labels of one group", standard: "count one by one",
            options: [
                Option(value: "false", words: "count one by one"),
                Option(value: "true", words: "count as one, by shares of the votes"),
            ]),
        RewardChoice(
            name: "reliability_weights", label: "Annotators", standard: "all count alike",
            options: [
                Option(value: "false", words: "all count alike"),
                Option(value: "true", words: "count by their reliability (Crowd Bradley–Terry)"),
            ]),
        RewardChoice(
            name: "ensemble_members", label: "Ensemble", standard: "one head",
            options: [
                Option(value: "1", words: "one head"), Option(value: "4", words: "four heads, for uncertainty"),
                Option(value: "5", words: "five heads, for uncertainty"),
            ]),
        RewardChoice(
            name: "safety_weight", label: "Responses that people called unsafe", standard: "are not learnt",
            options: [
                Option(value: "0", words: "are not learnt"),
                Option(value: "1", words: "are learnt by a head of its own, which the refresh heeds"),
            ]),
        RewardChoice(
            name: "rating_weight", label: "Ratings from 1 to 7", standard: "teach nothing",
            options: [
                Option(value: "0", words: "teach nothing"),
                Option(value: "1", words: "teach the trunk by a head of their own"),
            ]),
        RewardChoice(
            name: "normalisation", label: "Normalisation of the scores",
            standard: "mean 0 and deviation 1 on fresh samples",
            options: [
                Option(value: "gain_and_bias", words: "mean 0 and deviation 1 on fresh samples"),
                Option(value: "bias", words: "mean 0 on fresh samples"),
                Option(value: "demonstrations", words: "mean 0 on people's demonstrations"),
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
