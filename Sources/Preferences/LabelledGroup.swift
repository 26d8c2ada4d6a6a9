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

/// What somebody said of a response that stood alone. JSON: `label_id`, `annotator`, `revision`, `response_id`, `rating`,
/// `weight` (absent means 1).
public struct GroupReview: Sendable, Hashable, Codable {
    public var labelID: String
    public var annotator: String
    public var revision: Int
    public var responseID: String
    public var rating: ResponseRating
    /// How much the label counts; nil is 1.
    public var weight: Double?

    public init(
        labelID: String, annotator: String, revision: Int, responseID: String, rating: ResponseRating,
        weight: Double? = nil
    ) {
        self.labelID = labelID
        self.annotator = annotator
        self.revision = revision
        self.responseID = responseID
        self.rating = rating
        self.weight = weight
    }

    private enum CodingKeys: String, CodingKey {
        case annotator, revision, rating, weight
        case labelID = "label_id"
        case responseID = "response_id"
    }
}

/// One group with all its labels: a line of a run's `groups.jsonl`. JSON: `group`, `labels`, `split`, and where there is
/// something to say `reviews`, `about_safety`, `sampling_probability`.
public struct LabelledGroup: Sendable, Hashable {
    public var group: ResponseGroup
    public var labels: [GroupLabel]
    /// Labels of single responses that stood alone. A group of nothing else may have one response.
    public var reviews: [GroupReview]
    public var split: Split
    /// Whether the prompt is tagged as being about safety.
    public var isAboutSafety: Bool
    /// With which probability it was chosen of those that might have become tasks; nil where nothing chose.
    public var samplingProbability: Double?

    public init(
        group: ResponseGroup, labels: [GroupLabel], reviews: [GroupReview] = [], split: Split,
        isAboutSafety: Bool = false, samplingProbability: Double? = nil
    ) {
        self.group = group
        self.labels = labels
        self.reviews = reviews
        self.split = split
        self.isAboutSafety = isAboutSafety
        self.samplingProbability = samplingProbability
    }

    /// For how many candidates it stands, so that figures are of all of them (Horvitz and Thompson 1952).
    public var standsFor: Double { samplingProbability.map { 1 / $0 } ?? 1 }

    /// - Throws: `GroupError` unless the group is whole, every label judges exactly its responses, every review one of them,
    ///   every weight is a finite number above 0 and the probability one above 0.
    public func validate() throws(GroupError) {
        if let share = samplingProbability, !(share > 0 && share <= 1) { throw .samplingProbability(found: share) }
        try group.validate(fewestResponses: labels.isEmpty && !reviews.isEmpty ? 1 : 2)
        for label in labels {
            try Self.check(weight: label.weight, of: label.labelID)
            do {
                try label.judgement.validate(against: group.responseIDs)
            } catch {
                throw .label(id: label.labelID, problem: error)
            }
        }
        for review in reviews {
            try Self.check(weight: review.weight, of: review.labelID)
            guard group.response(review.responseID) != nil else {
                throw .review(label: review.labelID, response: review.responseID)
            }
        }
    }

    private static func check(weight: Double?, of label: String) throws(GroupError) {
        if let weight, !(weight > 0 && weight.isFinite) { throw .weight(label: label, found: weight) }
    }
}

extension LabelledGroup: Codable {
    private enum CodingKeys: String, CodingKey {
        case group, labels, reviews, split
        case isAboutSafety = "about_safety"
        case samplingProbability = "sampling_probability"
    }

    public init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            group: try line.decode(ResponseGroup.self, forKey: .group),
            labels: try line.decode([GroupLabel].self, forKey: .labels),
            reviews: try line.decodeIfPresent([GroupReview].self, forKey: .reviews) ?? [],
            split: try line.decode(Split.self, forKey: .split),
            isAboutSafety: try line.decodeIfPresent(Bool.self, forKey: .isAboutSafety) ?? false,
            samplingProbability: try line.decodeIfPresent(Double.self, forKey: .samplingProbability))
    }

    public func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: CodingKeys.self)
        try line.encode(group, forKey: .group)
        try line.encode(labels, forKey: .labels)
        if !reviews.isEmpty { try line.encode(reviews, forKey: .reviews) }
        try line.encode(split, forKey: .split)
        if isAboutSafety { try line.encode(true, forKey: .isAboutSafety) }
        try line.encodeIfPresent(samplingProbability, forKey: .samplingProbability)
    }
}
