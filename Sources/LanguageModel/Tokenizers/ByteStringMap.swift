/// A hash table from byte strings to numbers, looked up by a range of a larger buffer without making a key.
///
/// `[UInt8: …]` dictionaries allocate for every lookup and hash slowly; `String` keys compare by canonical equivalence,
/// which is wrong for a vocabulary. Lookup is O(length) on average; entries are never removed.
struct ByteStringMap: Sendable {
    private var slots: [Int32]
    private var starts: [Int] = [0]
    private var values: [Int32] = []
    private var arena: [UInt8] = []

    init(minimumCapacity: Int = 64) {
        var size = 64
        while size < minimumCapacity * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
    }

    var count: Int { values.count }

    func value(of bytes: [UInt8]) -> Int32? { value(of: bytes, in: 0..<bytes.count) }

    func value(of bytes: [UInt8], in range: Range<Int>) -> Int32? {
        let entry = slots[slot(of: bytes, in: range)]
        return entry < 0 ? nil : values[Int(entry)]
    }

    /// Sets the value of a key; returns the value it had.
    @discardableResult
    mutating func set(_ bytes: [UInt8], in range: Range<Int>, to value: Int32) -> Int32? {
        let place = slot(of: bytes, in: range)
        if slots[place] >= 0 {
            let old = values[Int(slots[place])]
            values[Int(slots[place])] = value
            return old
        }
        slots[place] = Int32(values.count)
        arena.append(contentsOf: bytes[range])
        starts.append(arena.count)
        values.append(value)
        if values.count * 2 > slots.count { grow() }
        return nil
    }

    @discardableResult
    mutating func set(_ bytes: [UInt8], to value: Int32) -> Int32? { set(bytes, in: 0..<bytes.count, to: value) }

    /// Adds to the value of a key that counts from zero.
    mutating func add(_ amount: Int32, to bytes: [UInt8], in range: Range<Int>) {
        let place = slot(of: bytes, in: range)
        if slots[place] >= 0 {
            values[Int(slots[place])] += amount
        } else {
            set(bytes, in: range, to: amount)
        }
    }

    /// The key and value of the entry that was added as number `index`.
    func entry(_ index: Int) -> (key: ArraySlice<UInt8>, value: Int32) {
        (arena[starts[index]..<starts[index + 1]], values[index])
    }

    private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
        hash ^= hash >> 32
        hash = hash &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash >> 20)
    }

    private func slot(of bytes: [UInt8], in range: Range<Int>) -> Int {
        let mask = slots.count - 1
        var place = Self.hash(bytes, range) & mask
        while slots[place] >= 0 {
            let start = starts[Int(slots[place])]
            if starts[Int(slots[place]) + 1] - start == range.count {
                var same = true
                var offset = 0
                while same, offset < range.count {
                    same = arena[start + offset] == bytes[range.lowerBound + offset]
                    offset += 1
                }
                if same { return place }
            }
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for index in values.indices {
            var place = Self.hash(arena, starts[index]..<starts[index + 1]) & mask
            while slots[place] >= 0 { place = (place + 1) & mask }
            slots[place] = Int32(index)
        }
    }
}
