import Foundation
import NIOCore

/// Why a server cannot listen where it was told to, for people.
struct ListeningProblem: Error, CustomStringConvertible {
    let description: String

    /// Nil for errors of other kinds.
    init?(_ error: any Error, host: String, port: Int) {
        guard let error = error as? IOError else { return nil }
        switch error.errnoCode {
        case EADDRINUSE:
            description =
                "Port \(port) of \(host) is taken by another program, perhaps a Plumb that runs already. Stop that one, or "
                + "choose another port, e.g. --port \(port == 65_535 ? 8080 : port + 1); --port 0 takes a free one."
        case EACCES, EPERM:
            description =
                "This user may not listen on port \(port). Choose one above 1023 with --port, and let a proxy take \(port)."
        case EADDRNOTAVAIL:
            description =
                "This machine has no address \(host). Give one of its own with --host: 127.0.0.1 for this machine alone, "
                + "0.0.0.0 for all."
        default: return nil
        }
    }
}
