public import Preferences

/// A reward model's card: what it says, and its files as they lie in the model's folder.
public struct RewardCardFiles: Sendable, Equatable {
    public var card: RewardCard
    /// `card.json`.
    public var json: String
    /// `card.md`.
    public var text: String

    public init(card: RewardCard, json: String, text: String) {
        self.card = card
        self.json = json
        self.text = text
    }
}
