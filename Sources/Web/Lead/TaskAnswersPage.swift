import Labels
import Preferences

/// Everybody's answers to one task: a table of responses by people, what they agree on, and the texts.
struct TaskAnswersPage: PageModel {
    static let template = "lead-task"
    let title: String
    let nav: ProjectNav
    let heading: String
    let kind: String
    /// Why the task was handed out, where it asks for nothing new.
    let check: String?
    let prompt: PromptView
    let people: [Person]
    let hasPeople: Bool
    let responses: [Response]
    let hasResponses: Bool
    let isOrder: Bool
    let hasConsensus: Bool
    /// What training reads, beside the order that the majorities give.
    let reading: String
    let hasExpected: Bool
    let figures: [ProgressPage.Figure]
    let hasFigures: Bool
    /// Nil where nobody has answered, and for what is no order.
    let decision: Decision?
    let qualityPath: String

    /// A lead's answer beside the others.
    struct Decision: Sendable {
        /// “lead decided this task. Training reads …”; nil where no lead has.
        let words: String?
        let path: String
        let usePath: String
        /// What the button changes it to.
        let isNextAlone: Bool
    }

    struct Person: Sendable {
        let name: String
        /// “second answer”, “decision”, “late extra”; nil for an answer like any other.
        let remark: String?
        /// The whole answer, in the letters of this page.
        let answer: String
        let time: String
        let submitted: LeadWords.Moment
        let label: String
    }

    struct Response: Sendable {
        let letter: String
        let text: ShownText
        /// One for each person: “1”, “better”, “–”.
        let places: [Place]
        let consensus: String
        let expected: String
    }

    struct Place: Sendable {
        let text: String
        let isUnacceptable: Bool
    }

    init(_ task: TaskAnswers, in project: Project) {
        title = "Task \(task.taskID) · \(project.name)"
        nav = ProjectNav(project, .quality)
        heading = "Task \(task.taskID)"
        kind = task.mode.words
        check =
            switch task.check {
            case .repeat: "a repeat: each person answered it before"
            case .gold: "its answer is known"
            case nil: nil
            }
        let rendering = project.settings.rendering
        prompt = PromptView(task.prompt, as: rendering)
        let words = AnswerWords(displayOrder: task.responses.map(\.id), flags: project.settings.flags)
        people = task.answers.map { Person($0, words: words) }
        hasPeople = !people.isEmpty
        isOrder = task.mode.isPreference && !task.answers.isEmpty
        let consensus = task.consensus
        hasConsensus = consensus != nil
        reading =
            switch task.adjudication?.isReadAlone {
            case true?: "training and its exports read the decision alone"
            case false?: "training and exports read each person's answer, and the decision"
            case nil: "training and exports read each person's answer"
            }
        hasExpected = task.expected != nil
        responses = task.responses.map { response in
            Response(
                letter: response.letter, text: ShownText(response.text, as: rendering),
                places: task.answers.map { Place(of: response.id, in: $0.content.judgement) },
                consensus: (consensus?.firstIndex { $0.contains(response.id) }).map { "\($0 + 1)" } ?? "–",
                expected: Place(of: response.id, in: task.expected).text)
        }
        hasResponses = !responses.isEmpty
        figures = Self.figures(task)
        hasFigures = !figures.isEmpty
        decision = isOrder && task.check == nil ? Decision(task, in: project) : nil
        qualityPath = Path.quality(project.id.description)
    }

    private static func figures(_ task: TaskAnswers) -> [ProgressPage.Figure] {
        guard task.mode.isPreference, !task.pairs.isEmpty else { return [] }
        let agreement = task.agreement
        return [
            ProgressPage.Figure(
                "Agreement between people",
                LeadWords.share(
                    agreement.rate, nil,
                    otherwise: "Not defined: there is no pair of responses that two people both put in an order."),
                note:
                    "Agreed \(agreement.agreed), disagreed \(agreement.disagreed), tied by one \(agreement.tiedByOne), "
                    + "tied by both \(agreement.tiedByBoth)."),
            ProgressPage.Figure(
                "Kendall's τ-b, mean",
                task.meanTau.map { LeadWords.coefficient($0) } ?? "Not defined: somebody tied everything.",
                note: task.pairs.count == 1
                    ? nil
                    : task.pairs.map {
                        "\($0.first) and \($0.second) \($0.tau.map { LeadWords.coefficient($0) } ?? "–")"
                    }
                    .joined(separator: "; ") + "."),
        ]
    }
}

extension TaskAnswersPage.Decision {
    init(_ task: TaskAnswers, in project: Project) {
        let (project, id) = (project.id.description, task.taskID.description)
        words = task.adjudication.map {
            "\($0.lead.name) decided this task. Training reads "
                + ($0.isReadAlone ? "that answer alone." : "that answer beside the others.")
        }
        path = Path.adjudicate(project, task: id)
        usePath = Path.adjudicationUse(project, task: id)
        isNextAlone = task.adjudication?.isReadAlone != true
    }
}

extension TaskAnswersPage.Person {
    init(_ answer: TaskAnswers.Answer, words: AnswerWords) {
        name = answer.annotator.name
        remark =
            answer.isDecision
            ? "decision" : answer.isRepeat ? "second answer" : answer.kept == .counted ? nil : "late extra"
        self.answer =
            switch answer.content {
            case .judgement(let judgement): words.sentence(judgement)
            case .feedback(let feedback): words.sentence(feedback)
            }
        time = LeadWords.seconds(answer.activeSeconds)
        submitted = LeadWords.Moment(answer.submittedAt)
        label = answer.labelID.description
    }
}

extension TaskAnswersPage.Place {
    init(of response: String, in judgement: Judgement?) {
        switch judgement {
        case .ranking(let ranking):
            text = ranking.rank(of: response).map { "\($0)" } ?? "–"
            isUnacceptable = ranking.unacceptable.contains(response)
        case .comparison(let comparison):
            isUnacceptable = comparison.verdict == .bothUnacceptable
            text =
                switch comparison.verdict {
                case .preference(let winner, _, let grade): winner == response ? grade.words : "–"
                case .tie: "tie"
                case .bothUnacceptable: "–"
                }
        case nil:
            text = "–"
            isUnacceptable = false
        }
    }
}
