import Foundation
import LanguageModel
import Testing

/// Folders as people find them: older files, files of other programs, fields left out, things that are not read.
extension CheckpointTests {
    /// What older files hold beside the weights, by family: masks and frequencies that are computed here.
    static let buffers: [(name: String, prefix: String, buffers: [String])] = [
        ("gpt2", "transformer.", ["h.0.attn.bias", "h.1.attn.masked_bias"]),
        ("gpt_neo", "transformer.", ["h.0.attn.attention.bias", "h.1.attn.attention.masked_bias"]),
        ("gptj", "transformer.", ["h.0.attn.bias", "h.0.attn.masked_bias"]),
        (
            "gpt_neox", "gpt_neox.",
            ["layers.0.attention.bias", "layers.0.attention.masked_bias", "layers.1.attention.rotary_emb.inv_freq"]
        ),
        ("llama2", "", ["model.layers.0.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq"]),
        ("mistral", "", ["model.layers.1.self_attn.rotary_emb.inv_freq"]),
    ]

    @Test(arguments: buffers.indices) func olderFilesHaveBuffersAndLeaveTheirPrefixOff(_ index: Int) throws {
        let (name, prefix, buffers) = Self.buffers[index]
        let source = try #require(ParityCase.named(name)).policy
        let expected = try Checkpoint.load(source).parameters.sha256
        for shortens in [false, true] {
            try withCopy(source) { folder in
                var stored = try tensors(of: folder).map { key, tensor in
                    (shortens && key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key, tensor)
                }
                for (place, buffer) in buffers.enumerated() {
                    let type = ["BOOL", "F32", "F16"][place]
                    let bytes = Data(repeating: 0, count: ["BOOL": 64, "F32": 256, "F16": 128][type] ?? 0)
                    stored.append(
                        (
                            (shortens ? "" : prefix) + buffer,
                            ["dtype": Data(type.utf8), "shape": Data("[1,1,8,8]".utf8), "bytes": bytes]
                        ))
                }
                try write(stored, to: folder.appending(path: "model.safetensors"))
                #expect(try Checkpoint.load(folder).parameters.sha256 == expected)
            }
        }
    }

