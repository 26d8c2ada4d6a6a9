extension Path {
    /// The start of the lead's pages.
    public static let lead = "/lead"

    // Projects
    public static let newProject = "/lead/projects/new"
    public static let projects = "/lead/projects"
    public static func project(_ id: String) -> String { "/lead/projects/\(id)" }
    public static func projectSettings(_ id: String) -> String { "/lead/projects/\(id)/settings" }
    public static func projectPause(_ id: String) -> String { "/lead/projects/\(id)/pause" }
    public static func projectSampling(_ id: String) -> String { "/lead/projects/\(id)/sampling" }
    public static func projectLabels(_ id: String) -> String { "/lead/projects/\(id)/labels" }

    // Prompts
    public static func prompts(_ project: String) -> String { "/lead/projects/\(project)/prompts" }
    public static func retirePrompt(_ project: String, prompt: String) -> String {
        "/lead/projects/\(project)/prompts/\(prompt)/retire"
    }
    public static func restorePrompt(_ project: String, prompt: String) -> String {
        "/lead/projects/\(project)/prompts/\(prompt)/restore"
    }
    public static func promptSafety(_ project: String, prompt: String) -> String {
        "/lead/projects/\(project)/prompts/\(prompt)/about-safety"
    }
    public static func changeInstructionSet(_ project: String, set: String, _ verb: String) -> String {
        "/lead/projects/\(project)/instruction-sets/\(set)/\(verb)"
    }
    /// Takes a file as the body of a PUT, and answers in JSON.
    public static func promptFile(_ project: String) -> String { "/lead/projects/\(project)/prompts/file" }

    // Policies and reward models
    public static func policies(_ project: String) -> String { "/lead/projects/\(project)/policies" }
    public static func addPolicy(_ project: String) -> String { policies(project) + "/new" }
    public static func makeCurrent(_ project: String, policy: String) -> String {
        "/lead/projects/\(project)/policies/\(policy)/current"
    }
    public static func makeReference(_ project: String, policy: String) -> String {
        "/lead/projects/\(project)/policies/\(policy)/reference"
    }
    public static func policyCard(_ project: String, policy: String) -> String {
        "/lead/projects/\(project)/policies/\(policy)"
    }
    /// The form that begins to compare a policy with the current one.
    public static func startPromotion(_ project: String, policy: String) -> String {
        "/lead/projects/\(project)/policies/\(policy)/promotion"
    }
    public static func promotion(_ id: String) -> String { "/lead/promotions/\(id)" }
    public static func promotionPlot(_ id: String, name: String) -> String { "/lead/promotions/\(id)/plots/\(name)" }
    public static func decidePromotion(_ id: String) -> String { "/lead/promotions/\(id)/decision" }
    public static func extendPromotion(_ id: String) -> String { "/lead/promotions/\(id)/pairs" }
    public static func promotionLabels(_ id: String) -> String { "/lead/promotions/\(id)/labels" }
    public static func rewardModels(_ project: String) -> String { "/lead/projects/\(project)/reward-models" }
    /// A reward model's card.
    public static func rewardModel(_ id: String) -> String { "/lead/reward-models/\(id)" }
    /// `card.json`, `card.md`, and the plots as SVG and CSV.
    public static func rewardModelFile(_ id: String, name: String) -> String { "/lead/reward-models/\(id)/\(name)" }

    // Runs
    public static func runs(_ project: String) -> String { "/lead/projects/\(project)/runs" }
    public static func retrain(_ project: String) -> String { "/lead/projects/\(project)/runs/reward-model" }
    public static func refresh(_ project: String) -> String { "/lead/projects/\(project)/runs/policy-refresh" }
    public static func tuneOnOrders(_ project: String) -> String {
        "/lead/projects/\(project)/runs/preference-tuning"
    }
    public static func tune(_ project: String) -> String { "/lead/projects/\(project)/runs/supervised" }
    public static func run(_ id: String) -> String { "/lead/runs/\(id)" }
    public static func runEvents(_ id: String) -> String { "/lead/runs/\(id)/events" }
    public static func runMetrics(_ id: String) -> String { "/lead/runs/\(id)/metrics.jsonl" }
    public static func runCurve(_ id: String, name: String) -> String { "/lead/runs/\(id)/curves/\(name)" }
    public static func runSamples(_ id: String) -> String { "/lead/runs/\(id)/samples" }
    public static func cancelRun(_ id: String) -> String { "/lead/runs/\(id)/cancel" }
    public static func resumeRun(_ id: String) -> String { "/lead/runs/\(id)/resume" }

    // Export
    public static func export(_ project: String) -> String { "/lead/projects/\(project)/export" }
    public static func exportFile(_ project: String) -> String { "/lead/projects/\(project)/export/file" }

    // People, tokens, audit
    public static let people = "/lead/people"
    public static let invites = "/lead/people/invites"
    public static func person(_ id: String) -> String { "/lead/people/\(id)" }
    public static func signInLink(_ id: String) -> String { "/lead/people/\(id)/sign-in-link" }
    public static let tokens = "/lead/tokens"
    public static func revokeToken(_ id: String) -> String { "/lead/tokens/\(id)/revoke" }
    public static let audit = "/lead/audit"
    /// Every part of the pages on one page.
    public static let components = "/lead/components"
}
