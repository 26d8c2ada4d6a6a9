import Foundation
import LanguageModel

/// Adam for the thresholds of further heads, at a rate of its own.
///
/// Adam moves a number by about its rate a step, however steep the loss is. Of a layer's many weights that changes a score at
/// once; a threshold is one number. At a trunk's rate of 1e-3 a hundred steps would take it 0.055 far (a cosine down to a tenth
/// has a mean of 0.55), at 1e-5 nowhere, and the scores would take up its error instead.
///
/// At 0.05 the same steps reach 2.75 far: thresholds of shares between 6 and 94 in a hundred, wherever they begin. Near its
/// place a number shakes by √(rate · noise / 2 curvature), noise and curvature being about equal for a few rankings a step:
/// by 0.05 with the tenth of the rate that is left at the end, which is half of what 500 pairs leave open, 1 / √(500 · 0.2).
final class ThresholdOptimiser {
    /// Peak of the rate, in units of the score.
    static let peak: Float = 0.05

    /// Over the thresholds alone.
    let adam: AdamW
    private let heads: RewardHeads
    private let table: ParameterTable
    private let values: FloatBuffer
    private let gradients: FloatBuffer

    /// Nil where the heads have no thresholds.
    init?(_ heads: RewardHeads) {
        let thresholds = heads.thresholds
        guard !thresholds.isEmpty else { return nil }
        self.heads = heads
        table = ParameterTable(tensors: thresholds.map { (name: $0.name, shape: $0.shape) })
        // Without clipping: beside Adam's own division by a gradient's size it would only couple the two numbers.
        adam = AdamW(
            table: table, settings: AdamWSettings(learningRate: Self.peak, weightDecay: 0, clipNorm: nil))
        values = FloatBuffer(count: table.count)
        gradients = FloatBuffer(count: table.count)
    }

    /// Moves the thresholds, and takes their gradients out of the heads', so that a step of the other heads leaves them alone.
    /// - Parameter share: of the peak.
    /// - Throws: `EngineError` for a gradient that is not finite; nothing is moved then.
    func step(gradients ofHeads: FloatBuffer, share: Float, pool: WorkerPool) throws {
        let places = zip(table.entries, heads.thresholds).map { (own: $0.offset, head: $1.offset) }
        for place in places {
            values[place.own] = heads.values[place.head]
            gradients[place.own] = ofHeads[place.head]
            ofHeads[place.head] = 0
        }
        try adam.step(values, gradients: gradients, learningRate: Self.peak * share, pool: pool)
        for place in places { heads.values[place.head] = values[place.own] }
    }
}

extension RewardHeads {
    /// Puts the thresholds where they are best as long as all scores are equal and 0, so that training has only to follow
    /// the scores: the parameter of ties by the share of ties, acceptability's by the share of the acceptable.
    package func startThresholds(on examples: [RewardExample]) {
        if let entry = table["ties.parameter"] {
            var ties = SmoothedShare()
            for element in examples.flatMap(\.elements) {
                let tied = element.ties.reduce(0) { $0 + $1.share }
                let all = element.pairs.reduce(tied) { $0 + $1.share }
                // As the loss counts: a judgement's pairs share its weight.
                if all > 0 { ties.add(tied / all, weight: element.weight) }
            }
            values[entry.offset] = Float(TieTreatment.parameter(tieBetweenEquals: ties.share))
        }
        if let entry = table["acceptability.threshold"] {
            var acceptable = SmoothedShare()
            for mark in examples.flatMap(\.acceptability) { acceptable.add(mark.value, weight: mark.weight) }
            // σ(0 - τ) is the share.
            values[entry.offset] = Float(log((1 - acceptable.share) / acceptable.share))
        }
    }
}

/// A share by weight, with one judgement more that is half of it: shares of 0 and 1 would put a threshold at infinity.
private struct SmoothedShare {
    private var part = 0.5
    private var weight = 1.0

    var share: Double { part / weight }

    mutating func add(_ part: Double, weight: Double) {
        self.part += weight * part
        self.weight += weight
    }
}
