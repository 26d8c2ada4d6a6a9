/// The number of a row of one table; the parameter keeps the ids of different tables apart.
public struct ID<Subject>: RawRepresentable, Sendable, Hashable, Comparable, Codable, LosslessStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ number: Int64) { rawValue = number }

    /// From digits, as in a path; nil for anything else.
    public init?(_ text: String) {
        guard let number = Int64(text), number > 0 else { return nil }
        rawValue = number
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { "\(rawValue)" }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

public typealias ProjectID = ID<Project>
public typealias PromptID = ID<StoredPrompt>
public typealias PolicyID = ID<Policy>
public typealias GroupID = ID<NewGroup>
public typealias TaskID = ID<Assignment>
public typealias LabelID = ID<Submission>
public typealias UserID = ID<User>
public typealias RunID = ID<RunRecord>
public typealias SnapshotID = ID<Snapshot>
public typealias RewardModelID = ID<RewardModelRecord>
public typealias InstructionSetID = ID<InstructionSet>
public typealias PromotionID = ID<Promotion>
public typealias APITokenID = ID<APITokenInfo>
