/// One thing that is wrong with the newest rollouts, in words.
package struct RefreshAlarm: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Too far from the reference.
        case kl
        /// The same word pairs again and again.
        case repetition
        /// Responses that do not end.
        case ending
        /// Responses to one prompt that are alike.
        case sameness
        /// Responses much longer or shorter than the reference's.
        case length
        /// Next tokens that are nearly certain.
        case entropy
        /// The reward rises while the watcher falls.
        case disagreement
        /// The reward rises while an ensemble's heads part.
        case heads
    }

    package var kind: Kind
    /// A sentence without its full stop.
    package var message: String

    /// Whether the policy may not be handed out while it lasts; the others only warn.
    package var isLimit: Bool { ![.length, .entropy, .heads].contains(kind) }
}
