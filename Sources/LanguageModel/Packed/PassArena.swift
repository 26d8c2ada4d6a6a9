/// Memory that several passes use in turn: what one has computed is gone when another begins.
///
/// Models that are scored or trained one after the other need the memory of the largest pass alone.
public final class PassArena {
    private var slab = FloatBuffer(count: 0)
    private weak var holder: PackedPass?

    public init() {}

    /// Gives the memory back to the system. The pass that had it begins with `forward` again.
    public func release() {
        holder?.dropMemory()
        holder = nil
        slab = FloatBuffer(count: 0)
    }

    func isHeld(by pass: PackedPass) -> Bool { holder === pass }

    /// Memory of at least so many floats with anything in it; who had it before has it no more.
    func lend(_ floats: Int, to pass: PackedPass) -> FloatBuffer {
        holder?.dropMemory()
        holder = pass
        if slab.count < floats {
            slab = FloatBuffer(count: 0)
            slab = FloatBuffer(count: floats)
        }
        return slab
    }

    /// Writes a value everywhere, so that a test sees what reads memory that it has not written.
    package func fill(_ value: Float, floats: Int) {
        release()
        slab = FloatBuffer(count: floats)
        unsafe slab.base.update(repeating: value, count: floats)
    }
}

/// Cuts a slab into buffers one after the other; without a slab it counts what they take.
struct Carving {
    private let slab: FloatBuffer?
    /// Where the next buffer begins.
    private(set) var next: Int
    /// Floats up to the furthest end of a buffer.
    private(set) var extent: Int

    init(_ slab: FloatBuffer?, from start: Int = 0) {
        self.slab = slab
        (next, extent) = (start, start)
    }

    /// The next `count` floats, from a 64-byte boundary on.
    mutating func floats(_ count: Int) -> FloatBuffer {
        let start = next
        next += (count + 15) / 16 * 16
        extent = max(extent, next)
        return slab.map { FloatBuffer(part: start..<start + count, of: $0) } ?? FloatBuffer(count: 0)
    }

    /// The next buffer begins at an earlier place: it shares memory with what was cut from there on.
    mutating func goBack(to place: Int) { next = place }
}
