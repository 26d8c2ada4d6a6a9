/// A hash table from pairs of ids to a 64-bit number; the hot lookup of byte-pair encoding and its training.
struct PairMap: Sendable {
    private static let empty = UInt64.max
    private var keys: [UInt64]
    private var values: [UInt64]
    private(set) var count = 0

    init(minimumCapacity: Int = 64) {
        var size = 64
        while size < minimumCapacity * 2 { size *= 2 }
        keys = Array(repeating: Self.empty, count: size)
        values = Array(repeating: 0, count: size)
    }

    /// - Precondition: ids are not negative, so no pair is all ones.
    subscript(left: Int32, right: Int32) -> UInt64? {
        get {
            let place = slot(Self.key(left, right))
            return keys[place] == Self.empty ? nil : values[place]
        }
        set {
            guard let newValue else { preconditionFailure("pairs are never removed") }
            let key = Self.key(left, right)
            let place = slot(key)
            values[place] = newValue
            guard keys[place] == Self.empty else { return }
            keys[place] = key
            count += 1
            if count * 2 > keys.count { grow() }
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func slot(_ key: UInt64) -> Int {
        let mask = keys.count - 1
        var place = Int(truncatingIfNeeded: ((key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while keys[place] != key, keys[place] != Self.empty { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let oldKeys = keys
        let oldValues = values
        keys = Array(repeating: Self.empty, count: oldKeys.count * 2)
        values = Array(repeating: 0, count: oldKeys.count * 2)
        for (index, key) in oldKeys.enumerated() where key != Self.empty {
            let place = slot(key)
            keys[place] = key
            values[place] = oldValues[index]
        }
    }
}
