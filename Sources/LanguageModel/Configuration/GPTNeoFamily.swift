import JSON

extension FamilyDescription {
    /// GPT-Neo: GPT-2's form with separate projections, scores that are not scaled, and windows in some layers.
    static let gptNeo = FamilyDescription(
        modelType: "gpt_neo", causalArchitecture: "GPTNeoForCausalLM",
        classifierArchitecture: "GPTNeoForSequenceClassification", optionalPrefix: "transformer.",
        ignoredSuffixes: [".attn.attention.bias", ".attn.attention.masked_bias"],
        names: { configuration in
            WeightNames(
                embedding: "transformer.wte", positions: "transformer.wpe", finalNorm: "transformer.ln_f",
                head: "lm_head",
                layers: (0..<configuration.layers).map { index in
                    let layer = "transformer.h.\(index)"
                    return WeightNames.Layer(
                        attentionNorm: "\(layer).ln_1",
                        qkv: ["q_proj", "k_proj", "v_proj"].map { "\(layer).attn.attention.\($0)" },
                        output: "\(layer).attn.attention.out_proj", feedForwardNorm: "\(layer).ln_2",
                        inner: ["\(layer).mlp.c_fc"], down: "\(layer).mlp.c_proj")
                })
        },
        read: { file throws(CheckpointError) in
            let width = try file.size("hidden_size")
            let heads = try file.size("num_heads")
            var configuration = ModelConfiguration.gpt2(
                vocabularySize: try file.size("vocab_size"), width: width, layers: try file.layerCount("num_layers"),
                heads: heads, feedForward: try file.optionalSize("intermediate_size"),
                contextLength: try file.size("max_position_embeddings"),
                normEpsilon: try file.optionalNumber("layer_norm_epsilon") ?? 1e-5)
            configuration.headSize = try file.headSize(width: width, heads: heads, field: "num_heads")
            configuration.activation = try file.gelu("activation_function", usual: .gelu)
            configuration.weightLayout = .outputRows
            configuration.attentionBias = false
            configuration.scaledScores = false
            configuration.tiedEmbeddings = try file.optionalFlag("tie_word_embeddings") ?? true
            let kinds = try file.neoKinds(layers: configuration.layers)
            if kinds.contains("local") {
                let window = try file.optionalSize("window_size") ?? 256
                configuration.windows = kinds.map { $0 == "local" ? window : nil }
            }
            return configuration
        },
        write: { configuration in
            let kinds = (0..<configuration.layers).map { layer -> JSONValue in
                .string(configuration.window(ofLayer: layer) > 0 ? "local" : "global")
            }
            return [
                "hidden_size": .integer(configuration.width),
                "intermediate_size": .integer(configuration.feedForward),
                "num_layers": .integer(configuration.layers),
                "num_heads": .integer(configuration.heads),
                "max_position_embeddings": .integer(configuration.contextLength),
                "layer_norm_epsilon": .number(configuration.normEpsilon),
                "activation_function": .string(configuration.activation.geluName),
                "window_size": .integer(configuration.widestWindow ?? 256),
                "attention_layers": .array(kinds),
                "attention_types": .array([.array([.array(kinds), .integer(1)])]),
                "attention_dropout": .number(0),
                "embed_dropout": .number(0),
                "resid_dropout": .number(0),
                "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
            ]
        })
}

extension ConfigurationReader {
    /// `attention_layers`, or `attention_types` unfolded: a list of [kinds, times].
    fileprivate func neoKinds(layers: Int) throws(CheckpointError) -> [String] {
        let choices = ["global", "local"]
        if let listed = try layerKinds("attention_layers", layers: layers, oneOf: choices) { return listed }
        guard let value = value("attention_types") else {
            return (0..<layers).map { choices[$0 % 2] }
        }
        let wrong = CheckpointError.badField(
            file: file, field: "attention_types", value: value.words,
            wanted: "lists of [[\"global\" or \"local\", …], times] that make \(layers) layers")
        guard case .array(let groups) = value else { throw wrong }
        var kinds: [String] = []
        for group in groups {
            guard case .array(let pair) = group, pair.count == 2, case .array(let words) = pair[0], !words.isEmpty,
                case .integer(let times) = pair[1], times > 0, times <= layers
            else { throw wrong }
            for _ in 0..<times where kinds.count <= layers {
                for word in words {
                    guard case .string(let kind) = word, choices.contains(kind) else { throw wrong }
                    kinds.append(kind)
                }
            }
        }
        guard kinds.count == layers else { throw wrong }
        return kinds
    }
}
