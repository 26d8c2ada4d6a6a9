import JSON

extension FamilyDescription {
    /// Llama 2 and 3, SmolLM2, TinyLlama and whatever else says `"model_type": "llama"`.
    static let llama = FamilyDescription(
        modelType: "llama", causalArchitecture: "LlamaForCausalLM",
        classifierArchitecture: "LlamaForSequenceClassification", optionalPrefix: nil,
        ignoredSuffixes: [".rotary_emb.inv_freq"],
        names: { WeightNames(llamaForm: $0) },
        read: { file throws(CheckpointError) in
            var configuration = try file.llamaForm()
            configuration.attentionBias = try file.optionalFlag("attention_bias") ?? false
            configuration.outputBias = configuration.attentionBias
            configuration.feedForwardBias = try file.optionalFlag("mlp_bias") ?? false
            return configuration
        },
        write: { configuration in
            var fields = configuration.llamaFormFields
            fields["attention_bias"] = .bool(configuration.attentionBias)
            fields["mlp_bias"] = .bool(configuration.feedForwardBias)
            fields["pretraining_tp"] = .integer(1)
            return fields
        })
}

// What Llama, Mistral and Qwen have in common.

extension WeightNames {
    init(llamaForm configuration: ModelConfiguration) {
        self.init(
            embedding: "model.embed_tokens", positions: nil, finalNorm: "model.norm", head: "lm_head",
            layers: (0..<configuration.layers).map { index in
                let layer = "model.layers.\(index)"
                return Layer(
                    attentionNorm: "\(layer).input_layernorm",
                    qkv: ["q_proj", "k_proj", "v_proj"].map { "\(layer).self_attn.\($0)" },
                    queryNorm: "\(layer).self_attn.q_norm", keyNorm: "\(layer).self_attn.k_norm",
                    output: "\(layer).self_attn.o_proj", feedForwardNorm: "\(layer).post_attention_layernorm",
                    inner: ["gate_proj", "up_proj"].map { "\(layer).mlp.\($0)" }, down: "\(layer).mlp.down_proj")
            })
    }
}

extension ConfigurationReader {
    /// What transformers takes where a field is missing differs between the families.
    /// - Parameters:
    ///   - usualHeadSize: where `head_dim` is missing; nil divides the width among the heads.
    ///   - usualKeyValueHeads: where `num_key_value_heads` is missing, not null; nil is as many as heads.
    ///   - usualContext: where `max_position_embeddings` is missing.
    func llamaForm(
        usualHeadSize: Int? = nil, usualKeyValueHeads: Int? = nil, usualContext: Int = 2048
    ) throws(CheckpointError) -> ModelConfiguration {
        try require("hidden_act", oneOf: ["silu"])
        let width = try size("hidden_size")
        let heads = try size("num_attention_heads")
        let usualShared = fields["num_key_value_heads"] == nil ? usualKeyValueHeads : nil
        let headSize = try optionalSize("head_dim") ?? usualHeadSize ?? width / heads
        var configuration = ModelConfiguration.llama(
            vocabularySize: try size("vocab_size"), width: width, layers: try layerCount("num_hidden_layers"),
            heads: heads, keyValueHeads: try optionalSize("num_key_value_heads") ?? usualShared ?? heads,
            headSize: headSize, feedForward: try size("intermediate_size"),
            contextLength: try optionalSize("max_position_embeddings") ?? usualContext,
            tiedEmbeddings: try optionalFlag("tie_word_embeddings") ?? false,
            normEpsilon: try optionalNumber("rms_norm_eps") ?? 1e-6)
        guard heads % configuration.keyValueHeads == 0 else {
            throw .badField(
                file: file, field: "num_key_value_heads", value: "\(configuration.keyValueHeads)",
                wanted: "a divisor of the \(heads) num_attention_heads")
        }
        configuration.positions = .rotary(try rotary(headSize: headSize))
        return configuration
    }
}

extension ModelConfiguration {
    var llamaFormFields: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "hidden_size": .integer(width),
            "intermediate_size": .integer(feedForward),
            "num_hidden_layers": .integer(layers),
            "num_attention_heads": .integer(heads),
            "num_key_value_heads": .integer(keyValueHeads),
            "head_dim": .integer(headSize),
            "max_position_embeddings": .integer(contextLength),
            "rms_norm_eps": .number(normEpsilon),
            "hidden_act": .string("silu"),
            "attention_dropout": .number(0),
            "tie_word_embeddings": .bool(tiedEmbeddings),
        ]
        if case .rotary(let settings) = positions {
            fields["rope_theta"] = .number(settings.theta)
            fields["rope_scaling"] = settings.scalingFields ?? .null
        }
        return fields
    }
}
