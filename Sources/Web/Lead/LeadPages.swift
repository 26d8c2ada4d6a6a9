import Hummingbird

/// The pages of project leads.
struct LeadPages: RouteSet {
    private let areas: [any RouteSet]

    init(_ services: WebServices) {
        areas = [
            LeadHomePages(services), ProjectPages(services), PromptPages(services), PracticeSetPages(services),
            ProgressPages(services), QualityPages(services), SkippedTaskPages(services),
            PolicyPages(services), PolicyCardPages(services), PromotionPages(services), RewardModelPages(services),
            RunListPages(services), RunPages(services),
            ExportPages(services), PeoplePages(services), TokenPages(services), AuditPages(services),
            ComponentPages(services), RewardCardPages(services),
        ]
    }

    func add(to routes: RouterGroup<PlumbContext>) {
        for area in areas { area.add(to: routes) }
    }
}
