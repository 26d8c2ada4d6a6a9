internal import HeapModule

/// Trains a byte-level byte-pair tokenizer: again and again the most frequent pair of neighbours becomes a token.
///
/// Text is cut into words as GPT-2 does, after the special tokens are taken out; merges never cross a word.
/// Deterministic: of equally frequent pairs the one with the greater left bytes wins, then the one with the greater
/// right bytes (bytes compared in lexicographic order).
/// Source: Sennrich, Haddow and Birch (2016), algorithm 1, over bytes as in Radford et al. (2019).
public struct TokenizerTrainer: Sendable {
    public let vocabularySize: Int
    public let specialTokens: [String]
    public let minimumFrequency: Int

    /// - Parameters:
    ///   - vocabularySize: special tokens, the 256 bytes and the merged tokens together.
    ///   - specialTokens: get the ids from 0 on, in this order.
    ///   - minimumFrequency: pairs that occur less often are not merged.
    /// - Throws: `TokenizerError.cannotTrain` where these do not go together.
    public init(
        vocabularySize: Int, specialTokens: [String] = PlumbChat.specialTokens, minimumFrequency: Int = 2
    ) throws {
        let smallest = 256 + specialTokens.count
        guard vocabularySize >= smallest, vocabularySize <= 1 << 20 else {
            throw TokenizerError.cannotTrain(
                problem: "a vocabulary of \(vocabularySize) was asked for; it must hold the 256 bytes and "
                    + "\(specialTokens.count) special tokens, so from \(smallest) to \(1 << 20) tokens are possible")
        }
        guard Set(specialTokens.map { Array($0.utf8) }).count == specialTokens.count,
            !specialTokens.contains(where: { $0.utf8.count < 2 })
        else {
            throw TokenizerError.cannotTrain(problem: "special tokens must differ and be longer than one letter")
        }
        guard minimumFrequency >= 1 else {
            throw TokenizerError.cannotTrain(
                problem: "the minimum frequency is \(minimumFrequency); it must be at least 1")
        }
        self.vocabularySize = vocabularySize
        self.specialTokens = specialTokens
        self.minimumFrequency = minimumFrequency
    }

    /// Trains on texts; the order of the texts does not matter.
    /// - Parameter progress: called now and then with merges made and merges wanted.
    /// - Throws: `TokenizerError.cannotTrain` where the texts have too few pairs for the vocabulary asked for.
    public func train(
        on texts: some Sequence<String>, progress: (_ merges: Int, _ wanted: Int) -> Void = { _, _ in }
    ) throws -> Tokenizer {
        var training = Training(words: countWords(texts), firstID: Int32(specialTokens.count))
        let wanted = vocabularySize - specialTokens.count - 256
        while training.tokenCount < wanted {
            guard training.mergeBest(minimumFrequency: minimumFrequency) else {
                let reached = specialTokens.count + 256 + training.tokenCount
                throw TokenizerError.cannotTrain(
                    problem: "the text has pairs for a vocabulary of \(reached) only, but \(vocabularySize) was asked "
                        + "for; ask for fewer tokens or give more text")
            }
            if training.tokenCount % 256 == 0 { progress(training.tokenCount, wanted) }
        }
        progress(wanted, wanted)
        return try tokenizer(training)
    }

    /// The words of the texts with how often each occurs.
    private func countWords(_ texts: some Sequence<String>) -> ByteStringMap {
        let special = specialTokens.enumerated().map {
            AddedToken(
                id: Int32($0.offset), content: $0.element, isSpecial: true, isSingleWord: false, stripsLeft: false,
                stripsRight: false, isNormalized: false)
        }
        let finder = AddedTokenFinder(special, contents: specialTokens.map { Array($0.utf8) })
        let pattern = SplittingPattern.gpt2
        var words = ByteStringMap(minimumCapacity: 1 << 14)
        for text in texts {
            let bytes = Array(text.utf8)
            finder.forEachPiece(in: bytes, special: .everywhere) { range, id in
                guard id == nil else { return }
                var start = range.lowerBound
                while start < range.upperBound {
                    let end = pattern.matchEnd(in: bytes, from: start, to: range.upperBound)
                    words.add(1, to: bytes, in: start..<end)
                    start = end
                }
            }
        }
        return words
    }

    private func tokenizer(_ training: Training) throws -> Tokenizer {
        let tokens = specialTokens.map { Array($0.utf8) } + training.tokens.map { ByteAlphabet.encode($0) }
        let space = [UInt8(ascii: " ")]
        let document = TokenizerDocument(
            addedTokens: specialTokens.enumerated().map { (Int32($0.offset), $0.element) },
            vocabularyJSON: TokenizerDocument.vocabularyJSON(tokens),
            merges: training.merges.map { ByteAlphabet.encode($0.left) + space + ByteAlphabet.encode($0.right) })
        return try Tokenizer(json: document.bytes, source: "the trained tokenizer")
    }
}

/// The state of a training: words as symbols, and every pair with its count and the words that may hold it.
private struct Training {
    private(set) var tokens: [[UInt8]]
    private(set) var merges: [(left: [UInt8], right: [UInt8])] = []
    private let firstID: Int32
    private var idsByBytes = ByteStringMap()
    /// All words behind each other; word w owns `starts[w]` ..< `starts[w] + lengths[w]`.
    private var symbols: [Int32] = []
    private var starts: [Int] = []
    private var lengths: [Int] = []
    private var frequencies: [Int] = []
    /// Place of each pair in `counts` and `wordsOfPair`.
    private var pairs = PairMap(minimumCapacity: 1 << 12)
    private var counts: [Int] = []
    private var wordsOfPair: [[Int32]] = []
    private var queue = Heap<Candidate>()

