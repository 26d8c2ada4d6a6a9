import Foundation

/// Asks again, after pauses, where nobody answered: a server that is started again answers within a minute or two.
package struct Patience: Sendable {
    private let pauses: [Duration]

    /// - Parameter pauses: before each further try.
    package init(pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(30), .seconds(60)]) {
        self.pauses = pauses
    }

    /// - Parameter what: what is asked for, in the words on standard error.
    /// - Throws: the last try's error, or one that every further try would meet as well.
    func ask<Answer: Sendable>(_ what: String, _ request: () async throws -> Answer) async throws -> Answer {
        for pause in pauses {
            do { return try await request() } catch {
                guard Self.mayPass(error) else { throw error }
                let words = "\(what) is tried again in \(pause): \(error)\n"
                FileHandle.standardError.write(Data(words.utf8))
            }
            try await Task.sleep(for: pause)
        }
        return try await request()
    }

    private static func mayPass(_ error: any Error) -> Bool {
        func passes(_ status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }
        if error is CancellationError || error is DecodingError { return false }
        if let error = error as? CompletionError {
            return switch error {
            case .unreachable: true
            case .refused(_, let status, _, _): passes(status)
            case .unreadable: false
            }
        }
        if case .refused(let status, _)? = error as? RunningServer.Problem {
            // A server that was started again has another token, which each try reads anew.
            return status == 401 || passes(Int(status))
        }
        return true
    }
}
