internal import Kernels

/// What a decoder computes on the way, for as many rows as it has had at once.
final class DecodingMemory {
    let rows: Int
    let residual, normed, qkv, attention: FloatBuffer
    /// Rows as products read them: the residual stream's norm, attention's output, the feed-forward's middle.
    let normedForm, attentionForm, activatedForm: ByteBuffer

    init(_ c: ModelConfiguration, _ precision: WeightPrecision, rows: Int) {
        func form(_ inputs: Int) -> ByteBuffer {
            ByteBuffer(zeros: rows * Int(plumb_row_form_bytes(precision.kernelPrecision, Int64(inputs))))
        }
        self.rows = rows
        residual = FloatBuffer(count: rows * c.width)
        normed = FloatBuffer(count: rows * c.width)
        qkv = FloatBuffer(count: rows * c.qkvWidth)
        attention = FloatBuffer(count: rows * c.attentionWidth)
        normedForm = form(c.width)
        attentionForm = form(c.attentionWidth)
        activatedForm = form(c.feedForward)
    }
}

/// Logits of some rows, with the sums that drawing tokens needs.
final class LogitMemory {
    let rows: Int
    let chosen: FloatBuffer
    let chosenForm: ByteBuffer
    let logits: FloatBuffer
    /// For each row the largest logit of each stretch, then the sums of exponentials: `[rows][2][stretches]`.
    let sums: FloatBuffer

    init(_ c: ModelConfiguration, _ precision: WeightPrecision, rows: Int) {
        self.rows = rows
        chosen = FloatBuffer(count: rows * c.width)
        chosenForm = ByteBuffer(
            zeros: rows * Int(plumb_row_form_bytes(precision.kernelPrecision, Int64(c.width))))
        logits = FloatBuffer(count: rows * c.vocabularySize)
        sums = FloatBuffer(count: rows * 2 * LogitStretches(c.vocabularySize).count)
    }
}

/// The stretches of the vocabulary in which logits are computed and summed: by shape alone.
struct LogitStretches {
    let vocabulary: Int
    /// Four panels.
    static let width = 4 * Int(PLUMB_PANEL)

    init(_ vocabulary: Int) { self.vocabulary = vocabulary }

    var count: Int { (vocabulary + Self.width - 1) / Self.width }

    subscript(_ index: Int) -> Range<Int> {
        index * Self.width..<min(vocabulary, (index + 1) * Self.width)
    }
}
