import Foundation
import Hummingbird
import Labels
import Preferences

/// A person's own figures, and the same for leads.
struct StatisticsPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.statistics)) { _, context -> Response in
            let user = try context.requireUser()
            var projects: [StatisticsPage.ProjectFigures] = []
            for project in try await services.store.projects() {
                let figures = try await services.store.statistics(of: user.id, in: project.id)
                let practice = try await services.store.practiceStanding(of: user.id, in: project.id)
                if figures.answers.isEmpty && figures.skips == 0 && practice.answered == 0 { continue }
                projects.append(.init(project, figures, practice))
            }
            return try services.pages.page(StatisticsPage(title: "My statistics", projects: projects), for: context)
        }
        routes.get(RouterPath(Path.personStatistics(":project", user: ":user"))) { _, context -> Response in
            _ = try context.requireLead()
            let project = try await services.store.project(try context.id("project"))
            let person = try await services.store.user(try context.id("user"))
            let figures = StatisticsPage.ProjectFigures(
                project, try await services.store.statistics(of: person.id, in: project.id),
                try await services.store.practiceStanding(of: person.id, in: project.id))
            return try services.pages.page(
                StatisticsPage(title: "Statistics of \(person.name)", projects: [figures]), for: context)
        }
    }
}

extension Path {
    /// The person's own figures.
    public static let statistics = "/statistics"
    public static func personStatistics(_ project: String, user: String) -> String {
        "/lead/projects/\(project)/statistics/\(user)"
    }
}

struct StatisticsPage: PageModel {
    static let template = "annotation-statistics"
    let title: String
    let projects: [ProjectFigures]
    let isEmpty: Bool

    init(title: String, projects: [ProjectFigures]) {
        self.title = title
        self.projects = projects
        isEmpty = projects.isEmpty
    }

    struct Figure: Sendable {
        let name: String
        let value: String
        let note: String?
    }

    struct Day: Sendable {
        let date: String
        let total: Int
        /// “3 rankings, 2 demonstrations”.
        let kinds: String
        /// Of the busiest day shown, in percent, for the bar beside it.
        let share: Int
    }

    struct ProjectFigures: Sendable {
        let name: String
        let heading: String
        let figures: [Figure]
        let days: [Day]
        let hasDays: Bool

        init(_ project: Project, _ statistics: PersonalStatistics, _ practice: PracticeStanding) {
            name = project.name
            heading = "project-\(project.id)"
            figures = Self.figures(statistics, practice)
            let busiest = max(1, statistics.days.map(\.total).max() ?? 1)
            days = statistics.days.map { day in
                Day(
                    date: String(day.date.formatted(.iso8601).prefix(10)), total: day.total,
                    kinds: StatisticsPage.kinds(day.answers), share: 100 * day.total / busiest)
            }
            hasDays = !days.isEmpty
        }

        private static func figures(_ own: PersonalStatistics, _ practice: PracticeStanding) -> [Figure] {
            let all = own.answers.values.reduce(0, +)
            var figures = [Figure(name: "Answers", value: "\(all)", note: StatisticsPage.kinds(own.answers))]
            for mode in TaskMode.allCases {
                guard let seconds = own.medianSeconds[mode] else { continue }
                figures.append(
                    Figure(
                        name: "\(mode.words): active time, median", value: LeadWords.seconds(seconds), note: nil))
            }
            figures.append(
                Figure(
                    name: "Agreement with others",
                    value: LeadWords.share(
                        own.agreement.rate, own.agreement.interval,
                        otherwise: own.sharedTasks == 0
                            ? "Not defined yet: nobody else has answered one of these tasks."
                            : "Not defined yet: no pair was put in an order by both."),
                    note: own.sharedTasks == 0
                        ? nil : "Over \(Wording.count(own.sharedTasks, "task", "tasks")) that others answered, too."))
            if own.sides.leftShare != nil {
                figures.append(
                    Figure(
                        name: "Left side preferred", value: QualityWords.sides(own.sides),
                        note: "Sides are drawn at random, so it should hold 50%."))
            }
            figures.append(Figure(name: "Taken back", value: "\(own.undone)", note: nil))
            figures.append(Figure(name: "Skipped", value: "\(own.skips)", note: nil))
            if own.extras > 0 {
                figures.append(Figure(name: "Late extras", value: "\(own.extras)", note: nil))
            }
            if practice.items > 0 {
                figures.append(
                    Figure(
                        name: "Practice", value: practice.hasPassed ? "Passed" : "\(practice.right) right so far",
                        note: "\(practice.answered) of \(practice.items) in round \(practice.round)."))
            }
            return figures
        }
    }

    /// “3 rankings, 2 demonstrations”; empty for none.
    private static func kinds(_ answers: [TaskMode: Int]) -> String {
        TaskMode.allCases.compactMap { mode in
            guard let count = answers[mode], count > 0 else { return nil }
            let word = mode.words.lowercased()
            let many = mode == .criticism ? "criticisms" : word + "s"
            return Wording.count(count, word, many)
        }.joined(separator: ", ")
    }
}
