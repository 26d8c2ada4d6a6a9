import Preferences

/// What a run says of the labels that it could not use.
package enum ReadingNotes {
    /// - Parameter groups: their ids, where they are named.
    package static func tooLong(_ count: Int, groups: [String] = [], context: Int) -> String {
        Wording.count(count, "group was", "groups were")
            + " left out, because the prompt with its longest response is empty or longer than the model's context of "
            + "\(context) tokens" + (groups.isEmpty ? "" : ": \(groups.joined(separator: ", "))") + "."
    }

    package static func withoutOrder(_ count: Int) -> String {
        Wording.count(count, "label says", "labels say")
            + " nothing about order: all responses tied, or both called unacceptable."
    }
}
