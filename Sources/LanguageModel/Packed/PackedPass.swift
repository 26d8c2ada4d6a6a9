internal import Kernels

/// The packed pass: several groups in one sequence, where a response's token sees its prompt and its own response only,
/// and counts its position on from the prompt. The same numbers as one sequence a response, with the prompt computed
/// once; attention does prompt² + Σ responseₖ · (prompt + responseₖ) work.
///
/// Order of calls: `forward`, any of the head functions, `backward`. Not for use from two threads at once.
public final class PackedPass {
    public let model: Transformer
    public let pool: WorkerPool
    /// Of the last `forward`.
    public private(set) var layout: PackedLayout
    /// Query-key pairs that the attention kernel computed in one layer and head, counted by its loops.
    public internal(set) var attentionPairs = 0

    let kernels: KernelSet
    let keepsActivations: Bool
    /// How matrix products are computed.
    public let products: ProductPrecision
    /// Which inputs of low-rank products are left out, where their settings ask for it; nil for scoring.
    public var dropout: DropoutMask?
    let operands: PassOperands
    private let arena: PassArena
    private var storedMemory: PassMemory?
    /// What the memory is cut from.
    private var slab: FloatBuffer?
    private var rotary: RotaryTable?
    /// By worker: for attention, and for weight gradients.
    var scratch: [FloatBuffer] = []
    let productScratch: [FloatBuffer]
    private(set) var tokens = IndexBuffer([])
    private(set) var positions = IndexBuffer([])
    /// Tokens of each response, group after group, and where each group's start.
    private(set) var lengths = IndexBuffer([])
    private(set) var lengthStarts: [Int] = []
    private var ranForward = false

    /// - Parameters:
    ///   - keepsActivations: false for scoring only: less memory, no backward.
    ///   - products: bf16 for training steps that can do with rounded products.
    ///   - arena: memory that other passes use in turn; the numbers of this one are gone when another runs forward.
    public convenience init(
        model: Transformer, pool: WorkerPool, keepsActivations: Bool = true, products: ProductPrecision = .float32,
        arena: PassArena = PassArena()
    ) {
        self.init(
            model: model, pool: pool, keepsActivations: keepsActivations, products: products, arena: arena,
            kernels: .best)
    }

    package init(
        model: Transformer, pool: WorkerPool, keepsActivations: Bool, products: ProductPrecision = .float32,
        arena: PassArena = PassArena(), kernels: KernelSet
    ) {
        self.model = model
        self.arena = arena
        operands = PassOperands(model, keepsActivations: keepsActivations)
        self.pool = pool
        self.keepsActivations = keepsActivations
        self.products = products
        self.kernels = kernels
        let count = keepsActivations ? Int(plumb_product_scratch(Int64(Self.headTile))) : 0
        productScratch = (0..<pool.threads).map { _ in FloatBuffer(count: count) }
        layout = .empty
    }

    /// Runs the trunk over all groups, up to the last norm.
    /// - Throws: `EngineError` for an empty pass, group or response, ids outside the vocabulary, too many positions.
    public func forward(_ groups: [TokenGroup]) throws(EngineError) {
        layout = try PackedLayout(groups, model.configuration, promptVectors: model.tuning?.promptVectorCount ?? 0)
        tokens = IndexBuffer(layout.tokens)
        positions = IndexBuffer(layout.positions)
        lengthStarts = []
        var all: [Int32] = []
        for group in groups {
            lengthStarts.append(all.count)
            all += group.responses.map { Int32($0.count) }
        }
        lengths = IndexBuffer(all)
        prepareMemory(longest: layout.longestSequence)
        runForward()
        memory.backward?.hidden.zero()
        ranForward = true
    }

    /// Trunk backward from everything that head functions added since `forward`. Adds into `gradients`, so several
    /// passes accumulate; zero them before the first.
    public func backward(into gradients: FloatBuffer) {
        precondition(keepsActivations, "this pass was made for scoring: keepsActivations is false")
        precondition(gradients.count == model.trainedTable.count, "gradients of another model")
        requireForward()
        runBackward(into: gradients)
        ranForward = false
    }

    /// Hidden states after the last norm, `[rows.count, width]`.
    public func hiddenStates(atRows rows: [Int]) -> [Float] {
        requireForward()
        let width = model.configuration.width
        return rows.flatMap { memory.hidden.array($0 * width..<($0 + 1) * width) }
    }

