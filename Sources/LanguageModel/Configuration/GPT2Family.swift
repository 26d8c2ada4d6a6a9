import JSON

extension FamilyDescription {
    /// GPT-2: layer norm, learned positions, GELU, weights as [input, output].
    static let gpt2 = FamilyDescription(
        modelType: "gpt2", causalArchitecture: "GPT2LMHeadModel",
        classifierArchitecture: "GPT2ForSequenceClassification", optionalPrefix: "transformer.",
        ignoredSuffixes: [".attn.bias", ".attn.masked_bias"],
        names: { configuration in
            WeightNames(
                embedding: "transformer.wte", positions: "transformer.wpe", finalNorm: "transformer.ln_f",
                head: "lm_head",
                layers: (0..<configuration.layers).map { index in
                    let layer = "transformer.h.\(index)"
                    return WeightNames.Layer(
                        attentionNorm: "\(layer).ln_1", qkv: ["\(layer).attn.c_attn"],
                        output: "\(layer).attn.c_proj", feedForwardNorm: "\(layer).ln_2",
                        inner: ["\(layer).mlp.c_fc"], down: "\(layer).mlp.c_proj")
                })
        },
        read: { file throws(CheckpointError) in try readGPT2(file) },
        write: { configuration in writeGPT2(configuration) })

    private static func readGPT2(_ file: ConfigurationReader) throws(CheckpointError) -> ModelConfiguration {
        try file.require("scale_attn_weights", is: true)
        try file.require("scale_attn_by_inverse_layer_idx", is: false)
        try file.require("add_cross_attention", is: false)
        let width = try file.size("n_embd")
        let heads = try file.size("n_head")
        let context = try file.optionalSize("n_positions")
        let olderContext = try file.optionalSize("n_ctx")
        guard let contextLength = context ?? olderContext else {
            throw .missingField(file: file.file, field: "n_positions")
        }
        var configuration = ModelConfiguration.gpt2(
            vocabularySize: try file.size("vocab_size"), width: width,
            layers: try file.layerCount("n_layer"), heads: heads, feedForward: try file.optionalSize("n_inner"),
            contextLength: contextLength,
            normEpsilon: try file.optionalNumber("layer_norm_epsilon") ?? 1e-5)
        configuration.headSize = try file.headSize(width: width, heads: heads, field: "n_head")
        configuration.activation = try file.gelu("activation_function", usual: .gelu)
        configuration.tiedEmbeddings = try file.optionalFlag("tie_word_embeddings") ?? true
        return configuration
    }

    private static func writeGPT2(_ configuration: ModelConfiguration) -> [String: JSONValue] {
        [
            "n_embd": .integer(configuration.width),
            "n_inner": .integer(configuration.feedForward),
            "n_layer": .integer(configuration.layers),
            "n_head": .integer(configuration.heads),
            "n_positions": .integer(configuration.contextLength),
            "n_ctx": .integer(configuration.contextLength),
            "layer_norm_epsilon": .number(configuration.normEpsilon),
            "activation_function": .string(configuration.activation.geluName),
            "scale_attn_weights": .bool(true),
            "attn_pdrop": .number(0),
            "embd_pdrop": .number(0),
            "resid_pdrop": .number(0),
            "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
        ]
    }
}
