internal import Foundation

/// Tokens of a row, the most probable first, then by id, of which only as much is sorted as is looked at: tokens are
/// counted into buckets of an eighth of a nat, and a bucket is sorted when it is first wanted.
struct CandidateOrder {
    struct Candidate {
        var token: Int32
        var logit: Float
        /// exp(scale · (logit − largest)).
        var weight: Float
    }

    private var candidates: [Candidate]
    /// Where each bucket begins; one more than there are buckets.
    private let starts: [Int]
    private var isSorted: [Bool]
    /// Sum of the weights of each bucket.
    private let masses: [Double]

    private static let buckets = 512
    private static let bucketsPerNat: Float = 8

    /// - Parameter tokens: in ascending order of id.
    init(_ tokens: Span<Int32>, _ logits: Span<Float>, _ weights: Span<Float>, largest: Float, scale: Float) {
        var places: [Int] = []
        places.reserveCapacity(tokens.count)
        var starts = [Int](repeating: 0, count: Self.buckets + 1)
        var masses = [Double](repeating: 0, count: Self.buckets)
        for index in tokens.indices {
            let distance = (largest - logits[index]) * scale * Self.bucketsPerNat
            let bucket = distance < Float(Self.buckets - 1) ? max(0, Int(distance)) : Self.buckets - 1
            places.append(bucket)
            starts[bucket + 1] += 1
            masses[bucket] += Double(weights[index])
        }
        for bucket in 0..<Self.buckets { starts[bucket + 1] += starts[bucket] }
        var next = starts
        candidates = [Candidate](repeating: Candidate(token: 0, logit: 0, weight: 0), count: tokens.count)
        for index in tokens.indices {
            candidates[next[places[index]]] = Candidate(
                token: tokens[index], logit: logits[index], weight: weights[index])
            next[places[index]] += 1
        }
        self.starts = starts
        self.masses = masses
        isSorted = [Bool](repeating: false, count: Self.buckets)
    }

    var count: Int { candidates.count }

    private mutating func sort(_ bucket: Int) {
        guard !isSorted[bucket] else { return }
        candidates[starts[bucket]..<starts[bucket + 1]].sort { $0.logit > $1.logit }
        isSorted[bucket] = true
    }

    /// The first `count` candidates in order.
    mutating func first(_ count: Int) -> ArraySlice<Candidate> {
        for bucket in 0..<Self.buckets where starts[bucket] < count { sort(bucket) }
        return candidates.prefix(count)
    }

    /// How many of the first candidates it takes to reach a mass, and their mass.
    mutating func reaching(_ goal: Double) -> (count: Int, mass: Double) {
        var sum = 0.0
        for bucket in 0..<Self.buckets where starts[bucket + 1] > starts[bucket] {
            if sum + masses[bucket] < goal {
                sum += masses[bucket]
                continue
            }
            sort(bucket)
            for place in starts[bucket]..<starts[bucket + 1] {
                sum += Double(candidates[place].weight)
                if sum >= goal { return (place + 1, sum) }
            }
        }
        return (candidates.count, sum)
    }

    /// The candidate, in order, at which the running sum of weights passes `goal`, among the first `count`.
    mutating func passing(_ goal: Double, among count: Int) -> Int32 {
        var sum = 0.0
        var last: Int32 = 0
        for bucket in 0..<Self.buckets where starts[bucket] < count && starts[bucket + 1] > starts[bucket] {
            let whole = starts[bucket + 1] <= count
            if whole && sum + masses[bucket] <= goal && starts[bucket + 1] < count {
                sum += masses[bucket]
                continue
            }
            sort(bucket)
            for place in starts[bucket]..<min(count, starts[bucket + 1]) {
                sum += Double(candidates[place].weight)
                last = candidates[place].token
                if sum > goal { return last }
            }
        }
        return last
    }
}
