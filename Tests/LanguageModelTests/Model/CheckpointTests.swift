import Foundation
import LanguageModel
import Testing

@Suite struct CheckpointTests {
    @Test(arguments: ParityCase.all) func aSavedModelReadsBackWithTheSameBitsAndNames(_ parity: ParityCase) throws {
        for source in [parity.policy, parity.reward] {
            let model = try Checkpoint.load(source)
            try Fixtures.withTemporaryFolder { folder in
                try Checkpoint.save(model, to: folder)
                let again = try Checkpoint.load(folder)
                #expect(again.parameters.sha256 == model.parameters.sha256)
                var expected = model.configuration
                expected.padTokenID = again.configuration.padTokenID
                #expect(again.configuration == expected)
                let names = try SafetensorsFile(source.appending(path: "model.safetensors")).names
                #expect(try SafetensorsFile(folder.appending(path: "model.safetensors")).names == names)
            }
        }
    }

    @Test func theWrittenPadTokenIsNeverAnEndToken() throws {
        for parity in ParityCase.all {
            try Fixtures.withTemporaryFolder { folder in
                try Checkpoint.save(try Checkpoint.load(parity.policy), to: folder)
                let written = try Checkpoint.configuration(of: folder)
                let pad = try #require(written.padTokenID)
                #expect(!written.endTokenIDs.contains(pad))
            }
        }
    }

    @Test func halfPrecisionsRoundToNearestEven() throws {
        let values: [Float] = [
            0, -0.0, 1, -1, 0.1, 1.00390625, 1.01171875, 65504, 3.0e-5, 5.9e-8, 2.9e-8, 1e-7, 6.1e-5, 0.33333334, -2.5,
        ]
        let model = try Transformer(
            configuration: .llama(
                vocabularySize: 4, width: 4, layers: 1, heads: 1, feedForward: 4, contextLength: 8))
        let padded = values + [Float](repeating: 0, count: 16 - values.count)
        try model.setTensor("model.embed_tokens.weight", padded)
        try Fixtures.withTemporaryFolder { folder in
            try Checkpoint.save(model, to: folder, as: .bfloat16)
            let rounded = padded.map { value in
                let bits = value.bitPattern
                return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
            }
            #expect(try Checkpoint.load(folder).tensor("model.embed_tokens.weight") == rounded)
            try Checkpoint.save(model, to: folder, as: .float16)
            let halves = padded.map { Float(Float16($0)) }
            #expect(try Checkpoint.load(folder).tensor("model.embed_tokens.weight") == halves)
        }
    }

    @Test func bothSpellingsOfRotarySettingsReadAlike() throws {
        try withCopy(ParityCase.all[3].policy) { folder in
            let older = try Checkpoint.configuration(of: folder)
            try edit(folder) { fields in
                var rope = fields["rope_scaling"] as? [String: Any] ?? [:]
                rope["rope_theta"] = fields["rope_theta"]
                fields["rope_parameters"] = rope
                fields["rope_scaling"] = nil
                fields["rope_theta"] = nil
            }
            #expect(try Checkpoint.configuration(of: folder) == older)
        }
    }

    @Test func shardsWithAnIndexReadAsOneFile() throws {
        let source = ParityCase.all[1].policy
        let model = try Checkpoint.load(source)
        try withCopy(source) { folder in
            let whole = folder.appending(path: "model.safetensors")
            let shard = "model-00001-of-00001.safetensors"
            try FileManager.default.moveItem(at: whole, to: folder.appending(path: shard))
            var map: [String: String] = [:]
            for entry in model.table.entries { map[entry.name] = shard }
            let index = try JSONEncoder().encode(["weight_map": map])
            try index.write(to: folder.appending(path: "model.safetensors.index.json"))
            #expect(try Checkpoint.load(folder).parameters.sha256 == model.parameters.sha256)
        }
    }

    @Test func unknownArchitecturesAndChoicesAreNamed() throws {
        try withCopy(ParityCase.all[1].policy) { folder in
            try edit(folder) { $0["architectures"] = ["MambaForCausalLM"] }
            expectError(folder, "config.json", "MambaForCausalLM", "LlamaForCausalLM")
        }
        try withCopy(ParityCase.all[1].policy) { folder in
            try edit(folder) { $0["hidden_act"] = "relu" }
            expectError(folder, "config.json", "hidden_act", "relu")
        }
        try withCopy(ParityCase.all[1].policy) { folder in
            try edit(folder) { $0["num_hidden_layers"] = 1_000_000 }
            expectError(folder, "config.json", "layers")
        }
        try withCopy(ParityCase.all[1].policy) { folder in
            try edit(folder) { $0["hidden_size"] = nil }
            expectError(folder, "config.json", "hidden_size")
        }
        try withCopy(ParityCase.all[1].policy) { folder in
            try Data().write(to: folder.appending(path: "config.json"))
            expectError(folder, "config.json", "empty")
            try Data([0x7B, 0xFF, 0xFE]).write(to: folder.appending(path: "config.json"))
            expectError(folder, "config.json", "UTF-8")
        }
    }

