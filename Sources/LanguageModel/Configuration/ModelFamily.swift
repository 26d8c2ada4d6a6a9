import JSON

/// A family of Hugging Face models: how its config.json reads and what its weights are called.
public enum ModelFamily: String, Sendable, Equatable, CaseIterable {
    case llama
    case gpt2
    case gptNeo
    case gptJ
    case gptNeoX
    case mistral
    case qwen2
    case qwen3

    /// The family's page: everything that differs between families is behind it.
    var description: FamilyDescription {
        switch self {
        case .llama: .llama
        case .gpt2: .gpt2
        case .gptNeo: .gptNeo
        case .gptJ: .gptJ
        case .gptNeoX: .gptNeoX
        case .mistral: .mistral
        case .qwen2: .qwen2
        case .qwen3: .qwen3
        }
    }
}

/// The page of one family.
struct FamilyDescription: Sendable {
    /// `model_type` in config.json.
    let modelType: String
    /// `architectures` of the language model and of the sequence classifier.
    let causalArchitecture: String
    let classifierArchitecture: String
    /// A prefix that some published checkpoints leave off their names.
    let optionalPrefix: String?
    /// Endings of tensors that checkpoints may carry and that are computed, not learned.
    let ignoredSuffixes: [String]
    let names: @Sendable (ModelConfiguration) -> WeightNames
    let read: @Sendable (ConfigurationReader) throws(CheckpointError) -> ModelConfiguration
    let write: @Sendable (ModelConfiguration) -> [String: JSONValue]
}

/// Hugging Face names; where a module has weight and bias, the name is the module's.
struct WeightNames: Sendable {
    struct Layer: Sendable {
        let attentionNorm: String
        /// One module that holds q, k and v, or three.
        let qkv: [String]
        /// Norms of each head's queries and keys, where the family has them.
        var queryNorm: String?
        var keyNorm: String?
        let output: String
        /// That of attention again where one norm serves both.
        let feedForwardNorm: String
        /// Gate and up, or up alone.
        let inner: [String]
        let down: String
    }
    let embedding: String
    let positions: String?
    let finalNorm: String
    let head: String
    let layers: [Layer]
    /// The one module of q, k and v goes head by head, q, k and v of each; here all of q comes first, then k, then v.
    var qkvByHead = false
}
