import SeededRandom

/// Hashes that never change, for seeds and splits. (`Hasher` differs from process to process.)
public enum StableHash {
    /// 64-bit FNV-1a. Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm" (IETF draft).
    public static func fnv1a64(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }

    public static func fnv1a64(_ text: String) -> UInt64 { fnv1a64(text.utf8) }

    /// A number in [0, 1) from the hash, well mixed even for texts that differ in one character.
    public static func unit(_ text: String) -> Double {
        var generator = SplitMix64(seed: fnv1a64(text))
        return generator.nextUnit()
    }
}

/// The order in which one annotator sees the responses of a group.
public enum DisplayOrder {
    /// `order[slot]` is the index of the stored response shown there: a permutation of 0 ..< `count`, for ever the same
    /// for the same annotator, task and attempt.
    public static func permutation(count: Int, annotator: String, task: String, attempt: Int) -> [Int] {
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        let name = "\(annotator.utf8.count):\(annotator)|\(task.utf8.count):\(task)|\(attempt)"
        var generator = SplitMix64(seed: StableHash.fnv1a64(name))
        return generator.permutation(of: count)
    }

    /// "A" … "Z", then "AA" …
    public static func letter(slot: Int) -> String {
        var rest = max(slot, 0)
        var letters: [UInt8] = []
        repeat {
            letters.append(UInt8(0x41 + rest % 26))
            rest = rest / 26 - 1
        } while rest >= 0
        return String(decoding: letters.reversed(), as: UTF8.self)
    }
}