    @Test func missingSurplusMisshapenAndNonFiniteTensorsAreNamed() throws {
        let parity = ParityCase.all[1]
        try withCopy(parity.policy) { folder in
            try edit(folder) { $0["num_hidden_layers"] = 3 }
            expectError(folder, "model.safetensors", "model.layers.2")
            try edit(folder) { $0["num_hidden_layers"] = 1 }
            expectError(folder, "model.safetensors", "model.layers.1")
            try edit(folder) { fields in
                fields["num_hidden_layers"] = 2
                fields["intermediate_size"] = 75
            }
            expectError(folder, "[76, 32]", "[75, 32]", "gate_proj")
        }
        let model = try Checkpoint.load(parity.policy)
        let offset = try #require(model.table["model.norm.weight"]).offset
        for bad in [Float.nan, .infinity, -.infinity] {
            model.parameters[offset + 3] = bad
            try Fixtures.withTemporaryFolder { folder in
                try Checkpoint.save(model, to: folder)
                expectError(folder, "model.safetensors", "model.norm.weight", "element 3")
            }
        }
    }

    @Test func damagedAndHostileSafetensorsAreOneClearError() throws {
        let parity = ParityCase.all[1]
        let good = try Data(contentsOf: parity.policy.appending(path: "model.safetensors"))
        var huge = good
        huge.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0, 0, 0, 0x10])
        func file(_ header: String, data: Int) -> Data {
            var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
            bytes += Data(header.utf8) + Data(repeating: 0, count: data)
            return bytes
        }
        let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let cases: [(Data, String)] = [
            (good.prefix(good.count - 5), "cut short"), (good.prefix(100), "header"), (Data(), "few"), (huge, "header"),
            (good + Data([1]), "follow"),
            (
                file(
                    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
                    data: 12), "overlaps"
            ),
            (file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, data: 12), "gap"),
            (
                file(#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, data: 8),
                "impossible"
            ),
            (file(#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, data: 8), "impossible"),
            (file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, data: 8), "cut short or damaged"),
            (file(#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, data: 8), "needs 12 bytes"),
            (file(#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, data: 8), "Q4"),
            (file(#"{"a":"# + nested + "}", data: 8), "header"), (file("not json", data: 0), "header"),
            (file("{}", data: 0), "only 0 tensors"),
        ]
        for (data, words) in cases {
            try withCopy(parity.policy) { folder in
                try data.write(to: folder.appending(path: "model.safetensors"))
                try edit(folder) { $0["num_hidden_layers"] = 1 }
                expectError(folder, folder.lastPathComponent, words)
            }
        }
    }

    @Test func classifiersWithMoreThanOneLabelAreRefused() throws {
        try withCopy(ParityCase.all[1].reward) { folder in
            try edit(folder) { $0["id2label"] = ["0": "A", "1": "B"] }
            expectError(folder, "id2label", "one label")
        }
    }

    @Test func aModelUnderAScalarHeadKeepsItsTrunkAndSavesAsAClassifier() throws {
        let policy = try Checkpoint.load(ParityCase.all[2].policy)
        let scalar = try policy.withScalarHead(seed: 3)
        try Fixtures.withTemporaryFolder { folder in
            try Checkpoint.save(scalar, to: folder)
            let again = try Checkpoint.load(folder)
            #expect(again.configuration.head == .scalar)
            #expect(again.tensor("score.weight") == scalar.tensor("score.weight"))
            #expect(again.tensor("model.norm.weight") == policy.tensor("model.norm.weight"))
            #expect(again.tensor("lm_head.weight") == nil)
        }
    }

    /// A writable copy of a model folder.
    func withCopy(_ source: URL, _ body: (URL) throws -> Void) throws {
        try Fixtures.withTemporaryFolder { folder in
            for name in ["config.json", "model.safetensors"] {
                try Data(contentsOf: source.appending(path: name)).write(to: folder.appending(path: name))
            }
            try body(folder)
        }
    }

    func edit(_ folder: URL, _ change: (inout [String: Any]) -> Void) throws {
        let url = folder.appending(path: "config.json")
        var fields = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        change(&fields)
        try JSONSerialization.data(withJSONObject: fields).write(to: url)
    }

    func expectError(_ folder: URL, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        do {
            _ = try Checkpoint.load(folder)
            Issue.record("loaded", sourceLocation: sourceLocation)
        } catch {
            for word in words {
                #expect(error.description.contains(word), "\(error.description)", sourceLocation: sourceLocation)
            }
        }
    }
}
