/// Counted things in English, for sentences that people read.
public enum Wording {
    /// “1 label”, “2 labels”.
    public static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(word(number, one, many))"
    }

    /// The word alone, where the number stands elsewhere.
    public static func word(_ number: Int, _ one: String, _ many: String) -> String { number == 1 ? one : many }
}
