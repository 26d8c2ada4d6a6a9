/// A named value on a lead's page.
struct Fact: Sendable {
    var name: String
    /// The name in files and the API, where it has one.
    var raw: String?
    var value: String
}

extension Fact {
    /// A setting or a figure, by its name in files.
    init(named raw: String, value: String) { self.init(name: MetricWords.words(raw), raw: raw, value: value) }
}
