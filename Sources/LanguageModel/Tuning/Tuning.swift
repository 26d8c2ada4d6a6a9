internal import Foundation
internal import SeededRandom

/// The numbers that tuning trains, in a flat buffer of their own beside a model that stays as it is.
///
/// Made with what it adds equal to zero, so that a tuned model begins as the model itself (prompt vectors begin as
/// embeddings of tokens).
public final class Tuning: Sendable {
    public let method: TuningMethod
    /// Names as PEFT's files have them, without the prefix; a subset of layers has the model's own.
    public let table: ParameterTable
    public let parameters: FloatBuffer
    let offsets: TuningOffsets
    let configuration: ModelConfiguration

    /// - Parameter layout: what the model's `tuningLayout` says of the method.
    init(_ method: TuningMethod, _ layout: TuningLayout, for model: Transformer, seed: UInt64) {
        self.method = method
        configuration = model.configuration
        table = layout.table
        offsets = layout.offsets
        parameters = FloatBuffer(count: table.count)
        begin(model, seed: seed)
    }

    init(
        _ method: TuningMethod, _ configuration: ModelConfiguration, table: ParameterTable, parameters: FloatBuffer,
        offsets: TuningOffsets
    ) {
        self.method = method
        self.configuration = configuration
        self.table = table
        self.parameters = parameters
        self.offsets = offsets
    }

    /// Values before the first step; each tensor has a random stream of its own.
    private func begin(_ model: Transformer, seed: UInt64) {
        for (stream, entry) in table.entries.enumerated() {
            var random = SplitMix64(seed: seed, stream: UInt64(stream))
            switch method {
            case .lowRank:
                // PyTorch's initial values of a linear module, as PEFT has them; B stays zero.
                guard entry.name.hasSuffix(".lora_A.weight") else { continue }
                let bound = 1 / Double(entry.shape[1]).squareRoot()
                parameters.store(
                    (0..<entry.count).map { _ in Float((2 * random.nextUnit() - 1) * bound) }, at: entry.offset)
            case .bottleneck:
                guard entry.name.hasSuffix(".down.weight") else { continue }
                parameters.store(Transformer.normals(entry.count, deviation: 0.02, &random), at: entry.offset)
            case .promptVectors(let settings):
                // Embeddings of tokens drawn at random (Lester et al. 2021, §3.2: sampled vocabulary).
                let width = model.configuration.width
                for index in 0..<settings.count {
                    let token = random.nextIndex(below: model.configuration.vocabularySize)
                    let start = model.offsets.embedding + token * width
                    parameters.store(model.parameters.array(start..<start + width), at: entry.offset + index * width)
                }
            case .layers:
                guard let own = model.table[entry.name] else { continue }
                parameters.store(model.parameters.array(own.range), at: entry.offset)
            }
        }
    }

    /// Vectors before every prompt.
    var promptVectorCount: Int {
        if case .promptVectors(let settings) = method { settings.count } else { 0 }
    }

    /// Share of inputs that low-rank products leave out while training.
    var dropout: Double { if case .lowRank(let settings) = method { settings.dropout } else { 0 } }
}

/// Where everything starts in a tuning's buffer.
struct TuningOffsets: Sendable {
    /// A low-rank product beside some outputs of a joint matrix.
    struct LowRank: Sendable {
        let module: LinearModule
        let layer: Int
        let inputs: Int
        /// A `[rank, inputs]`.
        let a: Int
        /// B `[outputs, rank]`.
        let b: Int
        /// Order of B's rows in files.
        let arrangement: ParameterTable.Arrangement
        /// Its place among all products.
        let index: Int
    }
    struct Bottleneck: Sendable {
        /// `[middle, width]`, `[middle]`, `[width, middle]`, `[width]`.
        var down = 0
        var downBias = 0
        var up = 0
        var upBias = 0
    }

    var rank = 0
    /// By layer.
    var lowRank: [[LowRank]] = []
    /// By layer: after attention and after the feed-forward; empty where there are none.
    var bottlenecks: [[Bottleneck]] = []
    var promptVectors: Int?
    /// By layer: that layer's tensors; nil where it stays.
    var layers: [LayerOffsets?] = []
}

/// Lays out what a method trains.
struct TuningLayout {
    private var entries: [ParameterTable.Entry] = []
    private var cursor = 0
    private(set) var offsets = TuningOffsets()

    var table: ParameterTable { ParameterTable(entries: entries, count: (cursor + 15) / 16 * 16) }

