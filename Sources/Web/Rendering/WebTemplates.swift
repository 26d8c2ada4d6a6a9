/// Every template by name, from the files of `Templates/` that are compiled into the program.
enum WebTemplates {
    static var all: [(name: String, bytes: [UInt8])] { shared + annotation + LeadTemplates.all }

    private static var shared: [(name: String, bytes: [UInt8])] {
        [
            ("layout", PackageResources.layout_mustache),
            ("problem", PackageResources.problem_mustache),
            ("signin-form", PackageResources.signin_form_mustache),
            ("signin-invitation", PackageResources.signin_invitation_mustache),
        ]
    }

    private static var annotation: [(name: String, bytes: [UInt8])] {
        [
            ("annotation-ranking", PackageResources.annotation_ranking_mustache),
            ("annotation-comparison", PackageResources.annotation_comparison_mustache),
            ("annotation-feedback", PackageResources.annotation_feedback_mustache),
            ("annotation-feedback-keys", PackageResources.annotation_feedback_keys_mustache),
            ("annotation-conversation", PackageResources.annotation_conversation_mustache),
            ("annotation-practice", PackageResources.annotation_practice_mustache),
            ("annotation-statistics", PackageResources.annotation_statistics_mustache),
            ("annotation-prompt", PackageResources.annotation_prompt_mustache),
            ("annotation-skip", PackageResources.annotation_skip_mustache),
            ("annotation-keeping", PackageResources.annotation_keeping_mustache),
            ("annotation-instructions", PackageResources.annotation_instructions_mustache),
            ("annotation-ranking-keys", PackageResources.annotation_ranking_keys_mustache),
            ("annotation-comparison-keys", PackageResources.annotation_comparison_keys_mustache),
            ("annotation-projects", PackageResources.annotation_projects_mustache),
            ("annotation-empty", PackageResources.annotation_empty_mustache),
            ("annotation-history", PackageResources.annotation_history_mustache),
        ]
    }
}
