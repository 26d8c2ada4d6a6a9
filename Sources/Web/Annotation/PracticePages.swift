import Foundation
import HTTPTypes
import Hummingbird
import Labels
import Preferences

/// What somebody learns from a practice task, and going through the set once more.
struct PracticePages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.practiceAnswer(":answer"))) { _, context -> Response in
            let user = try context.requireUser()
            let answer = try await services.store.practiceAnswer(try context.id("answer"), of: user.id)
            let project = try await services.store.project(answer.project)
            return try services.pages.page(PracticeResultPage(answer, in: project), for: context)
        }
        routes.post(RouterPath(Path.practiseAgain(":project"))) { _, context -> Response in
            let user = try context.requireUser()
            let assignment = try await services.store.practiseAgain(user.id, in: try context.id("project"))
            return Response.redirect(to: Path.task(assignment.token))
        }
    }
}

extension Path {
    static func practiceAnswer(_ answer: String) -> String { "/practice/\(answer)" }
    static func practiseAgain(_ project: String) -> String { "/projects/\(project)/practise-again" }
}

/// Right or wrong, what was expected, and why.
struct PracticeResultPage: PageModel {
    static let template = "annotation-practice"
    let title: String
    let projectName: String
    let isRight: Bool
    let explanation: ShownText
    let prompt: PromptView
    let responses: [Answered]
    let yours: String
    let expected: String
    let standing: String
    let nextPath: String
    let nextLabel: String

    struct Answered: Sendable {
        let letter: String
        let text: ShownText
        let isFavoured: Bool
    }

    init(_ answer: PracticeAnswer, in project: Project) {
        title = answer.isRight ? "Right" : "Not quite"
        projectName = project.name
        isRight = answer.isRight
        explanation = ShownText(answer.explanation, as: project.settings.rendering)
        prompt = PromptView(answer.prompt, as: project.settings.rendering)
        let words = AnswerWords(displayOrder: answer.responses.map(\.id), flags: project.settings.flags)
        let best = Set(answer.expected.ranking?.rows.first ?? [])
        responses = answer.responses.map {
            Answered(
                letter: $0.letter, text: ShownText($0.text, as: project.settings.rendering),
                isFavoured: best.contains($0.id))
        }
        yours = words.sentence(answer.answer)
        expected = words.sentence(answer.expected)
        let place = answer.standing
        standing =
            "Practice: \(place.answered) of \(place.items) done, \(place.right) right; \(place.needed) "
            + "\(Wording.word(place.needed, "is", "are")) needed."
        nextPath = Path.nextTask(project.id.description)
        nextLabel = place.hasPassed ? "Go to the real tasks" : place.isComplete ? "Go on" : "Next practice task"
    }
}
