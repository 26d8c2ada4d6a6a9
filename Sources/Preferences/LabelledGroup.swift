/// Which part of a snapshot a prompt belongs to.
public enum Split: String, Sendable, Hashable, Codable, CaseIterable {
    case train
    case heldOut = "held_out"
}

/// One label of a group. JSON: `label_id`, `annotator`, `revision`, `judgement`, `weight` (absent means 1).
public struct GroupLabel: Sendable, Hashable, Codable {
    public var labelID: String
    public var annotator: String
    public var revision: Int
    public var judgement: Judgement
    /// How much the label counts, e.g. by annotator reliability or sampling probability; nil is 1.
    public var weight: Double?

    public init(labelID: String, annotator: String, revision: Int, judgement: Judgement, weight: Double? = nil) {
        self.labelID = labelID
        self.annotator = annotator
        self.revision = revision
        self.judgement = judgement
        self.weight = weight
    }

    private enum CodingKeys: String, CodingKey {
        case annotator, revision, judgement, weight
        case labelID = "label_id"
    }
}

/// One group with all its labels: a line of a run's `groups.jsonl`. JSON: `group`, `labels`, `split`.
public struct LabelledGroup: Sendable, Hashable, Codable {
    public var group: ResponseGroup
    public var labels: [GroupLabel]
    public var split: Split

    public init(group: ResponseGroup, labels: [GroupLabel], split: Split) {
        self.group = group
        self.labels = labels
        self.split = split
    }

    /// - Throws: `GroupError` unless the group is whole, every label judges exactly its responses, and every weight is a
    ///   finite number above 0.
    public func validate() throws(GroupError) {
        try group.validate()
        for label in labels {
            if let weight = label.weight, !(weight > 0 && weight.isFinite) {
                throw .weight(label: label.labelID, found: weight)
            }
            do {
                try label.judgement.validate(against: group.responseIDs)
            } catch {
                throw .label(id: label.labelID, problem: error)
            }
        }
    }
}
