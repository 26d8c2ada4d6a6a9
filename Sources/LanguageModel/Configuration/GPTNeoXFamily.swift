import JSON

extension FamilyDescription {
    /// GPT-NeoX and Pythia: part of the head turned, attention and feed-forward side by side or not, one matrix for
    /// queries, keys and values that goes head by head.
    static let gptNeoX = FamilyDescription(
        modelType: "gpt_neox", causalArchitecture: "GPTNeoXForCausalLM",
        classifierArchitecture: "GPTNeoXForSequenceClassification", optionalPrefix: "gpt_neox.",
        ignoredSuffixes: [".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"],
        names: { configuration in
            WeightNames(
                embedding: "gpt_neox.embed_in", positions: nil, finalNorm: "gpt_neox.final_layer_norm",
                head: "embed_out",
                layers: (0..<configuration.layers).map { index in
                    let layer = "gpt_neox.layers.\(index)"
                    return WeightNames.Layer(
                        attentionNorm: "\(layer).input_layernorm", qkv: ["\(layer).attention.query_key_value"],
                        output: "\(layer).attention.dense", feedForwardNorm: "\(layer).post_attention_layernorm",
                        inner: ["\(layer).mlp.dense_h_to_4h"], down: "\(layer).mlp.dense_4h_to_h")
                }, qkvByHead: true)
        },
        read: { file throws(CheckpointError) in
            let width = try file.size("hidden_size")
            let heads = try file.size("num_attention_heads")
            var configuration = ModelConfiguration.gpt2(
                vocabularySize: try file.size("vocab_size"), width: width,
                layers: try file.layerCount("num_hidden_layers"), heads: heads,
                feedForward: try file.size("intermediate_size"),
                contextLength: try file.size("max_position_embeddings"),
                normEpsilon: try file.optionalNumber("layer_norm_eps") ?? 1e-5)
            let headSize = try file.headSize(width: width, heads: heads, field: "num_attention_heads")
            configuration.headSize = headSize
            configuration.positions = .rotary(
                try file.rotary(headSize: headSize, shareFields: ["rotary_pct"], usualShare: 0.25))
            configuration.activation = try file.gelu("hidden_act", usual: .exactGelu)
            configuration.weightLayout = .outputRows
            configuration.attentionBias = try file.optionalFlag("attention_bias") ?? true
            configuration.outputBias = configuration.attentionBias
            configuration.residual =
                try file.optionalFlag("use_parallel_residual") ?? true ? .parallel : .sequential
            configuration.tiedEmbeddings = try file.optionalFlag("tie_word_embeddings") ?? false
            return configuration
        },
        write: { configuration in
            var fields: [String: JSONValue] = [
                "hidden_size": .integer(configuration.width),
                "intermediate_size": .integer(configuration.feedForward),
                "num_hidden_layers": .integer(configuration.layers),
                "num_attention_heads": .integer(configuration.heads),
                "max_position_embeddings": .integer(configuration.contextLength),
                "layer_norm_eps": .number(configuration.normEpsilon),
                "hidden_act": .string(configuration.activation.geluName),
                "attention_bias": .bool(configuration.attentionBias),
                "use_parallel_residual": .bool(configuration.residual == .parallel),
                "attention_dropout": .number(0),
                "hidden_dropout": .number(0),
                "classifier_dropout": .number(0),
                "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
            ]
            if case .rotary(let settings) = configuration.positions {
                let head = Double(configuration.headSize)
                var share = Double(settings.size) / head
                // Readers cut head * share down to a whole number.
                if head * share < Double(settings.size) { share = share.nextUp }
                fields["rotary_pct"] = .number(share)
                fields["partial_rotary_factor"] = .number(share)
                fields["rotary_emb_base"] = .number(settings.theta)
                fields["rope_theta"] = .number(settings.theta)
                fields["rope_scaling"] = settings.scalingFields ?? .null
            }
            return fields
        })
}