    @Test func oneMatrixForEmbeddingAndHeadMayHaveEitherNameOrBoth() throws {
        let (embedding, head) = ("model.embed_tokens.weight", "lm_head.weight")
        let source = try #require(ParityCase.named("smollm2")).policy
        let expected = try Checkpoint.load(source).parameters.sha256
        let stored = try tensors(of: source)
        let matrix = try #require(stored[embedding])
        func write(_ change: (inout [String: [String: Data]]) -> Void, _ body: (URL) throws -> Void) throws {
            try withCopy(source) { folder in
                var changed = stored
                change(&changed)
                try self.write(changed.map { ($0, $1) }, to: folder.appending(path: "model.safetensors"))
                try body(folder)
            }
        }
        try write({
            $0[embedding] = nil
            $0[head] = matrix
        }) { folder in
            let found = try Checkpoint.load(folder).parameters.sha256
            #expect(found == expected)
        }
        try write({ $0[head] = matrix }) { folder in
            let found = try Checkpoint.load(folder).parameters.sha256
            #expect(found == expected)
        }
        try write({ $0[embedding] = nil }) { expectError($0, "model.safetensors", embedding) }
        var bytes = Data(try #require(matrix["bytes"]))
        bytes[5] ^= 1
        try write({
            $0[head] = matrix
            $0[head]?["bytes"] = bytes
        }) { expectError($0, "model.safetensors", head, embedding, "tie_word_embeddings") }
    }

    @Test func fieldsLeftOutMeanWhatTransformersTakes() throws {
        func read(_ name: String, without fields: [String], _ change: (inout [String: Any]) -> Void = { _ in }) throws
            -> ModelConfiguration
        {
            try Fixtures.withTemporaryFolder { folder in
                let source = try #require(ParityCase.named(name)).policy
                try Data(contentsOf: source.appending(path: "config.json")).write(
                    to: folder.appending(path: "config.json"))
                try edit(folder) { all in
                    for field in fields { all[field] = nil }
                    change(&all)
                }
                return try Checkpoint.configuration(of: folder)
            }
        }
        let usual = [
            "rope_theta", "rope_scaling", "tie_word_embeddings", "num_key_value_heads", "max_position_embeddings",
            "rms_norm_eps", "head_dim", "hidden_act", "attention_bias", "mlp_bias", "architectures", "bos_token_id",
            "eos_token_id", "pad_token_id", "use_sliding_window", "layer_types", "max_window_layers", "torch_dtype",
        ]
        let llama = try read("llama3", without: usual)
        #expect(llama.positions == .rotary(RotarySettings(theta: 10_000, size: llama.width / llama.heads)))
        #expect(!llama.tiedEmbeddings && llama.keyValueHeads == llama.heads && llama.contextLength == 2048)
        #expect(llama.normEpsilon == 1e-6 && !llama.attentionBias && llama.beginTokenID == nil)
        let mistral = try read("mistral", without: usual) { $0["num_attention_heads"] = 16 }
        #expect(mistral.keyValueHeads == 8 && mistral.contextLength == 131_072 && mistral.headSize == 2)
        for name in ["qwen2", "qwen3"] {
            let qwen = try read(name, without: usual) { fields in
                fields["num_attention_heads"] = 32
                fields["hidden_size"] = 64
            }
            #expect(qwen.keyValueHeads == 32 && qwen.contextLength == 32_768 && qwen.windows.isEmpty)
            #expect(qwen.headSize == (name == "qwen3" ? 128 : 2))
        }
        let heads = try read("mistral", without: []) { $0["num_key_value_heads"] = NSNull() }
        #expect(heads.keyValueHeads == heads.heads)
        let gpt2 = try read("gpt2", without: ["n_inner", "tie_word_embeddings", "activation_function", "n_ctx"])
        #expect(gpt2.feedForward == 4 * gpt2.width && gpt2.tiedEmbeddings && gpt2.activation == .gelu)
    }

    @Test func idsOfSpecialTokensThatTheVocabularyDoesNotHaveAreNone() throws {
        try withCopy(try #require(ParityCase.named("gpt2")).policy) { folder in
            try edit(folder) { fields in
                fields["bos_token_id"] = 50_256
                fields["eos_token_id"] = [50_256, 7]
                fields["pad_token_id"] = -1
            }
            let configuration = try Checkpoint.load(folder).configuration
            #expect(configuration.beginTokenID == nil && configuration.padTokenID == nil)
            #expect(configuration.endTokenIDs == [7])
            try edit(folder) { $0["eos_token_id"] = "7" }
            expectError(folder, "config.json", "eos_token_id", "a token id")
        }
    }

    @Test(arguments: ["dynamic", "yarn", "longrope", "su", "mrope"])
    func scalingsOfRotaryPositionsThatAreNotDoneAreRefused(_ kind: String) throws {
        for (field, key) in [("rope_scaling", "type"), ("rope_scaling", "rope_type"), ("rope_parameters", "rope_type")]
        {
            try withCopy(try #require(ParityCase.named("llama2")).policy) { folder in
                try edit(folder) { $0[field] = [key: kind, "factor": 2.0] }
                expectError(folder, "config.json", "rope_type", kind, "llama3")
            }
        }
    }

    @Test func olderNamesOfScalingsAreRead() throws {
        try withCopy(try #require(ParityCase.named("llama2")).policy) { folder in
            try edit(folder) { $0["rope_scaling"] = ["type": "linear", "factor": 4] }
            guard case .rotary(let settings) = try Checkpoint.configuration(of: folder).positions else {
                Issue.record("no rotary positions")
                return
            }
            #expect(settings.scaling == .linear(factor: 4))
            for scaling in [["type": "linear"], ["type": "linear", "factor": 0], ["type": "llama3", "factor": 8]]
                as [[String: Any]]
            {
                try edit(folder) { $0["rope_scaling"] = scaling }
                expectError(folder, "config.json", scaling["type"] as? String == "llama3" ? "low_freq" : "factor")
            }
        }
    }

    @Test(arguments: [
        "FalconForCausalLM", "BloomForCausalLM", "MixtralForCausalLM", "Qwen2MoeForCausalLM", "Gemma2ForCausalLM",
        "Phi3ForCausalLM", "OPTForCausalLM", "LlamaModel", "T5ForConditionalGeneration",
        "MistralForTokenClassification",
    ])
    func otherArchitecturesAreRefusedByName(_ name: String) throws {
        try withCopy(try #require(ParityCase.named("llama2")).policy) { folder in
            try edit(folder) { $0["architectures"] = [name] }
            expectError(folder, "config.json", name, "MistralForCausalLM")
            try edit(folder) { fields in
                fields["architectures"] = nil
                fields["model_type"] = name.lowercased()
            }
            expectError(folder, "config.json", name.lowercased())
        }
    }

    @Test func weightsOfOtherFormsAreNamed() throws {
        try withCopy(try #require(ParityCase.named("llama2")).policy) { folder in
            let file = folder.appending(path: "model.safetensors")
            try FileManager.default.moveItem(at: file, to: folder.appending(path: "pytorch_model.bin"))
            expectError(folder, "model.safetensors", "no such file", "pytorch_model.bin", "save_pretrained")
            try FileManager.default.removeItem(at: folder.appending(path: "pytorch_model.bin"))
            expectError(folder, "model.safetensors", "there is no such file")
        }
        try withCopy(try #require(ParityCase.named("llama2")).policy) { folder in
            try edit(folder) { $0["quantization_config"] = ["quant_method": "gptq", "bits": 4] }
            expectError(folder, "config.json", "quantization_config", "gptq", "float32")
            try edit(folder) { $0["quantization_config"] = NSNull() }
            #expect(throws: Never.self) { try Checkpoint.load(folder) }
        }
    }
}
