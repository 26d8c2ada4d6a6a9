import Labels
import Preferences

/// Why a form is not an answer yet, in the lease's response ids; the page puts letters in their place.
enum FormRefusal: Error, Equatable {
    /// These responses have no rank.
    case unranked([String])
    /// Nothing that this page asks for was in the form.
    case empty
    /// A rank that is no whole number from 1 to the number of responses.
    case badRank(response: String, value: String, largest: Int)
    /// A response marked not acceptable stands above, or beside, an acceptable one.
    case unacceptableAbove(unacceptable: String, acceptable: String)
    /// A rating of a response outside of its scale.
    case badScore(response: String, value: String, scale: ClosedRange<Int>)
    /// No side and grade were chosen on a comparison.
    case noChoice
    /// A side and grade that the page does not offer.
    case badChoice(String)
    /// The unsafe response of two is preferred.
    case unsafePreferred(winner: String, safe: String)
    case longReason(found: Int)
    /// Feedback that is missing something.
    case feedback(FeedbackError)
    /// A correction that changes nothing, and is not marked as meant.
    case unchanged
    /// A correction that is marked as none, and is one.
    case changedAndRight

    /// Of an unsafe response that is preferred; each `#` is a letter: of that one, of the safe one, of the safe one.
    static let unsafePreferredWords =
        "You prefer # and call it unsafe, while # is safe. A safe response is the better answer: prefer #, or change what "
        + "you said of safety."

    /// What to say to the person, with the letters that they see.
    func explanation(letters: [String: String]) -> String {
        func letter(_ id: String) -> String { letters[id] ?? "a response that is not on this page" }
        switch self {
        case .unranked(let ids):
            let names = ids.map(letter).sorted()
            return names.count == letters.count
                ? "Nothing is ranked yet. Give every response a rank; equal ranks are a tie."
                : "\(Wording.list(names)) \(names.count == 1 ? "has" : "have") no rank yet. Give every response a rank; "
                    + "equal ranks are a tie."
        case .feedback(let error): return Wording.sentence(error.description)
        case .unchanged:
            return "The text is still the response's own. Change it, or mark that the response is right as it is."
        case .changedAndRight:
            return "You changed the text and marked that the response is right as it is. Take the mark off, or restore "
                + "the text."
        case .empty:
            return "The form arrived empty, so nothing was stored. Give every response a rank and submit again."
        case .badRank(let id, let value, let largest):
            return "“\(value)” is no rank for \(letter(id)): choose a number from 1 to \(largest)."
        case .unacceptableAbove(let lower, let upper):
            return "\(letter(lower)) is marked not acceptable but does not stand below \(letter(upper)), which is "
                + "acceptable. Give \(letter(lower)) a lower rank, or change the marks."
        case .badScore(let id, let value, let scale):
            return "“\(value)” is no rating for \(letter(id)): choose a number from \(scale.lowerBound) to "
                + "\(scale.upperBound)."
        case .noChoice:
            return "Nothing is chosen yet. Choose which response is better and by how much."
        case .badChoice:
            return "That choice is not one that this page offers. Choose again."
        case .unsafePreferred(let winner, let safe):
            return Self.unsafePreferredWords.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
                .enumerated().map { $0 == 0 ? $1 : letter($0 == 1 ? winner : safe) + $1 }.joined()
        case .longReason(let found):
            return "The reason has \(found) characters; it may have \(Comparison.longestReason)."
        }
    }
}
