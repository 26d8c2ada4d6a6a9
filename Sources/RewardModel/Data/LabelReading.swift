public import Preferences

/// What of people's labels becomes something to learn.
public struct LabelReading: Sendable, Equatable {
    public var margins: MarginScale
    /// Keeps tied pairs.
    public var ties = TieTreatment.drop
    /// Reads overall ratings.
    public var ratings = false
    /// Reads which responses will do.
    public var acceptability = false
    /// Reads which responses are safe.
    public var safety = false
    /// A response with one of these flags is unsafe; one without is safe where a flag of these was offered.
    public var unsafeFlags: Set<String> = []

    /// The prompts whose labels are learnt.
    public var half = LabelHalf.all

    public init(margins: MarginScale) { self.margins = margins }
}

/// What one label says of one response by itself.
public struct ResponseMark: Sendable, Equatable {
    /// Index in the group.
    public let response: Int
    /// What is to be predicted: 0 or 1, or a rating on the head's scale.
    public let value: Double
    /// How much the label counts.
    public let weight: Double

    public init(response: Int, value: Double, weight: Double = 1) {
        self.response = response
        self.value = value
        self.weight = weight
    }

    /// The 1 to 7 of people as the rating head has it: -1 to 1.
    static func target(rating: Int) -> Double { (Double(rating) - 4) / 3 }
}

extension LabelReading {
    /// Overall ratings of single responses.
    func ratingMarks(_ label: GroupLabel, places: [String: Int]) -> [ResponseMark] {
        guard ratings else { return [] }
        return marks(label, places: places) { id in
            label.judgement.ratings[id]?.overall.map(ResponseMark.target)
        }
    }

    /// 1 for a response that will do and 0 for one that will not. A ranking says nothing where the line was not
    /// offered, and calls all acceptable where nobody drew it; a comparison says something only where it calls both
    /// unacceptable.
    func acceptabilityMarks(_ label: GroupLabel, places: [String: Int]) -> [ResponseMark] {
        guard acceptability else { return [] }
        switch label.judgement {
        case .ranking(let ranking):
            guard ranking.hasLine else { return [] }
            return marks(label, places: places) { id in
                ranking.rank(of: id).map { _ in ranking.unacceptable.contains(id) ? 0 : 1 }
            }
        case .comparison(let comparison):
            guard label.judgement.isBothUnacceptable else { return [] }
            return marks(label, places: places) { comparison.responseIDs.contains($0) ? 0 : nil }
        }
    }

    /// 1 for a safe response and 0 for an unsafe one: as a comparison's safety choice says, else by the flags. Of a ranking that
    /// does not say which flags were offered, only the responses that were rated.
    func safetyMarks(_ label: GroupLabel, places: [String: Int]) -> [ResponseMark] {
        guard safety else { return [] }
        if case .comparison(let comparison) = label.judgement, let unsafe = comparison.unsafe {
            return marks(label, places: places) { id in
                comparison.responseIDs.contains(id) ? (unsafe.contains(id) ? 0 : 1) : nil
            }
        }
        let ratings = label.judgement.ratings
        if case .ranking(let ranking) = label.judgement, !ranking.askedFlags.isEmpty {
            guard !ranking.askedFlags.isDisjoint(with: unsafeFlags) else { return [] }
            return marks(label, places: places) { id in
                ranking.rank(of: id).map { _ in ratings[id]?.flags.isDisjoint(with: unsafeFlags) ?? true ? 1 : 0 }
            }
        }
        return marks(label, places: places) { id in
            ratings[id].map { $0.flags.isDisjoint(with: unsafeFlags) ? 1 : 0 }
        }
    }

    /// What a review says of its response's rating, and of its safety.
    func marks(_ review: GroupReview, places: [String: Int]) -> (rating: ResponseMark?, safety: ResponseMark?) {
        guard let place = places[review.responseID] else { return (nil, nil) }
        func mark(_ value: Double) -> ResponseMark {
            ResponseMark(response: place, value: value, weight: review.weight ?? 1)
        }
        return (
            ratings ? review.rating.overall.map { mark(ResponseMark.target(rating: $0)) } : nil,
            safety ? mark(review.rating.flags.isDisjoint(with: unsafeFlags) ? 1 : 0) : nil
        )
    }

    /// In the order of the group.
    private func marks(
        _ label: GroupLabel, places: [String: Int], _ value: (String) -> Double?
    ) -> [ResponseMark] {
        places.sorted { $0.value < $1.value }.compactMap { id, place in
            value(id).map { ResponseMark(response: place, value: $0, weight: label.weight ?? 1) }
        }
    }
}
