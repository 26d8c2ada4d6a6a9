import HTTPTypes
import Labels

extension Problem {
    /// The problem that an error of the store, of an operation or of the pages stands for; nil for anything else.
    init?(describing error: any Error) {
        switch error {
        case let problem as Problem: self = problem
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
        let (status, title): (HTTPResponse.Status, String) =
            switch error.kind {
            case .notFound: (.notFound, "Not found")
            case .invalid: (.unprocessableContent, "That cannot be taken as it is")
            case .conflict: (.conflict, "That does not fit what is stored")
            case .forbidden: (.forbidden, "This is not yours to change")
            case .locked: (.serviceUnavailable, "The store is busy")
            case .gone: (.gone, "This is no longer available")
            case .storage: (.insufficientStorage, "The store could not write")
            }
        self.init(status: status, title: title, explanation: error.description)
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
