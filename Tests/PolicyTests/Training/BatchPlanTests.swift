import Policy
import Testing

@Suite struct BatchPlanTests {
    private let sizes = (0..<57).map { 5 + ($0 * 37) % 60 }

    @Test func `an epoch learns from every example exactly once`() {
        for epoch in 0..<3 {
            let batches = BatchPlan.batches(sizes: sizes, tokensPerStep: 200, seed: 7, epoch: epoch)
            #expect(batches.flatMap { $0 }.sorted() == Array(0..<57))
        }
    }

    @Test func `only the last step may be larger than the token budget`() {
        let batches = BatchPlan.batches(sizes: sizes, tokensPerStep: 200, seed: 7, epoch: 0)
        for batch in batches.dropLast() { #expect(batch.reduce(0) { $0 + sizes[$1] } <= 200) }
        #expect(batches.last.map { $0.reduce(0) { $0 + sizes[$1] } >= 100 } == true)
    }

    @Test func `epochs differ in their order and a seed repeats itself`() {
        func epoch(_ number: Int, seed: UInt64) -> [[Int]] {
            BatchPlan.batches(sizes: sizes, tokensPerStep: 200, seed: seed, epoch: number)
        }
        #expect(epoch(0, seed: 7) == epoch(0, seed: 7))
        #expect(epoch(0, seed: 7) != epoch(1, seed: 7))
        #expect(epoch(0, seed: 7) != epoch(0, seed: 8))
    }

    @Test func `a plan that starts in the middle goes on as the whole one does`() {
        var whole = BatchPlan(sizes: sizes, tokensPerStep: 200, seed: 3, epochs: 3, steps: nil)
        let all = (0..<whole.totalSteps).map { whole.batch(step: $0) }
        #expect(all.flatMap { $0 }.count == 3 * 57)
        var resumed = BatchPlan(sizes: sizes, tokensPerStep: 200, seed: 3, epochs: 3, steps: nil)
        let middle = whole.totalSteps / 2
        #expect((middle..<whole.totalSteps).map { resumed.batch(step: $0) } == Array(all[middle...]))
    }

    @Test func `an example larger than the budget is a step of its own`() {
        let batches = BatchPlan.batches(sizes: [500, 10, 500], tokensPerStep: 100, seed: 1, epoch: 0)
        #expect(batches.flatMap { $0 }.sorted() == [0, 1, 2])
        #expect(batches.filter { $0.contains(0) }.allSatisfy { $0 == [0] || $0.count == 2 })
    }
}