    /// Adds dLoss/dhidden `[rows.count, width]` at rows, for `backward`.
    public func addHiddenGradients(_ gradients: [Float], atRows rows: [Int]) {
        requireForward()
        let width = model.configuration.width
        precondition(gradients.count == rows.count * width, "\(gradients.count) values for \(rows.count) rows")
        for (index, row) in rows.enumerated() {
            for column in 0..<width { backwardMemory.hidden[row * width + column] += gradients[index * width + column] }
        }
    }

    /// score.weight · hidden at each row; the model's head must be scalar.
    public func scores(atRows rows: [Int]) -> [Float] {
        requireForward()
        let weight = scoreWeight
        let width = model.configuration.width
        return rows.map { row in
            let state = memory.hidden.array(row * width..<(row + 1) * width)
            return Float(zip(state, weight).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
        }
    }

    /// Backward of `scores`: adds the gradient of score.weight into `gradients` and keeps that of the states for
    /// `backward`.
    public func scoreBackward(_ scoreGradients: [Float], atRows rows: [Int], into gradients: FloatBuffer) {
        precondition(scoreGradients.count == rows.count, "\(scoreGradients.count) gradients for \(rows.count) rows")
        requireForward()
        let weight = scoreWeight
        let width = model.configuration.width
        for (slope, row) in zip(scoreGradients, rows) {
            for column in 0..<width {
                if model.tuning == nil {
                    gradients[model.offsets.head + column] += slope * memory.hidden[row * width + column]
                }
                backwardMemory.hidden[row * width + column] += slope * weight[column]
            }
        }
    }

    private var scoreWeight: [Float] {
        precondition(model.configuration.head == .scalar, "the model has no scalar head")
        let start = model.offsets.head
        return model.parameters.array(start..<start + model.configuration.width)
    }

    var memory: PassMemory {
        guard let storedMemory else { preconditionFailure("forward comes first") }
        return storedMemory
    }

    var backwardMemory: BackwardMemory {
        guard let backward = memory.backward else {
            preconditionFailure("this pass was made for scoring: keepsActivations is false")
        }
        return backward
    }

    var rotaryTable: RotaryTable? { rotary }

    func requireForward() {
        precondition(ranForward, "forward comes first, and backward or another pass of the arena ends it")
    }

    /// Another pass uses the arena now.
    func dropMemory() {
        storedMemory = nil
        slab = nil
        ranForward = false
    }

    private func takeMemory() {
        let headRows = model.configuration.head == .languageModel ? min(blockRows, layout.tokenCount) : 0
        func cut(_ carving: inout Carving) -> PassMemory {
            PassMemory(
                model, operands, rows: layout.tokenCount, headRows: headRows, keepsActivations: keepsActivations,
                products: products, threads: pool.threads, &carving)
        }
        var counting = Carving(nil)
        _ = cut(&counting)
        let slab = arena.lend(counting.extent, to: self)
        var carving = Carving(slab)
        storedMemory = cut(&carving)
        self.slab = slab
    }

    /// Memory for a block of rows of the head, in its place in the arena.
    func headMemory(rows: Int) -> HeadMemory {
        var carving = Carving(slab, from: memory.headStart)
        return HeadMemory(
            model.configuration, rows: rows, products: products, hasBackward: keepsActivations,
            threads: pool.threads, &carving)
    }

    private func prepareMemory(longest: Int) {
        let c = model.configuration
        ranForward = false
        if !arena.isHeld(by: self) || (storedMemory?.rows ?? 0) < layout.tokenCount { takeMemory() }
        if case .rotary(let settings) = c.positions, (rotary?.positions ?? 0) < longest {
            rotary = RotaryTable(settings, positions: min(c.contextLength, max(longest, 2 * (rotary?.positions ?? 32))))
        }
        let needed = attentionScratch(keys: longest)
        if (scratch.first?.count ?? 0) < needed {
            scratch = (0..<pool.threads).map { _ in FloatBuffer(count: needed) }
        }
    }
}

extension PackedLayout {
    /// Before the first forward.
    static let empty = PackedLayout()

    private init() {
        self.init(tokenCount: 0, prompts: [], responses: [], tokens: [], positions: [])
    }
}
