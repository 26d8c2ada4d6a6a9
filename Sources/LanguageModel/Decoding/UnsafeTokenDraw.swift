internal import Foundation
internal import Kernels
internal import SeededRandom

/// The next token of a response: what it is drawn from, and what came of it.
struct TokenDraw {
    let settings: SamplingSettings
    /// Row of the logits.
    let logitRow: Int
    /// Tokens that a repetition penalty is for.
    let seen: Set<Int32>
    var random: SplitMix64

    private(set) var token: Int32 = 0
    /// ln p by the model itself, at the temperature; not finite where a logit is not.
    private(set) var logProbability = Float.nan
    private(set) var alternatives: [SampledResponse.Alternative] = []

    init(settings: SamplingSettings, logitRow: Int, seen: Set<Int32>, random: SplitMix64) {
        self.settings = settings
        self.logitRow = logitRow
        self.seen = seen
        self.random = random
    }

    /// The factor of the logits in a row's sums.
    static func scale(_ settings: SamplingSettings) -> Float {
        settings.temperature > 0 ? 1 / settings.temperature : 1
    }

    /// Draws all on the pool's threads.
    /// - Parameter spaces: one a thread.
    static func draw(
        _ draws: inout [TokenDraw], from memory: LogitMemory, vocabulary: Int, _ spaces: [DrawingSpace],
        _ pool: WorkerPool, _ kernels: KernelSet
    ) {
        unsafe draws.withUnsafeMutableBufferPointer { draws in
            nonisolated(unsafe) let draws = unsafe draws
            pool.runOnWorkers(unsafe draws.count) { index, worker in
                unsafe draws[index].draw(memory, vocabulary, spaces[worker], kernels)
            }
        }
    }

    private mutating func draw(
        _ memory: LogitMemory, _ vocabulary: Int, _ space: DrawingSpace, _ kernels: KernelSet
    ) {
        let scale = Self.scale(settings)
        let logits = unsafe memory.logits.base + logitRow * vocabulary
        let sums = unsafe memory.sums.base + logitRow * 2 * LogitStretches(vocabulary).count
        let own = unsafe LogitRow(logits, sums, vocabulary: vocabulary, scale: scale, space, kernels)
        guard own.logSum.isFinite else { return }
        if settings.alternatives > 0 {
            alternatives = own.mostProbable(settings.alternatives, space).map {
                .init(token: $0, logProbability: own.logProbability($0))
            }
        }
        if settings.repetitionPenalty == 1 && settings.logitBias.isEmpty {
            pick(own, space)
        } else {
            unsafe change(logits, vocabulary, space, kernels)
            pick(
                unsafe LogitRow(
                    space.logits.base, space.sums.base, vocabulary: vocabulary, scale: scale, space, kernels), space)
        }
        logProbability = own.logProbability(token)
    }

    private mutating func pick(_ row: LogitRow, _ space: DrawingSpace) {
        guard settings.temperature > 0 else {
            token = row.mostProbable
            return
        }
        let unit = random.nextUnit()
        token =
            settings.topK > 0 || settings.topP < 1 || settings.minP > 0
            ? row.draw(unit, topK: settings.topK, topP: settings.topP, minP: settings.minP, space)
            : row.draw(unit, space)
    }

    /// Repetition penalty, then bias, on a copy of the row in `space`, with its sums.
    private func change(
        _ logits: UnsafePointer<Float>, _ vocabulary: Int, _ space: DrawingSpace, _ kernels: KernelSet
    ) {
        let changed = space.logits
        unsafe changed.base.update(from: logits, count: vocabulary)
        for token in seen {
            let logit = changed[Int(token)]
            changed[Int(token)] = logit > 0 ? logit / settings.repetitionPenalty : logit * settings.repetitionPenalty
        }
        for (token, bias) in settings.logitBias { changed[Int(token)] += bias }
        let stretches = LogitStretches(vocabulary)
        for index in 0..<stretches.count {
            let range = stretches[index]
            unsafe kernels.table.pointee.logit_sum(
                Int64(range.count), Self.scale(settings), changed.base + range.lowerBound, space.sums.base + index,
                space.sums.base + stretches.count + index)
        }
    }
}
