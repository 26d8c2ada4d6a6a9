/// A small seeded generator: the same seed gives the same numbers on every machine and in every version of Plumb.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014), figure 17.
public struct SplitMix64: RandomNumberGenerator, Sendable, Equatable, Hashable, Codable {
    /// The whole state; storing it and restoring it continues the same sequence.
    public private(set) var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A generator for one part of a larger piece of work, e.g. response `k` of a group: independent of its siblings,
    /// and the same wherever the part is computed.
    public init(seed: UInt64, stream: UInt64) {
        state = SplitMix64.mixed(seed &+ SplitMix64.mixed(stream &+ 0x9E37_79B9_7F4A_7C15))
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return SplitMix64.mixed(state)
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func nextUnit() -> Double { Self.unit(next()) }

    /// 64 random bits of any source as a number in [0, 1): the upper 53 of them, all that a double tells apart.
    public static func unit(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

    /// A number in 0 ..< `bound`, without bias (Lemire 2019, "Fast Random Integer Generation in an Interval").
    /// - Precondition: `bound` is positive.
    public mutating func nextIndex(below bound: Int) -> Int {
        precondition(bound > 0, "nextIndex(below:) needs a positive bound")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// A random order of 0 ..< `count` (Fisher–Yates), the same for the same state in every version of Swift.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        guard count > 1 else { return order }
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, nextIndex(below: last + 1)) }
        return order
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
