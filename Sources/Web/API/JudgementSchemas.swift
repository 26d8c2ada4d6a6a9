import Labels
import Preferences

/// What answers to tasks and stored labels say about responses, and what a task asks.
enum JudgementSchemas {
    static let components: [(name: String, schema: Schema)] = [
        ("Ranking", ranking), ("Comparison", comparison), ("ResponseRating", rating), ("Questions", questions),
        ("Flag", flag),
        (
            "Judgement",
            .object([
                .required("kind", .choice(JudgementKind.allCases.map(\.rawValue))),
                .optional("ranking", .reference("Ranking")), .optional("comparison", .reference("Comparison")),
            ])
        ),
        (
            "Timing",
            .object([
                .optional("active_ms", timing("Visible and not idle for over 30 s.")),
                .optional("first_action_ms", timing()), .optional("operations", timing()),
                .optional("effort", .reference("Effort")),
            ])
        ),
    ]

    static let flagMembers: [Schema.Member] = [
        .required("name", .string("As labels store it: small letters, digits and underscores.")),
        .required("words", .string("As the pages say it.")),
    ]

    static let aspects = Schema.array(.choice(Aspect.allCases.map(\.rawValue)), "Rated 0 to 4 for each response.")

    private static let flag = Schema.object(flagMembers, "A yes-or-no mark on a response.")

    private static let id = Schema.string("A response's id.")

    private static let ratings = Schema.map(.reference("ResponseRating"), "By response id.")

    private static let ranking = Schema.object([
        .required("rows", .array(.array(id, atLeast: 1), "Best first; one row is a tie.", atLeast: 1)),
        .optional("unacceptable", .array(id)), .optional("ratings", ratings),
        .optional(
            "asked_flags", .array(.string("A flag's name."), "The flags that the task offered; the server sets them.")),
    ])

    private static let comparison = Schema.object(
        [
            .optional("winner", id), .optional("loser", id),
            .optional("grade", .choice(Grade.allCases.map(\.rawValue))),
            .optional("responses", .array(id, "Both, where none is preferred.")),
            .optional("verdict", .choice(["tie", "both_unacceptable"], "Why none is preferred.")),
            .optional("unsafe", .array(id, "Those called unsafe, where the task asks for safety.")),
            .optional("ratings", ratings), .optional("reason", .string()),
        ], "Either winner, loser and grade, or responses and verdict.")

    private static let rating = Schema.object([
        .optional(
            "overall", .integer(from: ResponseRating.scale.lowerBound, to: ResponseRating.scale.upperBound)),
        .optional("flags", .array(.string("A flag's name."))),
        .optional(
            "aspects",
            .object(
                Aspect.allCases.map {
                    .optional(
                        $0.rawValue,
                        .integer(
                            from: ResponseRating.aspectScale.lowerBound, to: ResponseRating.aspectScale.upperBound))
                })),
    ])

    private static let questions = Schema.object(
        [
            .required("ratings", .choice(Wish.allCases.map(\.rawValue), "Rankings: 1 to 7 for each response.")),
            .required("flags", .array(.reference("Flag"), "Rankings: marks that a response may get.")),
            .required("tie", .boolean("Comparisons may be a tie.")),
            .required("both_unacceptable", .boolean("Comparisons may call both unacceptable.")),
            .required("safety", .boolean("Comparisons name the unsafe responses.")),
            .required("aspects", aspects),
            .required("reason", .choice(ReasonRule.allCases.map(\.rawValue), "Comparisons say why.")),
        ], "What is asked besides an order.")

    private static func timing(_ description: String? = nil) -> Schema {
        .integer(description, from: 0, to: Timing.longest)
    }
}
