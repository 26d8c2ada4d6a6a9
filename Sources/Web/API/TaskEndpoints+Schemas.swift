import Labels
import Preferences

extension TaskEndpoints {
    static let components: [(name: String, schema: Schema)] = [
        (
            "NextTask",
            .object([
                .required("task", .reference("Task").orNull),
                .required("reason", .string("Why there is none, in words.").orNull),
            ])
        ),
        (
            "Task",
            .object([
                .required("lease", .string("Names the task to this person alone, for as long as the lease lives.")),
                .required("project", .integer()), .required("mode", .choice(TaskMode.allCases.map(\.rawValue))),
                .required("prompt", .reference("Prompt")),
                .required(
                    "responses",
                    .array(
                        .object([
                            .required("id", .string("Random, of this lease alone.")), .required("letter", .string()),
                            .required("text", .string()),
                        ]), "In the order they are to be shown; none where the answer is written.")),
                .required("practice", .boolean("Its answer is known; answer it as practice.")),
                .required("prompt_style", .choice(PromptStyle.allCases.map(\.rawValue)).orNull),
                .required("former", .reference("Feedback").orNull),
                .required("acceptability_line", .boolean()), .required("allow_skip", .boolean()),
                .required("questions", .reference("Questions")),
                .required("draft", .reference("Draft").orNull),
                .required("former_answer", .reference("Judgement").orNull),
                .required("issued_at", .time()), .required("expires_at", .time()),
            ])
        ),
        (
            "Draft",
            .object([
                .required(
                    "draft", .map(.any(), "Unfinished work, whose meaning is its client's; at most 512 KiB.")),
                .required("version", .integer("Grows with every change.", from: 1)),
            ])
        ),
        ("Effort", effort),
        (
            "Submission",
            .object([
                .required("submission", .integer("Its id, to undo it.")),
                .required("revision", .integer(from: 1)),
                .required(
                    "kept",
                    .choice(
                        ["counted", "extra", "duplicate"],
                        "extra: late, after the overlap was filled; duplicate: beside an answer of the same person.")),
                .required("repeated", .boolean("It was there already.")), .required("submitted_at", .time()),
            ])
        ),
    ]

    private static let effort = Schema.object(
        [
            .required(
                "responses",
                .map(
                    .object([
                        .required("dwell_ms", time("With the focus or the pointer on it.")),
                        .required("expanded_ms", time("With its whole text open.")),
                        .optional(
                            "scrolled_percent",
                            .integer("How far down its text was scrolled at most.", from: 0, to: 100)),
                    ]), "By a response's id.")),
            .required(
                "used", .map(time("Times that a help of the page was used or shown."), "By its name, as diff or raw.")),
        ], "Where the time went.")

    private static func time(_ description: String) -> Schema { .integer(description, from: 0, to: Timing.longest) }
}
