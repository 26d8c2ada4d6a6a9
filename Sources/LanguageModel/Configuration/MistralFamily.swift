import JSON

extension FamilyDescription {
    /// Mistral: Llama's form with one sliding window for all layers.
    static let mistral = FamilyDescription(
        modelType: "mistral", causalArchitecture: "MistralForCausalLM",
        classifierArchitecture: "MistralForSequenceClassification", optionalPrefix: nil,
        ignoredSuffixes: [".rotary_emb.inv_freq"],
        names: { WeightNames(llamaForm: $0) },
        read: { file throws(CheckpointError) in
            var configuration = try file.llamaForm(usualKeyValueHeads: 8, usualContext: 131_072)
            // null switches the window off; a missing field means transformers' usual 4096.
            let usual = file.fields["sliding_window"] == nil ? 4096 : nil
            if let window = try file.optionalSize("sliding_window") ?? usual {
                configuration.windows = Array(repeating: window, count: configuration.layers)
            }
            return configuration
        },
        write: { configuration in
            var fields = configuration.llamaFormFields
            fields["sliding_window"] = configuration.widestWindow.map { .integer($0) } ?? .null
            return fields
        })
}
