import Foundation
package import Preferences
import Runs

/// Cuts held-out prompts in two: one half chooses the step that is kept, the other gives the figures.
///
/// A figure of the groups that chose the best of twenty looks is too good. The cut goes by prompt (of a conversation by how it
/// began), in the order of the prompts' hashes, so it depends on the prompts alone and not on the order of a file.
package struct HeldOutHalves: Sendable {
    /// Fewer prompts are not cut: half of them would measure next to nothing.
    package static let fewestPrompts = 20

    /// Whether there were enough prompts to cut.
    package let areApart: Bool
    private let selecting: Set<String>

    package init(_ prompts: [Prompt]) {
        let keys = Set(prompts.map(Self.key)).sorted()
        areApart = keys.count >= Self.fewestPrompts
        selecting = Set(keys.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
    }

    /// Whether groups of this held-out prompt help to choose the step.
    package func selects(_ prompt: Prompt) -> Bool { !areApart || selecting.contains(Self.key(prompt)) }

    /// Whether the figures rest on groups of this held-out prompt.
    package func reports(_ prompt: Prompt) -> Bool { !areApart || !selecting.contains(Self.key(prompt)) }

    private static func key(_ prompt: Prompt) -> String { Digest.data(Data(prompt.opening.canonicalBytes)) }
}
