import HTTPTypes
import Hummingbird
import Labels
import NIOCore
import Preferences

extension APIFailure {
    /// What a client may read about an error; nil for a fault of ours or of the database, whose words are for the log
    /// and which is answered 500.
    init?(describing error: any Error) {
        switch error {
        case let failure as APIFailure: self = failure
        case let error as OperationError: self.init(error)
        case StoreError.storage: return nil
        case let error as StoreError: self.init(error)
        case let error as JudgementError: self = .invalid(error.description)
        case let error as RankingError: self = .invalid(error.description, field: "ranking")
        case let error as ComparisonError: self = .invalid(error.description, field: "comparison")
        case let error as PromptError: self = .invalid(error.description)
        case let problem as Problem: self.init(problem.status, problem.explanation)
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, "The body is too large, so nothing was stored. Send it in smaller parts.")
        case let error as HTTPError: self.init(error.status, error.body ?? error.status.reasonPhrase)
        case let error as DecodingError: self = .invalid("The body could not be read: \(error)")
        default: return nil
        }
    }

    private init(_ error: OperationError) {
        let status: HTTPResponse.Status =
            switch error.reason {
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .unprocessableContent
            case .unavailable: .serviceUnavailable
            }
        self.init(status, error.message, field: error.field)
    }

    private init(_ error: StoreError) {
        let status: HTTPResponse.Status =
            switch error.kind {
            case .notFound: .notFound
            case .invalid: .unprocessableContent
            case .conflict: .conflict
            case .forbidden: .forbidden
            case .locked: .serviceUnavailable
            case .gone: .gone
            case .storage: .serviceUnavailable
            }
        self.init(status, Wording.sentence(error.description))
        switch error {
        case .importLine(_, let line, _): self.line = line
        case .invalid(let field, _): self.field = field
        default: break
        }
    }
}
