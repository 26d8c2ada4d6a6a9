internal import Kernels

/// How the matrices of a frozen model are held while something beside them is tuned.
/// Source: Dettmers et al. 2023 ("QLoRA"), §3.
public struct FrozenWeights: Sendable, Equatable {
    public enum Precision: String, Sendable, Codable, CaseIterable {
        /// 8 bits, 64 weights sharing their largest magnitude as scale.
        case int8
        /// 4 bits, quantiles of the normal distribution, scales alike.
        case nf4
    }
    public var precision: Precision
    /// Scales in 8 bits too, 256 sharing a step: half a bit less for each weight.
    public var doubleQuantised: Bool

    public init(precision: Precision, doubleQuantised: Bool = false) {
        self.precision = precision
        self.doubleQuantised = doubleQuantised
    }
}

/// The matrices of all layers, rounded block by block; read back a stretch at a time.
final class QuantisedMatrices: Sendable {
    let settings: FrozenWeights
    private let configuration: ModelConfiguration
    /// By layer and matrix.
    private let matrices: [[Matrix]]

    private final class Matrix: Sendable {
        let codes: ByteBuffer
        /// The scales themselves, or steps of rounded ones.
        let scales: FloatBuffer
        let scaleCodes: ByteBuffer?
        let scaleMean: Float

        init(codes: ByteBuffer, scales: FloatBuffer, scaleCodes: ByteBuffer?, scaleMean: Float) {
            self.codes = codes
            self.scales = scales
            self.scaleCodes = scaleCodes
            self.scaleMean = scaleMean
        }
    }

    /// - Parameter values: fills the buffer with a layer's whole matrix, in the engine's order.
    init<Failure: Error>(
        _ configuration: ModelConfiguration, _ settings: FrozenWeights, pool: WorkerPool,
        values: (_ layer: Int, _ matrix: LayerMatrix, _ buffer: FloatBuffer) throws(Failure) -> Void
    ) throws(Failure) {
        self.configuration = configuration
        self.settings = settings
        var matrices: [[Matrix]] = []
        for layer in 0..<configuration.layers {
            var own: [Matrix] = []
            for matrix in LayerMatrix.allCases {
                let (inputs, outputs) = matrix.shape(configuration)
                let buffer = FloatBuffer(count: inputs * outputs)
                try values(layer, matrix, buffer)
                own.append(Self.rounded(buffer, settings, pool))
            }
            matrices.append(own)
        }
        self.matrices = matrices
    }

    private static func rounded(_ values: FloatBuffer, _ settings: FrozenWeights, _ pool: WorkerPool) -> Matrix {
        let count = values.count
        let block = Int(PLUMB_BLOCK)
        let blocks = (count + block - 1) / block
        let isByte = settings.precision == .int8
        let codes = ByteBuffer(zeros: isByte ? count : (count + 1) / 2)
        let scales = FloatBuffer(count: blocks)
        unsafe plumb_block_scales(Int64(count), values.base, scales.base)
        var mean: Float = 0
        var scaleCodes: ByteBuffer?
        var kept = scales
        if settings.doubleQuantised { (kept, scaleCodes, mean) = rounded(scales) }
        // Weights are rounded with the scales that they will be read with.
        let share = 1024 * block
        pool.run((count + share - 1) / share) { task in
            let part = task * share..<min(count, (task + 1) * share)
            unsafe plumb_quantise_blocks(
                isByte ? PLUMB_LEVELS_256 : PLUMB_LEVELS_16, Int64(part.count), values.base + part.lowerBound,
                scales.base + part.lowerBound / block,
                (codes.base + (isByte ? part.lowerBound : part.lowerBound / 2)).assumingMemoryBound(to: UInt8.self))
        }
        return Matrix(codes: codes, scales: kept, scaleCodes: scaleCodes, scaleMean: mean)
    }

    /// Scales as their mean and steps from it; `scales` become what will be read.
    private static func rounded(_ scales: FloatBuffer) -> (steps: FloatBuffer, codes: ByteBuffer, mean: Float) {
        let all = scales.array(0..<scales.count)
        let mean = Float(all.reduce(0.0) { $0 + Double($1) } / Double(max(1, all.count)))
        let size = Int(PLUMB_SCALE_BLOCK)
        let steps = FloatBuffer(count: (all.count + size - 1) / size)
        let codes = ByteBuffer(zeros: all.count)
        for first in stride(from: 0, to: all.count, by: size) {
            let part = first..<min(all.count, first + size)
            let step = (all[part].map { abs($0 - mean) }.max() ?? 0) / 127
            steps[first / size] = step
            for index in part {
                let code = step > 0 ? Int8(max(-127, min(127, ((all[index] - mean) / step).rounded()))) : 0
                unsafe codes.base.storeBytes(of: code, toByteOffset: index, as: Int8.self)
                scales[index] = mean + step * Float(code)
            }
        }
        return (steps, codes, mean)
    }

    /// Elements of a layer's matrix as floats.
    func read(_ matrix: LayerMatrix, ofLayer layer: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>)
    {
        let place = matrix.place
        let held = matrices[layer][place]
        var blocks = unsafe plumb_blocks(
            count: settings.precision == .int8 ? PLUMB_LEVELS_256 : PLUMB_LEVELS_16,
            codes: held.codes.base.assumingMemoryBound(to: UInt8.self),
            scales: held.scaleCodes == nil ? UnsafePointer(held.scales.base) : nil,
            scale_codes: held.scaleCodes.map { unsafe UnsafePointer($0.base.assumingMemoryBound(to: Int8.self)) },
            scale_steps: held.scaleCodes == nil ? nil : UnsafePointer(held.scales.base), scale_mean: held.scaleMean)
        unsafe plumb_dequantise_blocks(&blocks, Int64(range.lowerBound), Int64(range.count), target)
    }

    /// A layer's whole matrix, on several threads.
    func read(_ matrix: LayerMatrix, ofLayer layer: Int, into target: FloatBuffer, _ pool: WorkerPool) {
        let (inputs, outputs) = matrix.shape(configuration)
        let share = 1 << 17
        pool.run((inputs * outputs + share - 1) / share) { task in
            let part = task * share..<min(inputs * outputs, (task + 1) * share)
            unsafe read(matrix, ofLayer: layer, part, into: target.base + part.lowerBound)
        }
    }

    /// Bytes held.
    var byteCount: Int {
        matrices.joined().reduce(0) { $0 + $1.codes.count + 4 * $1.scales.count + ($1.scaleCodes?.count ?? 0) }
    }
}

/// Whole matrices of one layer as floats, while a pass works on it.
final class DequantisedLayer {
    private let buffers: [FloatBuffer]

    init(_ c: ModelConfiguration) {
        buffers = LayerMatrix.allCases.map { FloatBuffer(count: $0.shape(c).inputs * $0.shape(c).outputs) }
    }

    subscript(matrix: LayerMatrix) -> FloatBuffer { buffers[matrix.place] }
}

extension LayerMatrix {
    /// Its place among all.
    var place: Int {
        switch self {
        case .qkv: 0
        case .output: 1
        case .inner: 2
        case .down: 3
        }
    }
}
