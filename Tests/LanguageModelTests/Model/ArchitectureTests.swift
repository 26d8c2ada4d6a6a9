import Foundation
import LanguageModel
import Testing

/// What a folder may say about its architecture, and that it comes back as it was.
extension CheckpointTests {
    @Test(arguments: ParityCase.all) func aConvertedFolderHasTheSameNamesTypesAndBytes(_ parity: ParityCase) throws {
        for source in [parity.policy, parity.reward] {
            try Fixtures.withTemporaryFolder { folder in
                let type = try #require(try Checkpoint.storedType(of: source))
                try Checkpoint.save(try Checkpoint.load(source), to: folder, as: type)
                #expect(try Checkpoint.storedType(of: folder) == .float32)
                #expect(try tensors(of: folder) == (try tensors(of: source)))
                for half in [FloatType.bfloat16, .float16] {
                    let (first, second) = (folder.appending(path: "first"), folder.appending(path: "second"))
                    try Checkpoint.save(try Checkpoint.load(source), to: first, as: half)
                    #expect(try Checkpoint.storedType(of: first) == half)
                    try Checkpoint.save(try Checkpoint.load(first), to: second, as: half)
                    #expect(try tensors(of: second) == (try tensors(of: first)))
                }
            }
        }
    }

    @Test(arguments: ParityCase.all) func shardsOfHalfPrecisionReadAsTheWhole(_ parity: ParityCase) throws {
        try Fixtures.withTemporaryFolder { folder in
            try Checkpoint.save(try Checkpoint.load(parity.policy), to: folder, as: .bfloat16)
            let whole = try Checkpoint.load(folder)
            let tensors = try tensors(of: folder)
            var map: [String: String] = [:]
            for (index, part) in [0, 1, 2].enumerated() {
                let names = tensors.keys.sorted().enumerated().filter { $0.offset % 3 == part }.map(\.element)
                let shard = "model-0000\(index + 1)-of-00003.safetensors"
                for name in names { map[name] = shard }
                try write(names.map { ($0, tensors[$0] ?? [:]) }, to: folder.appending(path: shard))
            }
            try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
            try JSONEncoder().encode(["weight_map": map]).write(
                to: folder.appending(path: "model.safetensors.index.json"))
            #expect(try Checkpoint.load(folder).parameters.sha256 == whole.parameters.sha256)
            #expect(try Checkpoint.storedType(of: folder) == .bfloat16)
        }
    }

    @Test func bothSpellingsOfPartialRotaryReadAlike() throws {
        let older = try Checkpoint.configuration(of: try #require(ParityCase.named("gpt_neox")).policy)
        let newer = try Checkpoint.configuration(of: try #require(ParityCase.named("config-v5/gpt_neox")).policy)
        #expect(older == newer)
        guard case .rotary(let settings) = older.positions else {
            Issue.record("no rotary positions")
            return
        }
        #expect(settings.size == 4)
    }

    @Test func windowsAreThoseOfTheLayersThatConfigNames() throws {
        func windows(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> [Int?] {
            var found: [Int?] = []
            try withCopy(try #require(ParityCase.named(name)).policy) { folder in
                try edit(folder, change)
                found = try Checkpoint.configuration(of: folder).windows
            }
            return found
        }
        #expect(try windows("mistral") { $0["sliding_window"] = NSNull() } == [])
        #expect(try windows("mistral") { $0["sliding_window"] = nil } == [4096, 4096])
        #expect(try windows("mistral") { _ in } == [8, 8])
        #expect(
            try windows("qwen2") { fields in
                fields["use_sliding_window"] = true
                fields["sliding_window"] = 5
                fields["layer_types"] = nil
                fields["max_window_layers"] = 1
            } == [nil, 5])
        #expect(
            try windows("qwen3") { fields in
                fields["use_sliding_window"] = true
                fields["sliding_window"] = 5
                fields["layer_types"] = ["sliding_attention", "full_attention"]
            } == [5, nil])
        #expect(try windows("gpt_neo") { $0["attention_layers"] = nil } == [nil, 8])
        #expect(
            try windows("gpt_neo") { fields in
                fields["attention_layers"] = nil
                fields["attention_types"] = [[["local"], 2]]
            } == [8, 8])
    }

