import Foundation
import LanguageModel
import Testing

@Suite struct ConversionTests {
    /// A tensor as a file holds it, read without the code under test.
    struct Stored: Equatable {
        var type: String
        var shape: [Int]
        var bytes: Data
    }

    /// All tensors of the weight files in a folder.
    static func tensors(_ folder: URL) throws -> [String: Stored] {
        var tensors: [String: Stored] = [:]
        for name in try names(folder) where name.hasSuffix(".safetensors") {
            let data = try Data(contentsOf: folder.appending(path: name))
            let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try #require(
                try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]])
            for (name, entry) in header where name != "__metadata__" {
                let offsets = try #require(entry["data_offsets"] as? [Int])
                let start = 8 + length
                #expect(tensors[name] == nil, "\(name) is stored twice")
                tensors[name] = Stored(
                    type: try #require(entry["dtype"] as? String), shape: try #require(entry["shape"] as? [Int]),
                    bytes: Data(data[start + offsets[0]..<start + offsets[1]]))
            }
        }
        return tensors
    }

    static func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test(arguments: ParityCase.all) func aConvertedFolderHasTheSameNamesTypesAndBytes(_ parity: ParityCase) throws {
        for source in [parity.policy, parity.reward] {
            try Fixtures.withTemporaryFolder { folder in
                for (place, shardBytes) in [nil, 5000].enumerated() {
                    let target = folder.appending(path: "\(place)")
                    try Checkpoint.convert(source, to: target, shardBytes: shardBytes)
                    #expect(try Self.tensors(target) == Self.tensors(source))
                    let config = try Data(contentsOf: source.appending(path: "config.json"))
                    #expect(try Data(contentsOf: target.appending(path: "config.json")) == config)
                    let model = try Checkpoint.load(target)
                    #expect(model.parameters.sha256 == (try Checkpoint.load(source)).parameters.sha256)
                }
            }
        }
    }

    @Test func convertingToHalfPrecisionAndOnKeepsNamesAndIsWhatSavingWrites() throws {
        let parity = ParityCase.all[1]
        for type in [FloatType.bfloat16, .float16] {
            try Fixtures.withTemporaryFolder { folder in
                let (half, again, saved) = (
                    folder.appending(path: "half"), folder.appending(path: "again"), folder.appending(path: "saved")
                )
                try Checkpoint.convert(parity.policy, to: half, as: type)
                try Checkpoint.convert(half, to: again)
                try Checkpoint.save(try Checkpoint.load(parity.policy), to: saved, as: type)
                #expect(try Self.tensors(half) == Self.tensors(again))
                #expect(try Self.tensors(half) == Self.tensors(saved))
                #expect(try Checkpoint.storedType(of: half) == type)
            }
        }
    }

    @Test func aModelSavedInShardsReadsBackAndLeavesNoOlderFiles() throws {
        let model = try Checkpoint.load(ParityCase.all[2].policy)
        try Fixtures.withTemporaryFolder { folder in
            try Checkpoint.save(model, to: folder)
            let whole = try Self.tensors(folder)
            try Checkpoint.save(model, to: folder, shardBytes: 8000)
            let shards = try Self.names(folder).filter { $0.hasSuffix(".safetensors") }
            #expect(shards.count > 9 && !shards.contains("model.safetensors"))
            #expect(shards.first == "model-00001-of-000\(shards.count).safetensors")
            #expect(try Self.tensors(folder) == whole)
            #expect(try Checkpoint.load(folder).parameters.sha256 == model.parameters.sha256)
            let index = try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.appending(path: "model.safetensors.index.json")))
            let metadata = try #require((index as? [String: Any])?["metadata"] as? [String: Int])
            #expect(metadata["total_size"] == whole.values.reduce(0) { $0 + $1.bytes.count })
            try Checkpoint.save(model, to: folder)
            #expect(try Self.names(folder) == ["config.json", "model.safetensors"])
        }
    }

    @Test func anIndexThatDoesNotFitItsShardsIsOneClearError() throws {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        let index = "model.safetensors.index.json"
        func refused(_ change: (URL, inout [String: String]) throws -> Void, _ words: String...) throws {
            try Fixtures.withTemporaryFolder { folder in
                try Checkpoint.save(model, to: folder, shardBytes: 30000)
                let file = folder.appending(path: index)
                let old = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
                var map = try #require(old?["weight_map"] as? [String: String])
                try change(folder, &map)
                try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(to: file)
                let error = #expect(throws: CheckpointError.self) { try Checkpoint.load(folder) }
                let text = error?.description ?? ""
                for word in words { #expect(text.contains(word), "\(text)") }
            }
        }
        let first = "model-00001-of-"
        try refused({ $1["model.norm.weight"] = nil }, index, "does not say that model.norm.weight is in")
        try refused({ $1["nothing"] = $1.values.min() }, first, "lacks the tensor nothing")
        try refused({ $1["model.norm.weight"] = "../model.safetensors" }, index, "not the name of a file")
        try refused({ $1["model.norm.weight"] = "absent.safetensors" }, "absent.safetensors", "no such file")
        try refused(
            { folder, map in
                let names = try Self.names(folder).filter { $0.hasPrefix("model-") }
                let copy = folder.appending(path: "copy.safetensors")
                try FileManager.default.copyItem(at: folder.appending(path: names[0]), to: copy)
                map["model.norm.weight"] = "copy.safetensors"
            }, "copy.safetensors")
    }

    @Test func aTargetThatHoldsSomethingIsLeftAlone() throws {
        try Fixtures.withTemporaryFolder { folder in
            let file = folder.appending(path: "notes.txt")
            try Data("mine".utf8).write(to: file)
            #expect(throws: CheckpointError.self) { try Checkpoint.convert(ParityCase.all[1].policy, to: folder) }
            #expect(try Self.names(folder) == ["notes.txt"])
        }
    }

    @Test func hostileHeadersAreRefusedForWhatIsWrongWithThem() throws {
        let dimensions = Array(repeating: "1", count: 65).joined(separator: ",")
        let cases: [(header: String, words: String)] = [
            (
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
                "names a twice"
            ),
            (#"{"__metadata__":{},"__metadata__":{}}"#, "twice"),
            (#"{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, "second or unknown field dtype"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":[[[1]]]}}"#, "second or unknown field more"),
            ("{\"a\":{\"dtype\":\"U8\",\"shape\":[\(dimensions)],\"data_offsets\":[0,1]}}", "at most 64 whole numbers"),
            (#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, "whole numbers"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}"#, "at most 2 whole numbers"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e300]}}"#, "whole numbers"),
            (#"{"a":{"dtype":"U8","shape":[9223372036854775807,2],"data_offsets":[0,1]}}"#, "whole numbers"),
            (#"{"a":{"dtype":"U8","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}"#, "follow its last tensor"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9000000000]}}"#, "cut short or damaged"),
            (#"{"__metadata__":{"x":{}}}"#, "expected a text"), ("[]", "expected an object"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} x"#, "follows the end"),
        ]
        for (header, words) in cases {
            try Fixtures.withTemporaryFolder { folder in
                let file = folder.appending(path: "model.safetensors")
                var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
                bytes += Data(header.utf8) + Data([7])
                try bytes.write(to: file)
                let error = #expect(throws: CheckpointError.self, "\(header)") { try SafetensorsFile(file) }
                #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
            }
        }
    }

    @Test func tensorsWithoutElementsReadAsNothing() throws {
        try Fixtures.withTemporaryFolder { folder in
            let header =
                #"{"a":{"dtype":"F16","shape":[0,4],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}}"#
            var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
            bytes += Data(header.utf8)
            let file = folder.appending(path: "model.safetensors")
            try bytes.write(to: file)
            let stored = try SafetensorsFile(file)
            #expect(try stored.floats("a").isEmpty && stored.floats("b").isEmpty)
            #expect(try stored.shape("a") == [0, 4])
        }
    }
}
