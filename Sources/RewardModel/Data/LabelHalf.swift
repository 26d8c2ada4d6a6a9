import Foundation
public import Preferences
import Runs

/// Which prompts' labels a reward model learns from. Two models on the two halves share no label, so that one can watch a
/// policy that is refreshed against the other.
///
/// Source: Bai et al. 2022, "Training a Helpful and Harmless Assistant", §4.2.
public enum LabelHalf: String, Sendable, Codable, CaseIterable {
    case all
    case firstHalf = "first-half"
    case secondHalf = "second-half"

    /// Whether labels of this prompt belong to it: by the prompt's hash, so the same in every snapshot; of a
    /// conversation by how it began.
    public func includes(_ prompt: Prompt) -> Bool {
        guard self != .all else { return true }
        // The last digit: the share that is held out goes by the first ones.
        let digit = Digest.data(Data(prompt.opening.canonicalBytes)).last?.hexDigitValue ?? 0
        return digit.isMultiple(of: 2) == (self == .firstHalf)
    }
}
