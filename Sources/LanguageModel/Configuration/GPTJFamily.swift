import JSON

extension FamilyDescription {
    /// GPT-J: attention and feed-forward side by side behind one norm, neighbouring coordinates of part of the head
    /// turned, a head with a bias.
    static let gptJ = FamilyDescription(
        modelType: "gptj", causalArchitecture: "GPTJForCausalLM",
        classifierArchitecture: "GPTJForSequenceClassification", optionalPrefix: "transformer.",
        ignoredSuffixes: [".attn.bias", ".attn.masked_bias"],
        names: { configuration in
            WeightNames(
                embedding: "transformer.wte", positions: nil, finalNorm: "transformer.ln_f", head: "lm_head",
                layers: (0..<configuration.layers).map { index in
                    let layer = "transformer.h.\(index)"
                    return WeightNames.Layer(
                        attentionNorm: "\(layer).ln_1",
                        qkv: ["q_proj", "k_proj", "v_proj"].map { "\(layer).attn.\($0)" },
                        output: "\(layer).attn.out_proj", feedForwardNorm: "\(layer).ln_1",
                        inner: ["\(layer).mlp.fc_in"], down: "\(layer).mlp.fc_out")
                })
        },
        read: { file throws(CheckpointError) in
            let width = try file.size("n_embd")
            let heads = try file.size("n_head")
            var configuration = ModelConfiguration.gpt2(
                vocabularySize: try file.size("vocab_size"), width: width, layers: try file.layerCount("n_layer"),
                heads: heads, feedForward: try file.optionalSize("n_inner"),
                contextLength: try file.size("n_positions"),
                normEpsilon: try file.optionalNumber("layer_norm_epsilon") ?? 1e-5)
            configuration.headSize = try file.headSize(width: width, heads: heads, field: "n_head")
            let rotary = try file.size("rotary_dim")
            guard rotary <= configuration.headSize, rotary % 2 == 0 else {
                throw .badField(
                    file: file.file, field: "rotary_dim", value: "\(rotary)",
                    wanted: "an even number up to the head size \(configuration.headSize)")
            }
            configuration.positions = .rotary(RotarySettings(theta: 10_000, size: rotary, pairing: .neighbours))
            configuration.activation = try file.gelu("activation_function", usual: .gelu)
            configuration.weightLayout = .outputRows
            configuration.attentionBias = false
            configuration.outputBias = false
            configuration.residual = .parallelSharedNorm
            configuration.tiedEmbeddings = try file.optionalFlag("tie_word_embeddings") ?? false
            configuration.headBias = true
            return configuration
        },
        write: { configuration in
            var fields: [String: JSONValue] = [
                "n_embd": .integer(configuration.width),
                "n_inner": .integer(configuration.feedForward),
                "n_layer": .integer(configuration.layers),
                "n_head": .integer(configuration.heads),
                "n_positions": .integer(configuration.contextLength),
                "layer_norm_epsilon": .number(configuration.normEpsilon),
                "activation_function": .string(configuration.activation.geluName),
                "attn_pdrop": .number(0),
                "embd_pdrop": .number(0),
                "resid_pdrop": .number(0),
                "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
            ]
            if case .rotary(let settings) = configuration.positions { fields["rotary_dim"] = .integer(settings.size) }
            return fields
        })
}
