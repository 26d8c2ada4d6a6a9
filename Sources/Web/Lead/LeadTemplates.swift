/// The templates of the lead's pages by name.
enum LeadTemplates {
    static var all: [(name: String, bytes: [UInt8])] {
        [
            ("lead-nav", PackageResources.lead_nav_mustache),
            ("lead-questions", PackageResources.lead_questions_mustache),
            ("lead-project-nav", PackageResources.lead_project_nav_mustache),
            ("lead-home", PackageResources.lead_home_mustache),
            ("lead-project-form", PackageResources.lead_project_form_mustache),
            ("lead-feedback-fields", PackageResources.lead_feedback_fields_mustache),
            ("lead-practice", PackageResources.lead_practice_mustache),
            ("lead-progress", PackageResources.lead_progress_mustache),
            ("lead-quality-fields", PackageResources.lead_quality_fields_mustache),
            ("lead-quality", PackageResources.lead_quality_mustache),
            ("lead-task", PackageResources.lead_task_mustache),
            ("lead-times", PackageResources.lead_times_mustache),
            ("lead-skipped", PackageResources.lead_skipped_mustache),
            ("lead-labels", PackageResources.lead_labels_mustache),
            ("lead-prompts", PackageResources.lead_prompts_mustache),
            ("lead-policies", PackageResources.lead_policies_mustache),
            ("lead-promotion", PackageResources.lead_promotion_mustache),
            ("lead-promotion-start", PackageResources.lead_promotion_start_mustache),
            ("lead-policy-card", PackageResources.lead_policy_card_mustache),
            ("lead-make-current", PackageResources.lead_make_current_mustache),
            ("lead-reward-models", PackageResources.lead_reward_models_mustache),
            ("lead-reward-card", PackageResources.lead_reward_card_mustache),
            ("lead-runs", PackageResources.lead_runs_mustache),
            ("lead-run", PackageResources.lead_run_mustache),
            ("lead-run-samples", PackageResources.lead_run_samples_mustache),
            ("lead-sample-pair", PackageResources.lead_sample_pair_mustache),
            ("lead-export", PackageResources.lead_export_mustache),
            ("lead-people", PackageResources.lead_people_mustache),
            ("lead-link", PackageResources.lead_link_mustache),
            ("lead-tokens", PackageResources.lead_tokens_mustache),
            ("lead-audit", PackageResources.lead_audit_mustache),
            ("lead-components", PackageResources.lead_components_mustache),
        ]
    }
}