    /// case, field, value, words of the error
    static let hostile: [(String, String, any Sendable, [String])] = [
        ("gptj", "n_head", 0, ["n_head"]), ("gptj", "n_head", 5, ["n_head", "divisor"]),
        ("gptj", "rotary_dim", 64, ["rotary_dim", "head size 8"]), ("gptj", "rotary_dim", 3, ["rotary_dim", "even"]),
        ("gptj", "activation_function", "relu", ["activation_function", "relu"]),
        ("gpt2", "n_head", 7, ["n_head", "divisor"]), ("gpt2", "n_layer", -2, ["n_layer", "-2"]),
        ("gpt_neox", "rotary_pct", 3, ["rotary_pct", "3"]), ("gpt_neox", "rotary_pct", 0, ["rotary_pct"]),
        ("gpt_neox", "rotary_pct", 0.4, ["rotary_pct", "even"]),
        ("gpt_neox", "num_attention_heads", 0, ["num_attention_heads"]),
        ("gpt_neox", "use_parallel_residual", 1, ["use_parallel_residual", "true or false"]),
        ("config-v5/gpt_neox", "rope_parameters", ["partial_rotary_factor": 2], ["rope_parameters", "2"]),
        ("config-v5/llama3", "rope_parameters", ["full_attention": ["rope_theta": 1]], ["full_attention", "one set"]),
        ("llama2", "partial_rotary_factor", 0.5, ["partial_rotary_factor", "0.5"]),
        ("mistral", "sliding_window", 0, ["sliding_window"]), ("mistral", "num_key_value_heads", 3, ["key_value"]),
        ("mistral", "num_hidden_layers", -1, ["num_hidden_layers", "-1"]),
        ("mistral", "num_hidden_layers", 1 << 27, ["num_hidden_layers", "65536"]),
        ("qwen3", "num_hidden_layers", 1 << 27, ["num_hidden_layers", "65536"]),
        ("gpt_neo", "window_size", 0, ["window_size"]),
        ("gpt_neo", "attention_layers", ["global"], ["attention_layers", "each layer"]),
        ("gpt_neo", "attention_layers", ["global", "far"], ["attention_layers", "far"]),
        ("qwen2", "layer_types", ["full_attention", "sliding_attention"], ["layer_types", "use_sliding_window"]),
        ("qwen3", "head_dim", 7, ["rotary", "7"]), ("qwen3", "head_dim", -8, ["head_dim", "-8"]),
        ("qwen3", "hidden_act", "gelu", ["hidden_act", "gelu"]),
    ]

    @Test(arguments: 0..<hostile.count) func valuesThatCannotBeAreErrorsThatNameFileAndField(_ index: Int) throws {
        let (name, field, value, words) = Self.hostile[index]
        try withCopy(try #require(ParityCase.named(name)).policy) { folder in
            try edit(folder) { $0[field] = value }
            for word in words + ["config.json"] { expectError(folder, word) }
        }
    }

    @Test func unfoldedAttentionTypesOfHostileLengthsAreRefused() throws {
        for types in [[[["global"], 1 << 60]], [[["global", "local"], 2]], [[[], 2]], [[["global"], -1]], [7]]
            as [[Any]]
        {
            try withCopy(try #require(ParityCase.named("gpt_neo")).policy) { folder in
                try edit(folder) { fields in
                    fields["attention_layers"] = nil
                    fields["attention_types"] = types
                }
                expectError(folder, "config.json", "attention_types", "2 layers")
            }
        }
    }

    /// Every tensor of `model.safetensors`: type, shape and bytes.
    func tensors(of folder: URL) throws -> [String: [String: Data]] {
        let data = try Data(contentsOf: folder.appending(path: "model.safetensors"))
        let length = (0..<8).reversed().reduce(0) { $0 << 8 | Int(data[$1]) }
        let header = try #require(
            try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]])
        var tensors: [String: [String: Data]] = [:]
        for (name, entry) in header where name != "__metadata__" {
            let place = try #require(entry["data_offsets"] as? [Int])
            tensors[name] = [
                "dtype": Data("\(try #require(entry["dtype"]))".utf8),
                "shape": try JSONSerialization.data(withJSONObject: try #require(entry["shape"])),
                "bytes": data[(8 + length + place[0])..<(8 + length + place[1])],
            ]
        }
        return tensors
    }

    func write(_ tensors: [(String, [String: Data])], to file: URL) throws {
        var header: [String: Any] = [:]
        var bytes = Data()
        for (name, tensor) in tensors {
            let (shape, own) = (try #require(tensor["shape"]), try #require(tensor["bytes"]))
            header[name] = [
                "dtype": String(decoding: try #require(tensor["dtype"]), as: UTF8.self),
                "shape": try JSONSerialization.jsonObject(with: shape),
                "data_offsets": [bytes.count, bytes.count + own.count],
            ]
            bytes += own
        }
        let json = try JSONSerialization.data(withJSONObject: header)
        let length = Data((0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) })
        try (length + json + bytes).write(to: file)
    }
}
