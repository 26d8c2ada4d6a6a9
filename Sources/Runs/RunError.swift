public import Foundation

/// What can go wrong with a run directory, said for people.
public enum RunError: Error, Equatable, Sendable {
    case alreadyExists(path: String)
    case badInputName(String)
    case inputChanged(file: String)
    case inputMissing(file: String)
    case inputNotListed(file: String)
    case badJSON(file: String, reason: String)
    case badSettings(field: String, reason: String)
    case missingParent(role: String)
    case parentChanged(role: String, path: String, expected: String, found: String)
    case alreadyBegun(attempt: Int)
    case alreadyRunning(attempt: Int)
    case newerBegun(attempt: Int, newer: Int)
    case badOutput(name: String, reason: String)
    case diskFull(path: String)
    case reserveReached(path: String, free: Int64, reserved: Int64)
    case fileSystem(operation: String, path: String, reason: String)

    /// A full disk behind any error, Foundation's included, as `.diskFull` or `.reserveReached`; nil for everything else.
    public static func diskFull(behind error: any Error, path: String) -> RunError? {
        if let error = error as? RunError {
            return switch error {
            case .diskFull, .reserveReached: error
            default: nil
            }
        }
        let cocoa = error as NSError
        if cocoa.domain == NSCocoaErrorDomain, cocoa.code == CocoaError.fileWriteOutOfSpace.rawValue {
            return .diskFull(path: path)
        }
        if cocoa.domain == NSPOSIXErrorDomain, [ENOSPC, EDQUOT].contains(Int32(cocoa.code)) {
            return .diskFull(path: path)
        }
        if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? any Error {
            return diskFull(behind: underlying, path: path)
        }
        // Errors of other modules keep only the words of the system or of Foundation.
        let text = "\(error)"
        let words = ["No space left on device", "isn’t enough space"]
        return words.contains { text.contains($0) } ? .diskFull(path: path) : nil
    }
}

extension RunError: CustomStringConvertible, LocalizedError {
    public var errorDescription: String? { description }

    public var description: String {
        switch self {
        case .alreadyExists(let path):
            "The run directory \(path) exists already; a run's input is written once. Choose another run id."
        case .badInputName(let name):
            "“\(name)” cannot name an input file: use a plain file name other than run.json and SHA256SUMS."
        case .inputChanged(let file):
            "The run's input file \(file) is not the one that was written: its SHA-256 differs from SHA256SUMS. "
                + "Start a new run from the original data."
        case .inputMissing(let file):
            "The run's input file \(file) is missing."
        case .inputNotListed(let file):
            "The run's input folder holds \(file), which SHA256SUMS does not list; it was added later."
        case .badJSON(let file, let reason):
            "\(file) cannot be read: \(reason)."
        case .badSettings(let field, let reason):
            field.isEmpty ? "The run's settings are wrong: \(reason)." : "The run's setting “\(field)” \(reason)."
        case .missingParent(let role):
            "run.json names no parent with the role “\(role)”."
        case .parentChanged(let role, let path, let expected, let found):
            "The parent “\(role)” at \(path) is not the one this run was made for: "
                + "its SHA-256 is \(found), run.json says \(expected)."
        case .alreadyBegun(let attempt):
            "Attempt \(attempt) of this run was begun already; begin a new attempt."
        case .alreadyRunning(let attempt):
            "Attempt \(attempt) of this run is still running; wait for it or stop it first."
        case .newerBegun(let attempt, let newer):
            "Attempt \(attempt) of this run cannot begin any more, because attempt \(newer) was begun before it; "
                + "begin a new attempt."
        case .badOutput(let name, let reason):
            "The run's output “\(name)” \(reason)."
        case .diskFull(let path):
            "The disk is full: \(path) could not be written. Free some space and try again; nothing that was "
                + "finished before is lost."
        case .reserveReached(let path, let free, let reserved):
            "The disk has only \(free >> 20) MiB free, and \(reserved >> 20) MiB stay free of runs, so \(path) was not "
                + "kept. Free some space, then resume the run; its checkpoints so far are kept."
        case .fileSystem(let operation, let path, let reason):
            "Could not \(operation) \(path): \(reason)."
        }
    }
}
