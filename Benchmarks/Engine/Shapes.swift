import ArgumentParser
import LanguageModel

/// The model shapes that the benchmarks compare with other engines. Weights are random: speed does not hang on them.
enum Shape: String, CaseIterable, ExpressibleByArgument {
    /// GPT-2 with 124 million parameters.
    case a
    /// Llama form, 15 million: 6 layers, width 288, 6 heads, vocabulary 32,000, tied.
    case b
    /// SmolLM2-135M's form: 30 layers, width 576, 9 heads and 3 of keys and values, vocabulary 49,152, tied.
    case c
    /// The demo policy's form.
    case demo

    var configuration: ModelConfiguration {
        switch self {
        case .a:
            .gpt2(
                vocabularySize: 50_257, width: 768, layers: 12, heads: 12, contextLength: 1_024, endTokenIDs: [0],
                padTokenID: 1)
        case .b:
            .llama(
                vocabularySize: 32_000, width: 288, layers: 6, heads: 6, keyValueHeads: 6, feedForward: 768,
                contextLength: 16_384, tiedEmbeddings: true, endTokenIDs: [2], padTokenID: 0)
        case .c:
            .llama(
                vocabularySize: 49_152, width: 576, layers: 30, heads: 9, keyValueHeads: 3, feedForward: 1_536,
                contextLength: 16_384, tiedEmbeddings: true, endTokenIDs: [2], padTokenID: 0)
        case .demo:
            .llama(
                vocabularySize: 2_048, width: 160, layers: 6, heads: 5, keyValueHeads: 5, feedForward: 416,
                contextLength: 512, tiedEmbeddings: true, endTokenIDs: [2], padTokenID: 0)
        }
    }
}
