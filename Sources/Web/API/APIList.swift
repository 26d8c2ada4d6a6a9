/// Everything the API offers: its endpoints, and the named schemas of its document.
enum APIList {
    static let endpoints: [APIEndpoint] =
        AboutEndpoints.all + ProjectEndpoints.all + PromptEndpoints.all + InstructionEndpoints.all + TaskEndpoints.all
        + ConversationEndpoints.all
        + PracticeSetEndpoints.all + SubmissionEndpoints.all + SkippedTaskEndpoints.all
        + ProgressEndpoints.all + QualityEndpoints.all + SamplingEndpoints.all + PolicyEndpoints.all
        + PolicyJudgementEndpoints.all
        + PromotionEndpoints.all + RewardModelEndpoints.all
        + RunEndpoints.all + ExportEndpoints.all + PeopleEndpoints.all + TokenEndpoints.all

    static let components: [(name: String, schema: Schema)] =
        [("Error", APIFailure.schema)] + ProjectEndpoints.components + PromptEndpoints.components
        + InstructionEndpoints.components
        + TaskEndpoints.components + JudgementSchemas.components + FeedbackSchemas.components
        + ConversationEndpoints.components
        + PracticeSetEndpoints.components + SubmissionEndpoints.components + SkippedTaskEndpoints.components
        + ProgressEndpoints.components + QualityEndpoints.components
        + SamplingEndpoints.components + PolicyEndpoints.components + PolicyJudgementEndpoints.components
        + PromotionEndpoints.components + RewardModelEndpoints.components
        + RunEndpoints.components + ExportEndpoints.components + PeopleEndpoints.components
        + TokenEndpoints.components

    /// The version of the API's document; it grows with what is added.
    static let version = "1.0.0"
}
