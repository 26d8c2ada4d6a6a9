public import LanguageModel

/// The number format that a run stores its model's weights in.
public enum StoredPrecision: String, Sendable, Codable, CaseIterable {
    case float32, bfloat16, float16

    /// The engine's name for it.
    public var floatType: FloatType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}
