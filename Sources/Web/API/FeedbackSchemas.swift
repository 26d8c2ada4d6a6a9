import Preferences

/// What feedback besides an order looks like in the API.
enum FeedbackSchemas {
    static let components: [(name: String, schema: Schema)] = [
        ("Feedback", feedback), ("WrittenPrompt", writtenPrompt),
    ]

    private static let feedback = Schema.oneOf(
        [
            .object([
                .required("kind", .choice(["demonstration", "correction", "criticism"])),
                .required("text", .string()),
            ]),
            .object([
                .required("kind", .choice(["rating"])),
                .required(
                    "rating",
                    .object([
                        .required("overall", .integer(from: 1, to: 7)), .optional("flags", .array(.string())),
                        .optional("criticism", .string()),
                    ])),
            ]),
            .object([.required("kind", .choice(["prompt"])), .required("prompt", .reference("WrittenPrompt"))]),
        ], "An answer that is no order over responses.")

    private static let writtenPrompt = Schema.oneOf([
        .object([.required("style", .choice(["plain", "use_case"])), .required("text", .string())]),
        .object([
            .required("style", .choice(["few_shot"])), .required("instruction", .string()),
            .required(
                "examples",
                .array(.object([.required("input", .string()), .required("output", .string())]), atLeast: 1)),
            .required("input", .string("The one to be answered.")),
        ]),
    ])
}
