internal import HeapModule

/// Byte-pair encoding: a vocabulary and ranked merges, applied to one word at a time.
///
/// Source: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016), algorithm
/// 1; over bytes as in Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
struct BytePairModel: Sendable {
    /// Token bytes (as they stand in text, not in `ByteAlphabet`) to ids.
    let vocabulary: ByteStringMap
    /// rank << 32 | id of the merged token.
    let merges: PairMap
    /// A word that is itself a token is taken whole (Llama 3).
    let ignoresMerges: Bool
    /// What a word is spelled in before any merge.
    let alphabet: Alphabet

    enum Alphabet: Sendable {
        /// The id of every byte; -1 for bytes that never occur in UTF-8 and have no token.
        case bytes([Int32])
        /// Unicode scalars.
        case scalars(ScalarAlphabet)
    }

    struct ScalarAlphabet: Sendable {
        /// Ids of the tokens `<0x00>`…`<0xFF>` that spell out scalars without a token of their own.
        var byteFallback: [Int32]?
        var unknown: Int32?
        /// Several unknown scalars in a row make one unknown token.
        var fusesUnknown: Bool
        /// Pairs of scalars that stand side by side inside some merged token. Between two known scalars that do not, no
        /// merge can ever reach across, so a long text without words falls apart into short pieces there.
        var neighbours: PairMap
    }

    /// Memory that one thread reuses from word to word.
    struct Scratch {
        /// Word to place in `cachedIDs`; the words repeat, the merging need not.
        fileprivate var cache = ByteStringMap()
        fileprivate var cachedIDs: [Int32] = []
        fileprivate var cachedStarts: [Int] = [0]
        fileprivate var ids: [Int32] = []
        fileprivate var next: [Int32] = []
        fileprivate var previous: [Int32] = []
        fileprivate var heap = Heap<UInt64>()
    }

    static let longestCachedWord = 64
    static let mostCachedWords = 1 << 20

    /// Appends the ids of one word.
    func encode(_ text: [UInt8], _ word: Range<Int>, into out: inout [Int32], _ scratch: inout Scratch) {
        switch alphabet {
        case .bytes: encodePiece(text, word, into: &out, &scratch)
        case .scalars(let scalars):
            if ignoresMerges, let id = vocabulary.value(of: text, in: word) {
                out.append(id)
                return
            }
            var start = word.lowerBound
            var (last, position) = scalar(in: text, at: start)
            while position < word.upperBound {
                let (current, after) = scalar(in: text, at: position)
                if scalars.neighbours[Int32(last.value), Int32(current.value)] == nil,
                    isKnown(text, position..<after), isKnown(text, position - UTF8.width(last)..<position)
                {
                    encodePiece(text, start..<position, into: &out, &scratch)
                    start = position
                }
                (last, position) = (current, after)
            }
            encodePiece(text, start..<word.upperBound, into: &out, &scratch)
        }
    }

    private func isKnown(_ text: [UInt8], _ range: Range<Int>) -> Bool { vocabulary.value(of: text, in: range) != nil }

    private func encodePiece(_ text: [UInt8], _ piece: Range<Int>, into out: inout [Int32], _ scratch: inout Scratch) {
        let cacheable = piece.count <= Self.longestCachedWord
        if cacheable, let place = scratch.cache.value(of: text, in: piece) {
            for index in scratch.cachedStarts[Int(place)]..<scratch.cachedStarts[Int(place) + 1] {
                out.append(scratch.cachedIDs[index])
            }
            return
        }
        let start = out.count
        if ignoresMerges, let id = vocabulary.value(of: text, in: piece) {
            out.append(id)
        } else {
            spell(text, piece, into: &scratch.ids)
            merge(into: &out, &scratch)
        }
        if cacheable, scratch.cache.count < Self.mostCachedWords {
            scratch.cache.set(text, in: piece, to: Int32(scratch.cache.count))
            scratch.cachedIDs.append(contentsOf: out[start...])
            scratch.cachedStarts.append(scratch.cachedIDs.count)
        }
    }

    /// The ids of a piece before any merge.
    private func spell(_ text: [UInt8], _ piece: Range<Int>, into ids: inout [Int32]) {
        ids.removeAll(keepingCapacity: true)
        switch alphabet {
        case .bytes(let table):
            for index in piece { ids.append(table[Int(text[index])]) }
        case .scalars(let scalars):
            var position = piece.lowerBound
            var afterUnknown = false
            while position < piece.upperBound {
                let after = scalar(in: text, at: position).next
                defer { position = after }
                if let id = vocabulary.value(of: text, in: position..<after) {
                    ids.append(id)
                    afterUnknown = false
                } else if let fallback = scalars.byteFallback {
                    for index in position..<after { ids.append(fallback[Int(text[index])]) }
                } else if let unknown = scalars.unknown {
                    if !(afterUnknown && scalars.fusesUnknown) { ids.append(unknown) }
                    afterUnknown = true
                }
            }
        }
    }

    /// Merges `scratch.ids` lowest rank first, leftmost first among equals, and appends what is left.
    ///
    /// A linked list of the remaining symbols and a heap of candidate merges: O(n log n).
    private func merge(into out: inout [Int32], _ scratch: inout Scratch) {
        let count = scratch.ids.count
        guard count > 1 else {
            out.append(contentsOf: scratch.ids)
            return
        }
        scratch.next.removeAll(keepingCapacity: true)
        scratch.previous.removeAll(keepingCapacity: true)
        for index in 0..<Int32(count) {
            scratch.next.append(index + 1)
            scratch.previous.append(index - 1)
        }
        for index in 0..<count - 1 {
            if let merge = merges[scratch.ids[index], scratch.ids[index + 1]] {
                scratch.heap.insert((merge & ~0xFFFF_FFFF) | UInt64(index))
            }
        }
        while let candidate = scratch.heap.popMin() {
            let position = Int(candidate & 0xFFFF_FFFF)
            let right = Int(scratch.next[position])
            // A symbol that was merged away has id -1; one whose partner changed has another rank now.
            guard scratch.ids[position] >= 0, right < count,
                let merge = merges[scratch.ids[position], scratch.ids[right]], merge >> 32 == candidate >> 32
            else { continue }
            scratch.ids[position] = Int32(truncatingIfNeeded: merge & 0xFFFF_FFFF)
            scratch.ids[right] = -1
            let beyond = Int(scratch.next[right])
            scratch.next[position] = Int32(beyond)
            if beyond < count {
                scratch.previous[beyond] = Int32(position)
                if let merge = merges[scratch.ids[position], scratch.ids[beyond]] {
                    scratch.heap.insert((merge & ~0xFFFF_FFFF) | UInt64(position))
                }
            }
            let before = Int(scratch.previous[position])
            if before >= 0, let merge = merges[scratch.ids[before], scratch.ids[position]] {
                scratch.heap.insert((merge & ~0xFFFF_FFFF) | UInt64(before))
            }
        }
        var position = 0
        while position < count {
            out.append(scratch.ids[position])
            position = Int(scratch.next[position])
        }
    }
}