    init(_ method: TuningMethod, _ model: Transformer) {
        let c = model.configuration
        let names = c.family.description.names(c)
        for (layer, layerNames) in names.layers.enumerated() where method.reaches(layer: layer) {
            switch method {
            case .lowRank(let settings): addLowRank(settings, layer, c.linearModules(layerNames), names.qkvByHead, c)
            case .bottleneck(let settings): addBottlenecks(settings, layer, layerNames, c)
            case .promptVectors, .layers: break
            }
        }
        if case .promptVectors(let settings) = method {
            offsets.promptVectors = add("prompt_embeddings", [settings.count, c.width])
        }
        if case .layers(let layers) = method { addLayers(Set(layers), model) }
    }

    private mutating func add(
        _ name: String, _ shape: [Int], _ arrangement: ParameterTable.Arrangement = .plain
    ) -> Int {
        cursor = (cursor + 15) / 16 * 16
        let entry = ParameterTable.Entry(name: name, offset: cursor, shape: shape, arrangement: arrangement)
        entries.append(entry)
        cursor += entry.count
        return entry.offset
    }

    private mutating func addLowRank(
        _ settings: LowRankSettings, _ layer: Int, _ modules: [LinearModule], _ qkvByHead: Bool, _ c: ModelConfiguration
    ) {
        offsets.rank = settings.rank
        while offsets.lowRank.count < c.layers { offsets.lowRank.append([]) }
        for module in modules
        where settings.targets.isEmpty || settings.targets.contains(where: { module.answers(to: $0) }) {
            let inputs = module.matrix.shape(c).inputs
            let arrangement: ParameterTable.Arrangement =
                qkvByHead && module.matrix == .qkv ? .byPart(heads: c.heads) : .plain
            let a = add("\(module.name).lora_A.weight", [settings.rank, inputs])
            let b = add("\(module.name).lora_B.weight", [module.columns.count, settings.rank], arrangement)
            offsets.lowRank[layer].append(
                TuningOffsets.LowRank(
                    module: module, layer: layer, inputs: inputs, a: a, b: b, arrangement: arrangement,
                    index: offsets.lowRank.reduce(0) { $0 + $1.count }))
        }
    }

    private mutating func addBottlenecks(
        _ settings: BottleneckSettings, _ layer: Int, _ names: WeightNames.Layer, _ c: ModelConfiguration
    ) {
        while offsets.bottlenecks.count < c.layers { offsets.bottlenecks.append([]) }
        for place in [names.output, names.down] {
            offsets.bottlenecks[layer].append(
                TuningOffsets.Bottleneck(
                    down: add("\(place).adapter.down.weight", [settings.width, c.width]),
                    downBias: add("\(place).adapter.down.bias", [settings.width]),
                    up: add("\(place).adapter.up.weight", [c.width, settings.width]),
                    upBias: add("\(place).adapter.up.bias", [c.width])))
        }
    }

    /// A layer lies in one stretch of the model's buffer, which starts on a 64-byte boundary: it is moved as a whole.
    private mutating func addLayers(_ layers: Set<Int>, _ model: Transformer) {
        for (layer, at) in model.offsets.layers.enumerated() {
            guard layers.contains(layer) else {
                offsets.layers.append(nil)
                continue
            }
            let next = layer + 1 < model.offsets.layers.count ? model.offsets.layers[layer + 1].attentionNorm : nil
            let end = next ?? model.offsets.finalNorm
            cursor = (cursor + 15) / 16 * 16
            let shift = cursor - at.attentionNorm
            for entry in model.table.entries where (at.attentionNorm..<end).contains(entry.offset) {
                entries.append(
                    ParameterTable.Entry(
                        name: entry.name, offset: entry.offset + shift, shape: entry.shape,
                        arrangement: entry.arrangement))
                cursor = entry.offset + shift + entry.count
            }
            offsets.layers.append(at.moved(by: shift))
        }
    }
}

extension LayerOffsets {
    /// The same layer in another buffer.
    func moved(by shift: Int) -> LayerOffsets {
        var moved = self
        moved.attentionNorm += shift
        moved.attentionNormBias += shift
        moved.qkv += shift
        moved.qkvBias = qkvBias.map { $0 + shift }
        moved.queryNorm = queryNorm.map { $0 + shift }
        moved.keyNorm = keyNorm.map { $0 + shift }
        moved.output += shift
        moved.outputBias = outputBias.map { $0 + shift }
        moved.feedForwardNorm += shift
        moved.feedForwardNormBias += shift
        moved.inner += shift
        moved.innerBias = innerBias.map { $0 + shift }
        moved.down += shift
        moved.downBias = downBias.map { $0 + shift }
        return moved
    }
}
