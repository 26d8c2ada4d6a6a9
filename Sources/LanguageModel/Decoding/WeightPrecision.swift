internal import Kernels

/// How the weights that write text are held. Training and its log-probabilities are always float32.
///
/// docs/performance.md has the speed and the cost of each.
public enum WeightPrecision: String, Sendable, CaseIterable, Codable {
    case float32 = "f32"
    /// Weights, inputs of products, keys and values in bfloat16; sums in float32.
    case bfloat16 = "bf16"
    /// Weights and inputs of products in 8 bits, 64 values sharing a scale; keys and values in bfloat16.
    case int8

    var kernelPrecision: plumb_precision {
        switch self {
        case .float32: PLUMB_FLOAT32
        case .bfloat16: PLUMB_BFLOAT16
        case .int8: PLUMB_INT8
        }
    }

    /// How keys and values are held.
    var cachePrecision: WeightPrecision { self == .float32 ? .float32 : .bfloat16 }
    /// Bytes of one key or value.
    var cacheElement: Int { self == .float32 ? 4 : 2 }
}
