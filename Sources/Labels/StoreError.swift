public import Foundation

/// What can go wrong in the store, said so that a person knows what, where and what to do.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// What sort of answer an error is, e.g. for the status of an HTTP answer.
    public enum Kind: Sendable, Equatable { case notFound, invalid, conflict, forbidden, locked, gone, storage }

    case unknown(what: String, id: String)
    case nameTaken(what: String, name: String)
    case invalid(field: String, problem: String)
    case importFile(file: String, problem: String)
    case importLine(file: String, line: Int, problem: String)
    case lockedByAnotherProcess(folder: String, holder: LockHolder)
    case readOnly
    case notAllowed(String)
    case leaseUnknown
    case leaseOfAnotherPerson
    case leaseAlreadyUsed(label: LabelID, revision: Int)
    case leaseSkipped
    case leaseExpired
    case invalidAnswer(String)
    case newerDraft(version: Int)
    case undoRefused(String)
    case noPrompts(project: String, use: PromptUse)
    case noAnswerablePrompts(project: String, use: PromptUse)
    case noCurrentPolicy(project: String)
    case noReferencePolicy(project: String)
    case noLabelsYet(project: String)
    case noDemonstrations(project: String)
    /// A project has one run of a kind at a time.
    case runGoing(run: RunID, kind: String, project: String)
    case runNotStopped(run: RunID, state: RunState)
    case runOver(run: RunID, state: RunState)
    case linkNotValid(String)
    case diskFull
    case storage(String)

    public var kind: Kind {
        switch self {
        case .unknown, .leaseUnknown: .notFound
        case .invalid, .importFile, .importLine, .invalidAnswer: .invalid
        case .nameTaken, .leaseAlreadyUsed, .newerDraft, .undoRefused, .noPrompts,
            .noAnswerablePrompts, .noCurrentPolicy, .noReferencePolicy, .noLabelsYet, .noDemonstrations, .runGoing,
            .runNotStopped, .runOver:
            .conflict
        case .notAllowed, .leaseOfAnotherPerson: .forbidden
        case .lockedByAnotherProcess, .readOnly: .locked
        case .leaseSkipped, .leaseExpired, .linkNotValid: .gone
        case .diskFull, .storage: .storage
        }
    }

    public var description: String {
        switch self {
        case .unknown(let what, let id): "there is no \(what) '\(id)'"
        case .nameTaken(let what, let name): "a \(what) named '\(name)' exists already; choose another name"
        case .invalid(let field, let problem): "\(field): \(problem)"
        case .importFile(let file, let problem): "\(file): \(problem); nothing was imported"
        case .importLine(let file, let line, let problem):
            "\(file), line \(line): \(problem); nothing was imported"
        case .lockedByAnotherProcess(let folder, let holder): holder.sentence(folder: folder)
        case .readOnly: "the store was opened for reading only"
        case .notAllowed(let why): why
        case .leaseUnknown: "this task's link is not known; open the next task"
        case .leaseOfAnotherPerson: "this task was handed to somebody else; open your own next task"
        case .leaseAlreadyUsed(let label, let revision):
            "this task was answered already with another answer (label \(label), revision \(revision)), which was kept; "
                + "to change it, undo that submission"
        case .leaseSkipped: "you skipped this task; open the next task"
        case .leaseExpired:
            "your time for this task is over and its place was given to somebody else; what you submit is kept as an extra"
        case .invalidAnswer(let problem): problem
        case .newerDraft(let version):
            "a newer draft (version \(version)) of this task was saved in another window; reload to see it"
        case .undoRefused(let why): why
        case .noPrompts(let project, let use):
            "project '\(project)' has no prompts of the use '\(use.rawValue)'; import some"
        case .noAnswerablePrompts(let project, let use):
            "the policies that project '\(project)' samples from can answer none of its prompts of the use "
                + "'\(use.rawValue)'; its prompts page tells why"
        case .noCurrentPolicy(let project): "project '\(project)' has no current policy; make a policy current"
        case .noReferencePolicy(let project):
            "project '\(project)' has no reference policy; set the supervised policy as its reference"
        case .noLabelsYet(let project):
            "project '\(project)' has no labels yet; rank or compare some tasks before training a reward model"
        case .noDemonstrations(let project):
            "project '\(project)' has no demonstrations or corrections yet; ask annotators for some in its settings"
        case .runGoing(let run, let kind, let project):
            "run \(run) (\(kind)) is going on for project '\(project)'; wait for it, or cancel it"
        case .runNotStopped(let run, let state):
            "run \(run) cannot be resumed: it "
                + (state == .succeeded ? "has finished; start a new run" : "is \(state.rawValue) already")
        case .runOver(let run, let state): "run \(run) has ended already (\(state.rawValue))"
        case .linkNotValid(let why): why
        case .diskFull:
            "the disk is full, so this was not saved; everything acknowledged before is safe. Free some space and try again"
        case .storage(let problem): "the database answered with an error: \(problem)"
        }
    }

    public var errorDescription: String? { description }
}

/// The process that holds a data folder's lock.
public struct LockHolder: Sendable, Equatable, Codable {
    public let pid: Int32
    /// Where the server listens, once it does.
    public let address: String?

    public init(pid: Int32, address: String? = nil) {
        self.pid = pid
        self.address = address
    }

    func sentence(folder: String) -> String {
        let who = pid > 0 ? "process \(pid)" : "another process"
        let place = address.map { " (\($0))" } ?? ""
        return "\(folder) is in use by \(who)\(place), and a store has one writer: go through that server's pages or "
            + "API, or stop it first"
    }
}
