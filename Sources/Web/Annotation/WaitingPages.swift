import Labels

/// What an annotator sees when there is nothing to do: why, and what will change it.
struct NoTaskPage: PageModel {
    static let template = "annotation-empty"
    let title: String
    let explanation: String
    let projectName: String
    let againPath: String
    /// Whether the page looks again by itself, because tasks are being made.
    let looksAgain: Bool
    /// Where to go through the practice set once more; nil where that is not what is missing.
    let practiseAgainPath: String?

    init(_ reason: NothingReason, project: Project) {
        projectName = project.name
        againPath = Path.nextTask(project.id.description)
        explanation = reason.description
        if case .practiceNotPassed = reason {
            practiseAgainPath = Path.practiseAgain(project.id.description)
        } else {
            practiseAgainPath = nil
        }
        switch reason {
        case .projectPaused:
            title = "This project is paused"
            looksAgain = false
        case .noTasksReady:
            title = "The next tasks are being prepared"
            looksAgain = true
        case .nothingLeftForYou, .onlyOwnPromptsLeft:
            title = "All done for now"
            looksAgain = false
        case .practiceNotPassed:
            title = "Practise once more"
            looksAgain = false
        case .tooManyOpen:
            title = "You have several tasks open"
            looksAgain = false
        }
    }
}

/// The choice between projects, where there is more than one; with none at all it says so.
struct ProjectChoicePage: PageModel {
    static let template = "annotation-projects"
    let title = "Projects"
    let projects: [Entry]
    let isEmpty: Bool

    struct Entry: Sendable {
        let name: String
        let path: String
        let kind: String
        let isPaused: Bool
    }

    init(_ projects: [Project]) {
        self.projects = projects.map { project in
            Entry(
                name: project.name, path: Path.nextTask(project.id.description),
                kind: project.settings.mode == .ranking ? "Ranking" : "Comparing two", isPaused: project.paused)
        }
        isEmpty = projects.isEmpty
    }
}
