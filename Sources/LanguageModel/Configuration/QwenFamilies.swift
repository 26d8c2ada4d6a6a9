import JSON

extension FamilyDescription {
    /// Qwen2 and 2.5: Llama's form with biases on queries, keys and values, and windows in the later layers if asked.
    static let qwen2 = FamilyDescription(
        modelType: "qwen2", causalArchitecture: "Qwen2ForCausalLM",
        classifierArchitecture: "Qwen2ForSequenceClassification", optionalPrefix: nil,
        ignoredSuffixes: [".rotary_emb.inv_freq"],
        names: { WeightNames(llamaForm: $0) },
        read: { file throws(CheckpointError) in
            var configuration = try file.llamaForm(usualKeyValueHeads: 32, usualContext: 32_768)
            configuration.attentionBias = true
            configuration.windows = try file.qwenWindows(layers: configuration.layers)
            return configuration
        },
        write: { $0.llamaFormFields.merging($0.qwenWindowFields) { $1 } })

    /// Qwen3: Llama's form with a norm on each head's queries and keys, and a head size of its own.
    static let qwen3 = FamilyDescription(
        modelType: "qwen3", causalArchitecture: "Qwen3ForCausalLM",
        classifierArchitecture: "Qwen3ForSequenceClassification", optionalPrefix: nil,
        ignoredSuffixes: [".rotary_emb.inv_freq"],
        names: { WeightNames(llamaForm: $0) },
        read: { file throws(CheckpointError) in
            var configuration = try file.llamaForm(
                usualHeadSize: 128, usualKeyValueHeads: 32, usualContext: 32_768)
            configuration.queryKeyNorm = true
            configuration.attentionBias = try file.optionalFlag("attention_bias") ?? false
            configuration.outputBias = configuration.attentionBias
            configuration.windows = try file.qwenWindows(layers: configuration.layers)
            return configuration
        },
        write: { configuration in
            var fields = configuration.llamaFormFields.merging(configuration.qwenWindowFields) { $1 }
            fields["attention_bias"] = .bool(configuration.attentionBias)
            return fields
        })
}

private let kinds = (full: "full_attention", sliding: "sliding_attention")

extension ConfigurationReader {
    /// With `use_sliding_window` the layers that `layer_types` names, or those from `max_window_layers` on.
    fileprivate func qwenWindows(layers: Int) throws(CheckpointError) -> [Int?] {
        let listed = try layerKinds("layer_types", layers: layers, oneOf: [kinds.full, kinds.sliding])
        let usual = fields["sliding_window"] == nil ? 4096 : nil
        let written = try optionalSize("sliding_window") ?? usual
        let window = try optionalFlag("use_sliding_window") ?? false ? written : nil
        guard let window else {
            if listed?.contains(kinds.sliding) == true {
                throw .badField(
                    file: file, field: "layer_types", value: kinds.sliding,
                    wanted: "\(kinds.full) in every layer, as use_sliding_window and sliding_window give no window")
            }
            return []
        }
        let first = try optionalCount("max_window_layers") ?? 28
        let windows = (0..<layers).map { layer -> Int? in
            (listed.map { $0[layer] == kinds.sliding } ?? (layer >= first)) ? window : nil
        }
        return windows.contains { $0 != nil } ? windows : []
    }
}

extension ModelConfiguration {
    fileprivate var qwenWindowFields: [String: JSONValue] {
        let sliding = (0..<layers).map { window(ofLayer: $0) > 0 }
        return [
            "use_sliding_window": .bool(sliding.contains(true)),
            "sliding_window": widestWindow.map { .integer($0) } ?? .null,
            "max_window_layers": .integer(sliding.firstIndex(of: true) ?? layers),
            "layer_types": .array(sliding.map { .string($0 ? kinds.sliding : kinds.full) }),
        ]
    }
}
