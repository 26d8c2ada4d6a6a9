import HTTPTypes
import Labels
import Preferences

extension Problem {
    /// The problem that an error of the store, of an operation or of the pages stands for; nil for anything else, as
    /// for an error of the database itself, whose words are for the log.
    init?(describing error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case StoreError.storage: return nil
        case let error as StoreError: self.init(error)
        case let error as OperationError: self.init(error)
        default: return nil
        }
    }

    /// The problem behind an error of the HTTP library; nil where it is ours to look into.
    init?(status: HTTPResponse.Status, error: any Error) {
        switch status {
        case .notFound: self = .notFound
        case .contentTooLarge: self = .tooLarge
        case .methodNotAllowed:
            self.init(
                status: status, title: "This address does not take that",
                explanation: "The page exists but does not accept this kind of request.")
        case _ where status.kind == .clientError: self = .unreadable("The request could not be read: \(error)")
        default: return nil
        }
    }

    private init(_ error: StoreError) {
        if let title = Self.leaseTitle(error) {
            self.init(
                status: Self.status(error.kind), title: title, explanation: Wording.sentence(error.description),
                action: .nextTask)
            return
        }
        if case .linkNotValid(let why) = error {
            self.init(
                status: Self.status(error.kind), title: "This link does not work any more",
                explanation: Wording.sentence(why), action: .signIn)
            return
        }
        let title =
            switch error.kind {
            case .notFound: "Not found"
            case .invalid: "That cannot be taken as it is"
            case .conflict: "That does not fit what is stored"
            case .forbidden: "This is not yours to change"
            case .locked: "The store is busy"
            case .gone: "This is no longer available"
            case .storage: "The disk is full"
            }
        self.init(
            status: Self.status(error.kind), title: title, explanation: Wording.sentence(error.description))
    }

    private static func status(_ kind: StoreError.Kind) -> HTTPResponse.Status {
        switch kind {
        case .notFound: .notFound
        case .invalid: .unprocessableContent
        case .conflict: .conflict
        case .forbidden: .forbidden
        case .locked: .serviceUnavailable
        case .gone: .gone
        case .storage: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }

    /// What a task's page is called when its lease no longer serves; nil for other errors.
    private static func leaseTitle(_ error: StoreError) -> String? {
        switch error {
        case .leaseUnknown: "There is no such task"
        case .leaseOfAnotherPerson: "This task is somebody else’s"
        case .leaseAlreadyUsed: "You have answered this task"
        case .leaseSkipped: "You have skipped this task"
        case .leaseExpired: "Your time for this task is over"
        default: nil
        }
    }

    private init(_ error: OperationError) {
        let (status, title): (HTTPResponse.Status, String) =
            switch error.reason {
            case .notFound: (.notFound, "Not found")
            case .conflict: (.conflict, "That cannot be done now")
            case .invalid: (.unprocessableContent, "A setting is wrong")
            case .unavailable: (.serviceUnavailable, "Not available right now")
            }
        self.init(status: status, title: title, explanation: error.message)
    }
}