    /// Tokens made so far, without the bytes.
    var tokenCount: Int { tokens.count - 256 }

    init(words: ByteStringMap, firstID: Int32) {
        self.firstID = firstID
        tokens = ByteAlphabet.order.map { [$0] }
        var idOfByte = Array(repeating: Int32(0), count: 256)
        for (place, byte) in ByteAlphabet.order.enumerated() {
            idOfByte[Int(byte)] = firstID + Int32(place)
            idsByBytes.set([byte], to: firstID + Int32(place))
        }
        var seen: [(left: Int32, right: Int32, place: Int)] = []
        for word in 0..<words.count {
            let (bytes, frequency) = words.entry(word)
            starts.append(symbols.count)
            lengths.append(bytes.count)
            frequencies.append(Int(frequency))
            for byte in bytes { symbols.append(idOfByte[Int(byte)]) }
            for index in starts[word]..<max(starts[word], symbols.count - 1) {
                let (left, right) = (symbols[index], symbols[index + 1])
                let known = counts.count
                let place = count(left, right, by: Int(frequency), in: Int32(word))
                if place == known { seen.append((left, right, place)) }
            }
        }
        for (left, right, place) in seen { queue.insert(candidate(left, right, place)) }
    }

    private func bytes(_ id: Int32) -> [UInt8] { tokens[Int(id - firstID)] }

    private func candidate(_ left: Int32, _ right: Int32, _ place: Int) -> Candidate {
        Candidate(
            count: counts[place], leftBytes: bytes(left), rightBytes: bytes(right), left: left, right: right,
            place: place)
    }

    /// Changes the count of a pair and notes a word where it may stand; returns the pair's place.
    @discardableResult
    private mutating func count(_ left: Int32, _ right: Int32, by change: Int, in word: Int32) -> Int {
        if let place = pairs[left, right].map({ Int($0) }) {
            counts[place] += change
            if change > 0, wordsOfPair[place].last != word { wordsOfPair[place].append(word) }
            return place
        }
        pairs[left, right] = UInt64(counts.count)
        counts.append(change)
        wordsOfPair.append([word])
        return counts.count - 1
    }

    /// Merges the most frequent pair everywhere; false where no pair is frequent enough.
    mutating func mergeBest(minimumFrequency: Int) -> Bool {
        while let best = queue.popMax() {
            // Counts in the queue may be out of date: too high ones come back with the right count.
            if counts[best.place] != best.count {
                if counts[best.place] >= minimumFrequency, counts[best.place] < best.count {
                    queue.insert(candidate(best.left, best.right, best.place))
                }
                continue
            }
            guard best.count >= minimumFrequency else { return false }
            merge(best)
            return true
        }
        return false
    }

    private mutating func merge(_ best: Candidate) {
        let merged = best.leftBytes + best.rightBytes
        let id: Int32
        if let known = idsByBytes.value(of: merged) {
            id = known
        } else {
            id = firstID + Int32(tokens.count)
            tokens.append(merged)
            idsByBytes.set(merged, to: id)
        }
        merges.append((best.leftBytes, best.rightBytes))
        var grown: [Int: (Int32, Int32)] = [:]
        for word in wordsOfPair[best.place] { rewrite(Int(word), best, as: id, &grown) }
        counts[best.place] = 0
        wordsOfPair[best.place] = []
        // Each pair enters the queue once; the order of entering does not matter, because the queue's order is total.
        for (place, (left, right)) in grown { queue.insert(candidate(left, right, place)) }
    }

    /// Puts the merged token into one word and corrects the counts of the pairs around it.
    private mutating func rewrite(_ word: Int, _ best: Candidate, as id: Int32, _ grown: inout [Int: (Int32, Int32)]) {
        let start = starts[word]
        let end = start + lengths[word]
        let frequency = frequencies[word]
        var write = start
        var read = start
        while read < end {
            guard read + 1 < end, symbols[read] == best.left, symbols[read + 1] == best.right else {
                symbols[write] = symbols[read]
                write += 1
                read += 1
                continue
            }
            if write > start {
                let before = symbols[write - 1]
                count(before, best.left, by: -frequency, in: Int32(word))
                grown[count(before, id, by: frequency, in: Int32(word))] = (before, id)
            }
            if read + 2 < end {
                let after = symbols[read + 2]
                count(best.right, after, by: -frequency, in: Int32(word))
                // Where the pair stands twice in a row, the next turn counts the two merged tokens as neighbours.
                grown[count(id, after, by: frequency, in: Int32(word))] = (id, after)
            }
            symbols[write] = id
            write += 1
            read += 2
        }
        lengths[word] = write - start
    }
}

/// A pair in the queue with the count it had when it was put there.
private struct Candidate: Comparable {
    let count: Int
    let leftBytes: [UInt8]
    let rightBytes: [UInt8]
    let left: Int32
    let right: Int32
    let place: Int

    static func == (first: Candidate, second: Candidate) -> Bool {
        first.count == second.count && first.left == second.left && first.right == second.right
    }

    static func < (first: Candidate, second: Candidate) -> Bool {
        if first.count != second.count { return first.count < second.count }
        if first.left != second.left { return first.leftBytes.lexicographicallyPrecedes(second.leftBytes) }
        return first.rightBytes.lexicographicallyPrecedes(second.rightBytes)
    }
}
