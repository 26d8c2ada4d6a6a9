import JSON

extension FamilyDescription {
    /// Llama 2 and 3, SmolLM2, TinyLlama and whatever else says `"model_type": "llama"`.
    static let llama = FamilyDescription(
        modelType: "llama", causalArchitecture: "LlamaForCausalLM",
        classifierArchitecture: "LlamaForSequenceClassification", optionalPrefix: nil,
        ignoredSuffixes: [".rotary_emb.inv_freq"],
        names: { configuration in
            WeightNames(
                embedding: "model.embed_tokens", positions: nil, finalNorm: "model.norm", head: "lm_head",
                layers: (0..<configuration.layers).map { index in
                    let layer = "model.layers.\(index)"
                    return WeightNames.Layer(
                        attentionNorm: "\(layer).input_layernorm",
                        qkv: ["q_proj", "k_proj", "v_proj"].map { "\(layer).self_attn.\($0)" },
                        output: "\(layer).self_attn.o_proj", feedForwardNorm: "\(layer).post_attention_layernorm",
                        inner: ["gate_proj", "up_proj"].map { "\(layer).mlp.\($0)" }, down: "\(layer).mlp.down_proj")
                })
        },
        read: { file throws(CheckpointError) in try readLlama(file) },
        write: { configuration in writeLlama(configuration) })

    private static func readLlama(_ file: ConfigurationReader) throws(CheckpointError) -> ModelConfiguration {
        try file.require("hidden_act", oneOf: ["silu"])
        let width = try file.size("hidden_size")
        let heads = try file.size("num_attention_heads")
        let headSize = try file.optionalSize("head_dim") ?? width / heads
        var configuration = ModelConfiguration.llama(
            vocabularySize: try file.size("vocab_size"), width: width, layers: try file.size("num_hidden_layers"),
            heads: heads, keyValueHeads: try file.optionalSize("num_key_value_heads") ?? heads, headSize: headSize,
            feedForward: try file.size("intermediate_size"),
            contextLength: try file.optionalSize("max_position_embeddings") ?? 2048,
            tiedEmbeddings: try file.optionalFlag("tie_word_embeddings") ?? false,
            normEpsilon: try file.optionalNumber("rms_norm_eps") ?? 1e-6)
        configuration.positions = .rotary(try file.rotary(size: headSize))
        configuration.attentionBias = try file.optionalFlag("attention_bias") ?? false
        configuration.outputBias = configuration.attentionBias
        configuration.feedForwardBias = try file.optionalFlag("mlp_bias") ?? false
        return configuration
    }

    private static func writeLlama(_ configuration: ModelConfiguration) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "hidden_size": .integer(configuration.width),
            "intermediate_size": .integer(configuration.feedForward),
            "num_hidden_layers": .integer(configuration.layers),
            "num_attention_heads": .integer(configuration.heads),
            "num_key_value_heads": .integer(configuration.keyValueHeads),
            "head_dim": .integer(configuration.headSize),
            "max_position_embeddings": .integer(configuration.contextLength),
            "rms_norm_eps": .number(configuration.normEpsilon),
            "hidden_act": .string("silu"),
            "attention_bias": .bool(configuration.attentionBias),
            "mlp_bias": .bool(configuration.feedForwardBias),
            "attention_dropout": .number(0),
            "pretraining_tp": .integer(1),
            "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
        ]
        if case .rotary(let settings) = configuration.positions {
            fields["rope_theta"] = .number(settings.theta)
            fields["rope_scaling"] = settings.scalingFields ?? .null
        }
        return fields
    }
}
