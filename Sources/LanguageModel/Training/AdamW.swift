public import Foundation
internal import Kernels

/// Which tensors decay.
public enum DecayRule: String, Sendable, Codable, CaseIterable {
    case all
    /// Tensors with two dimensions: no norms, no biases.
    case matrices
    case none
}

public struct AdamWSettings: Sendable, Codable, Equatable {
    public var learningRate: Float
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    public var weightDecay: Float
    public var decay: DecayRule
    /// Gradients are scaled down to this global norm; nil leaves them.
    public var clipNorm: Float?

    public init(
        learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-8,
        weightDecay: Float = 0.1, decay: DecayRule = .matrices, clipNorm: Float? = 1
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decay = decay
        self.clipNorm = clipNorm
    }
}

/// Adam with decoupled weight decay and clipping by the global norm: one loop over the flat buffers of what is trained.
/// Source: Loshchilov and Hutter 2019, algorithm 2.
public final class AdamW {
    public let settings: AdamWSettings
    /// Updates made so far.
    public private(set) var stepCount = 0
    private let first: FloatBuffer
    private let second: FloatBuffer
    private let chunks: [Chunk]

    private struct Chunk: Sendable {
        let offset: Int
        let count: Int
        let decays: Bool
    }
    private static let chunkSize = 1 << 15

    public convenience init(model: Transformer, settings: AdamWSettings) {
        self.init(table: model.trainedTable, settings: settings)
    }

    /// For tensors that lie in a buffer of their own.
    public init(table: ParameterTable, settings: AdamWSettings) {
        self.settings = settings
        first = FloatBuffer(count: table.count)
        second = FloatBuffer(count: table.count)
        chunks = table.entries.flatMap { entry in
            let decays = settings.decay == .all || settings.decay == .matrices && entry.shape.count > 1
            return stride(from: 0, to: entry.count, by: Self.chunkSize).map {
                Chunk(offset: entry.offset + $0, count: min(Self.chunkSize, entry.count - $0), decays: decays)
            }
        }
    }

    /// Numbers that each of the two moments has.
    package var momentCount: Int { first.count }

    /// Length of the gradient vector; chunk sums are added in order, so the bits hang on no thread.
    public func gradientNorm(_ gradients: FloatBuffer, pool: WorkerPool) -> Double {
        let partial = DoubleBuffer(count: chunks.count)
        pool.run(chunks.count) { index in
            unsafe partial.base[index] = KernelSet.best.table.pointee.sum_of_squares(
                Int64(chunks[index].count), gradients.base + chunks[index].offset)
        }
        return partial.sum.squareRoot()
    }

    /// One update of what the model trains, its parameters or its tuning's; as `step(_:gradients:)` on their buffer.
    @discardableResult
    public func step(
        _ model: Transformer, gradients: FloatBuffer, learningRate: Float? = nil, pool: WorkerPool
    ) throws(EngineError) -> Double {
        let norm = try step(
            model.trainedParameters, gradients: gradients, learningRate: learningRate, pool: pool)
        model.publishTrained()
        return norm
    }

    /// One update of parameters that lie as the table says.
    /// - Parameter learningRate: nil takes the settings'.
    /// - Returns: the gradients' norm before clipping.
    /// - Throws: `EngineError.notFinite` when the norm is infinite or not a number; nothing is changed then.
    @discardableResult
    public func step(
        _ parameters: FloatBuffer, gradients: FloatBuffer, learningRate: Float? = nil, pool: WorkerPool
    ) throws(EngineError) -> Double {
        precondition(parameters.count == first.count && gradients.count == first.count, "buffers of another model")
        let norm = gradientNorm(gradients, pool: pool)
        guard norm.isFinite else { throw .notFinite("the gradient's norm") }
        stepCount += 1
        // PyTorch's clip_grad_norm_ divides by norm + 1e-6.
        let clip = settings.clipNorm.map { min(1, Double($0) / (norm + 1e-6)) } ?? 1
        let rate = learningRate ?? settings.learningRate
        let correction1 = 1 - pow(Double(settings.beta1), Double(stepCount))
        let correction2 = 1 - pow(Double(settings.beta2), Double(stepCount))
        pool.run(chunks.count) { index in
            let chunk = chunks[index]
            var update = plumb_adamw(
                learning_rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
                weight_decay: chunk.decays ? settings.weightDecay : 0, gradient_scale: Float(clip),
                correction1: Float(correction1), correction2: Float(correction2))
            unsafe KernelSet.best.table.pointee.adamw(
                Int64(chunk.count), &update, parameters.base + chunk.offset, gradients.base + chunk.offset,
                first.base + chunk.offset, second.base + chunk.offset)
        }
        return norm
    }

    /// Writes the moments and the step count, for an exact resume.
    public func save(to file: URL) throws(CheckpointError) {
        let tensors = [("first_moment", first), ("second_moment", second)].map {
            SafetensorsWriter.Tensor(name: $0, shape: [$1.count], buffer: $1)
        }
        let step = SafetensorsWriter.Tensor(name: "step.\(stepCount)", shape: [0], buffer: first)
        try AtomicFile.write(to: file) { handle in
            try SafetensorsWriter.write(tensors + [step], metadata: [:], to: handle)
        }
    }

    /// Reads what `save` wrote for a model of the same layout.
    public func load(from file: URL) throws(CheckpointError) {
        let stored = try SafetensorsFile(file)
        let steps = stored.names.compactMap { $0.hasPrefix("step.") ? Int($0.dropFirst(5)) : nil }
        guard steps.count == 1, steps[0] >= 0 else {
            throw .malformed(file: file.path, reason: "it does not say how many steps were made")
        }
        for (name, buffer) in [("first_moment", first), ("second_moment", second)] {
            let shape = try stored.shape(name)
            guard shape == [buffer.count] else {
                throw .wrongShape(file: file.path, name: name, expected: [buffer.count], found: shape)
            }
            try stored.read(name, into: buffer, at: 0)
        }
        stepCount = steps[0]
    }
}

/// Partial sums in double precision.
@safe private final class DoubleBuffer: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutablePointer<Double>
    init(count: Int) {
        self.count = count
        unsafe base = .allocate(capacity: max(1, count))
        unsafe base.initialize(repeating: 0, count: max(1, count))
    }
    deinit { unsafe base.deallocate() }
    var sum: Double { (0..<count).reduce(0) { unsafe $0 + base[$1] } }
}
