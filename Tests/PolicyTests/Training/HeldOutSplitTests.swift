import Policy
import Testing

@Suite struct HeldOutSplitTests {
    @Test func `sources are whole on one side, and together they are all`() {
        let sizes = (0..<50).map { 1 + $0 % 7 }
        let split = HeldOutSplit(sizes: sizes, share: 0.2, limit: 1000, seed: 3)
        #expect((split.heldOut + split.training).sorted() == Array(0..<50))
        let held = split.heldOut.reduce(0) { $0 + sizes[$1] }
        let wanted = sizes.reduce(0, +) / 5
        #expect(held >= wanted && held < wanted + 7)
    }

    @Test func `the limit counts examples, and at least one source is trained on`() {
        #expect(HeldOutSplit(sizes: [4, 4, 4, 4], share: 0.9, limit: 5, seed: 1).heldOut.count == 2)
        #expect(HeldOutSplit(sizes: [40], share: 0.5, limit: 100, seed: 1).training == [0])
        #expect(HeldOutSplit(sizes: [1, 100], share: 0.89, limit: 100, seed: 1).training.count == 1)
        #expect(HeldOutSplit(sizes: [3, 3], share: 0, limit: 100, seed: 1).heldOut.isEmpty)
    }

    @Test func `the cut depends on the seed alone`() {
        let sizes = [Int](repeating: 2, count: 100)
        let first = HeldOutSplit(sizes: sizes, share: 0.1, limit: 100, seed: 7)
        #expect(first.heldOut == HeldOutSplit(sizes: sizes, share: 0.1, limit: 100, seed: 7).heldOut)
        #expect(first.heldOut != HeldOutSplit(sizes: sizes, share: 0.1, limit: 100, seed: 8).heldOut)
    }
}
