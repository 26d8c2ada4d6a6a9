internal import Kernels

/// A model's matrices packed for products with few rows.
final class DecodingWeights {
    struct Matrix {
        let panels: FloatBuffer
        let bias: Int?
        let inputs: Int
        let outputs: Int
    }
    struct Layer {
        let qkv: Matrix
        let output: Matrix
        let inner: Matrix
        let down: Matrix
    }

    let layers: [Layer]
    let head: Matrix?

    init(_ model: Transformer) {
        let c = model.configuration
        func matrix(_ offset: Int, _ bias: Int?, _ inputs: Int, _ outputs: Int, _ layout: WeightLayout) -> Matrix {
            let panels = FloatBuffer(count: Int(plumb_panel_count(Int64(outputs), Int64(inputs))))
            unsafe plumb_pack_panels(
                Int64(outputs), Int64(inputs), model.parameters.base + offset, layout == .outputRows ? 1 : 0,
                panels.base)
            return Matrix(panels: panels, bias: bias, inputs: inputs, outputs: outputs)
        }
        layers = model.offsets.layers.map { at in
            Layer(
                qkv: matrix(at.qkv, at.qkvBias, c.width, c.qkvWidth, c.weightLayout),
                output: matrix(at.output, at.outputBias, c.attentionWidth, c.width, c.weightLayout),
                inner: matrix(at.inner, at.innerBias, c.width, c.innerWidth, c.weightLayout),
                down: matrix(at.down, at.downBias, c.feedForward, c.width, c.weightLayout))
        }
        head =
            c.head == .languageModel
            ? matrix(model.offsets.head, model.offsets.headBias, c.width, c.vocabularySize, .outputRows) : nil
    }
}
