import Foundation
import Hummingbird
import Labels
import Preferences

/// The fields of one posted form, with errors that name the field as the page does.
struct LeadForm: Sendable {
    private let values: [String: String]

    /// - Throws: `Problem` 400 where the body is no form.
    init(_ request: Request, _ context: PlumbContext) async throws {
        do {
            values = try await request.decode(as: [String: String].self, context: context)
        } catch let error as DecodingError {
            throw Problem.unreadable("The form could not be read: \(error)")
        }
    }

    /// A text without white space around it; empty where the field is missing.
    func text(_ name: String) -> String {
        (values[name] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A text as it was typed, with the line ends of this system.
    func raw(_ name: String) -> String { (values[name] ?? "").replacing("\r\n", with: "\n") }

    /// Whether a check box was ticked.
    func flag(_ name: String) -> Bool { values[name] != nil }

    func whole(_ name: String, label: String) throws(FieldError) -> Int {
        guard let number = Int(text(name)) else {
            throw FieldError(field: name, message: "\(label): “\(text(name))” is not a whole number.")
        }
        return number
    }

    func number(_ name: String, label: String) throws(FieldError) -> Double {
        guard let number = Double(text(name).replacing(",", with: ".")), number.isFinite else {
            throw FieldError(field: name, message: "\(label): “\(text(name))” is not a number.")
        }
        return number
    }
}

/// A field that could not be taken; the page shows it above the form, with what was typed kept.
struct FieldError: Error, Sendable, CustomStringConvertible {
    var field: String
    var message: String
    var description: String { message }

    /// The words for an error that the person who filled in the form caused or can wait out; nil for any other.
    static func words(for error: any Error) -> String? {
        switch error {
        case let error as FieldError: error.message
        case StoreError.storage, StoreError.diskFull: nil
        case let error as StoreError: Wording.sentence(error.description)
        case let error as OperationError: error.message
        case let error as APIFailure: error.message
        default: nil
        }
    }
}
