/// How long an answer took, as the page measured it.
public struct Timing: Sendable, Hashable, Codable {
    /// Page visible and the person not idle.
    public var activeMilliseconds: Int?
    public var firstActionMilliseconds: Int?
    public var operations: Int?
    public var effort: Effort?

    public init(
        activeMilliseconds: Int? = nil, firstActionMilliseconds: Int? = nil, operations: Int? = nil,
        effort: Effort? = nil
    ) {
        self.activeMilliseconds = activeMilliseconds
        self.firstActionMilliseconds = firstActionMilliseconds
        self.operations = operations
        self.effort = effort
    }

    /// A day, in milliseconds: more than anybody spends on a task.
    public static let longest = 86_400_000

    fileprivate static func within(_ value: Int) -> Int { min(max(0, value), longest) }

    /// What the store keeps of it: nothing below 0, and no time above a day.
    var clamped: Timing {
        Timing(
            activeMilliseconds: activeMilliseconds.map(Timing.within),
            firstActionMilliseconds: firstActionMilliseconds.map(Timing.within),
            operations: operations.map(Timing.within), effort: effort)
    }

    /// Clamped, and with the responses by their stored ids.
    func stored(names: [String], order: [Int], responseIDs: [String]) -> Timing {
        let ids = zip(names, order).map { ($0, responseIDs[$1]) }
        var timing = clamped
        timing.effort = effort?.renamed(Dictionary(ids, uniquingKeysWith: { first, _ in first }))
        return timing
    }

    private enum CodingKeys: String, CodingKey {
        case operations, effort
        case activeMilliseconds = "active_ms"
        case firstActionMilliseconds = "first_action_ms"
    }
}

/// Where the time of an answer went. JSON: `{"responses":{ID:{"dwell_ms":1200,"expanded_ms":0}},"used":{"raw":1}}`.
public struct Effort: Sendable, Hashable, Codable {
    public struct Response: Sendable, Hashable, Codable {
        /// Active time with the keyboard's focus or the pointer on it.
        public var dwellMilliseconds: Int
        /// Active time with its whole text open.
        public var expandedMilliseconds: Int
        /// How far down its text was scrolled at most, in percent; nil where it was not.
        public var scrolledPercent: Int?

        public init(dwellMilliseconds: Int, expandedMilliseconds: Int, scrolledPercent: Int? = nil) {
            self.dwellMilliseconds = dwellMilliseconds
            self.expandedMilliseconds = expandedMilliseconds
            self.scrolledPercent = scrolledPercent
        }

        private enum CodingKeys: String, CodingKey {
            case dwellMilliseconds = "dwell_ms"
            case expandedMilliseconds = "expanded_ms"
            case scrolledPercent = "scrolled_percent"
        }
    }

    /// By response: the lease's ids on the way in, the stored ones in the store.
    public var responses: [String: Response]
    /// How often a help of the page was used or shown, by its name: "raw" for the raw text, "compare" for compare mode,
    /// "diff" for the difference between two texts, "identical_tied" and "contradiction_hint" for what the page says
    /// unasked.
    public var used: [String: Int]

    public init(responses: [String: Response] = [:], used: [String: Int] = [:]) {
        self.responses = responses
        self.used = used
    }

    /// The same with other names for the responses, nothing below 0, no time above a day and no share above 100%; what has no new name is left
    /// out.
    func renamed(_ ids: [String: String]) -> Effort {
        var kept: [String: Response] = [:]
        for (name, response) in responses {
            guard let id = ids[name] else { continue }
            kept[id] = Response(
                dwellMilliseconds: Timing.within(response.dwellMilliseconds),
                expandedMilliseconds: Timing.within(response.expandedMilliseconds),
                scrolledPercent: response.scrolledPercent.map { min(max(0, $0), 100) })
        }
        let names = used.filter { $0.value > 0 && Effort.isName($0.key) }.sorted { $0.key < $1.key }.prefix(
            Effort.mostNames)
        return Effort(
            responses: kept,
            used: Dictionary(names.map { ($0.key, Timing.within($0.value)) }, uniquingKeysWith: { first, _ in first }))
    }

    private static let mostNames = 20

    private static func isName(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
    }
}
