import Foundation
import LanguageModel
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 4]) func everyChunkRunsExactlyOnce(threads: Int) {
        let pool = WorkerPool(threads: threads)
        for count in [0, 1, 2, 3, 17, 200] {
            for _ in 0..<50 {
                let calls = Mutex([Int](repeating: 0, count: count))
                pool.run(count) { chunk in calls.withLock { $0[chunk] += 1 } }
                #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
            }
        }
    }

    private final class Tally: Sendable {
        let value = Mutex(0)
    }

    @Test func callersOnSeveralThreadsTakeTurns() async {
        let pool = WorkerPool(threads: 3)
        let total = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await withCheckedContinuation { done in
                        Thread {
                            for _ in 0..<100 { pool.run(7) { chunk in total.value.withLock { $0 += chunk } } }
                            done.resume()
                        }.start()
                    }
                }
            }
        }
        #expect(total.value.withLock { $0 } == 4 * 100 * 21)
    }

    @Test func aSecondFloatBufferHashesAlikeOnlyWithEqualFloats() {
        let one = FloatBuffer(count: 5)
        let two = FloatBuffer(count: 5)
        #expect(one.sha256 == two.sha256)
        two[3] = 1
        #expect(one.sha256 != two.sha256)
        one.copy(from: two)
        #expect(one.array(0..<5) == [0, 0, 0, 1, 0])
        #expect(one.firstNotFinite == nil)
        one[4] = -.infinity
        #expect(one.firstNotFinite == 4)
        one.zero()
        #expect(one.array(0..<5) == [0, 0, 0, 0, 0])
    }
}
