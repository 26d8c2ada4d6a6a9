import Hummingbird
import Labels

/// The head of every page of one project: its name and the way to its other pages.
struct ProjectNav: Sendable {
    enum Page: String, CaseIterable, Sendable {
        case progress = "Progress"
        case prompts = "Prompts"
        case practice = "Practice"
        case quality = "Quality"
        case runs = "Runs"
        case rewardModels = "Reward models"
        case policies = "Policies"
        case export = "Export"
        case settings = "Settings"
    }

    struct Link: Sendable {
        var label: String
        var path: String
        var isCurrent: Bool
    }

    var name: String
    /// The current page's name.
    var heading: String
    var isPaused: Bool
    var links: [Link]

    init(_ project: Project, _ current: Page) {
        let id = project.id.description
        name = project.name
        heading = current.rawValue
        isPaused = project.paused
        links = Page.allCases.map { page in
            let path =
                switch page {
                case .progress: Path.project(id)
                case .prompts: Path.prompts(id)
                case .practice: Path.practice(id)
                case .quality: Path.quality(id)
                case .runs: Path.runs(id)
                case .rewardModels: Path.rewardModels(id)
                case .policies: Path.policies(id)
                case .export: Path.export(id)
                case .settings: Path.projectSettings(id)
                }
            return Link(label: page.rawValue, path: path, isCurrent: page == current)
        }
    }
}

extension PlumbContext {
    /// A parameter of the path as an id.
    /// - Throws: `Problem` 404 where it is no number, since nothing has such an id.
    func id<Subject>(_ name: String) throws -> ID<Subject> {
        guard let text = parameters.get(name), let id = ID<Subject>(text) else { throw Problem.notFound }
        return id
    }

    /// Who did it, for the audit.
    func lead() throws -> Actor { .user(try requireLead().id) }
}
