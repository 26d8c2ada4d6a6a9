import Policy
import Testing

@Suite struct HeldOutSplitTests {
    private func keys(_ count: Int) -> [String] { (0..<count).map { "prompt \($0)" } }

    /// The keys that are held out.
    private func heldOut(
        _ keys: [String], share: Double = 0.05, limit: Int = 1000, of kind: HeldOutSplit.Kind = .prompts
    ) -> Set<String> {
        let split = HeldOutSplit(keys: keys, sizes: keys.map { _ in 1 }, share: share, limit: limit, of: kind)
        return Set(split.heldOut.map { keys[$0] })
    }

    @Test func `sources are whole on one side, together they are all, and the share of them is held out`() {
        let keys = keys(2000)
        let split = HeldOutSplit(
            keys: keys, sizes: keys.indices.map { 1 + $0 % 7 }, share: 0.05, limit: 100_000, of: .prompts)
        #expect((split.heldOut + split.training).sorted() == Array(0..<2000))
        #expect(split.training == split.training.sorted())
        // 100 with a deviation of 10.
        #expect((60...140).contains(split.heldOut.count))
        #expect(split.note == nil)
    }

    @Test func `the same keys are held out in any order, among whatever others`() {
        let some = keys(300)
        let found = heldOut(some)
        #expect(heldOut(some.reversed()) == found)
        #expect(heldOut(some + (0..<300).map { "other \($0)" }).isSuperset(of: found))
        // What reward models hold out by the same share of the same prompts.
        #expect(heldOut(some, share: 0.2).isSuperset(of: found))
    }

    @Test func `what was learnt is not held out once there is more`() {
        let all = keys(400)
        var before = heldOut(Array(all[..<20]))
        for count in 21...400 {
            let now = heldOut(Array(all[..<count]))
            #expect(now.subtracting(before).isSubset(of: [all[count - 1]]), "\(count)")
            before = now
        }
    }

    @Test func `of twenty prompts three are held out at least, of fewer none, and words say why`() throws {
        #expect(heldOut(keys(20), share: 1e-9).count == 3)
        #expect(heldOut(keys(19), share: 0.5).isEmpty)
        let few = HeldOutSplit(keys: keys(19), sizes: keys(19).map { _ in 5 }, share: 0.05, limit: 256, of: .prompts)
        #expect(few.training == Array(0..<19))
        #expect(try #require(few.note).contains("19 different prompts are too few to spare any (20 are needed)"))
        let unasked = HeldOutSplit(keys: keys(50), sizes: keys(50).map { _ in 5 }, share: 0, limit: 256, of: .prompts)
        #expect(unasked.heldOut.isEmpty)
        #expect(try #require(unasked.note).contains("held_out_share is 0"))
    }

    @Test func `of a corpus at least one document is held out where the share asks for one`() throws {
        #expect(!heldOut(keys(100), share: 0.01, of: .documents).isEmpty)
        let few = HeldOutSplit(keys: keys(99), sizes: keys(99).map { _ in 1 }, share: 0.01, limit: 256, of: .documents)
        #expect(few.heldOut.isEmpty)
        #expect(try #require(few.note).contains("99 different documents are too few for a share of 0.01"))
        // No number of documents is enough for such a share, and none is an overflow.
        #expect(heldOut(keys(99), share: 1e-300, of: .documents).isEmpty)
    }

    @Test func `the limit counts examples, and at least one source is trained on`() throws {
        let keys = keys(1000)
        let limited = HeldOutSplit(keys: keys, sizes: keys.map { _ in 4 }, share: 0.5, limit: 10, of: .prompts)
        #expect(limited.heldOut.count == 3)
        let most = heldOut(keys, share: 0.5)
        #expect(limited.heldOut.allSatisfy { most.contains(keys[$0]) })
        let none = HeldOutSplit(keys: keys, sizes: keys.map { _ in 4 }, share: 0.5, limit: 0, of: .prompts)
        #expect(try #require(none.note).contains("held_out_limit is 0"))
        let pair = HeldOutSplit(keys: ["a", "b"], sizes: [9, 9], share: 0.89, limit: 99, of: .documents)
        #expect(pair.training.count == 1)
    }
}
