/// What learners that work in turn share: the memory of their passes, and one buffer of gradients.
public final class LearningMemory {
    public let passes = PassArena()
    private var slab = FloatBuffer(count: 0)
    private var largest = 0
    private var turns = 0

    public init() {}

    /// Gradients of one learner, until another takes its turn.
    public struct Gradients {
        public let values: FloatBuffer
        fileprivate let turn: Int
    }

    /// Says how many gradients a learner has, before any takes a turn: the buffer fits the largest.
    public func reserve(gradients count: Int) { largest = max(largest, count) }

    /// So many gradients, all zero; who had the buffer before has it no more.
    public func takeGradients(_ count: Int, zeroedOn pool: WorkerPool) -> Gradients {
        reserve(gradients: count)
        turns += 1
        // All zero as it comes.
        if slab.count < largest {
            slab = FloatBuffer(count: largest)
            return Gradients(values: FloatBuffer(part: 0..<count, of: slab), turn: turns)
        }
        let values = FloatBuffer(part: 0..<count, of: slab)
        values.zero(on: pool)
        return Gradients(values: values, turn: turns)
    }

    /// Whether nobody has taken the buffer since.
    public func areCurrent(_ gradients: Gradients) -> Bool { gradients.turn == turns }
}
