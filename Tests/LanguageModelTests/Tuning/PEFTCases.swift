import Foundation
import LanguageModel
import Testing

/// Adapters that Python's peft wrote, with what PyTorch computed from them: Tests/Clients/peft_cases.py makes them.
@Suite struct PEFTCases {
    /// The fixtures, or the folder that PEFT_CASES names.
    static let folders: [URL] = {
        let root =
            ProcessInfo.processInfo.environment["PEFT_CASES"].map { URL(filePath: $0) }
            ?? Fixtures.folder.appending(path: "peft")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().map { root.appending(path: $0) }
    }()
    let pool = WorkerPool(threads: 2)

    @Test func `there are cases`() { #expect(Self.folders.count >= 8) }

    @Test(arguments: folders) func `logits, loss and gradients are those of PyTorch with peft`(_ folder: URL) throws {
        let expected = try SafetensorsFile(folder.appending(path: "expected.safetensors"))
        let ids = try expected.integers("ids").map { Int32($0) }
        let model = try AdapterFolder.load(
            folder.appending(path: "adapter"), onto: Checkpoint.load(folder.appending(path: "base")))
        let learnt = 6
        let group = TokenGroup(prompt: Array(ids.dropLast(learnt)), responses: [Array(ids.suffix(learnt))])
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        try pass.forward([group])
        let rows = Array(pass.layout.promptRows(0)) + Array(pass.layout.responseRows(0, 0))
        #expect(relativeDifference(pass.logits(atRows: rows), try expected.floats("logits")) < 1e-5)
        let found = pass.headBackward(of: pass.layout.responseTargets, into: gradients) { _, _ in -1 }
        pass.backward(into: gradients)
        #expect(relativeDifference([-found.reduce(0, +)], try expected.floats("loss")) < 1e-5)
        var compared = 0
        for entry in model.trainedTable.entries {
            let plain = "gradient.\(entry.name)"
            let name = expected.names.contains(plain) ? plain : "gradient.base_model.model.\(entry.name)"
            let own = entry.values(in: gradients)
            #expect(relativeDifference(own, try expected.floats(name)) < 1e-4, "\(entry.name)")
            compared += 1
        }
        #expect(compared == expected.names.count { $0.hasPrefix("gradient.") })
    }

    @Test(arguments: folders) func `what is read is written again, byte for byte`(_ folder: URL) throws {
        try Fixtures.withTemporaryFolder { again in
            let adapter = folder.appending(path: "adapter")
            let base = try Checkpoint.load(folder.appending(path: "base"))
            let model = try AdapterFolder.load(adapter, onto: base)
            try AdapterFolder.save(model, to: again, base: "base")
            let file = "adapter_model.safetensors"
            let (read, written) = (
                try SafetensorsFile(adapter.appending(path: file)), try SafetensorsFile(again.appending(path: file))
            )
            #expect(read.names == written.names)
            for name in read.names { #expect(try read.floats(name) == written.floats(name), "\(name)") }
            let twice = try AdapterFolder.load(again, onto: Checkpoint.load(folder.appending(path: "base")))
            #expect(twice.tuning?.method == model.tuning?.method)
            #expect(twice.trainedParameters.sha256 == model.trainedParameters.sha256)
        }
    }

    @Test(arguments: [
        ("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type"),
        ("\"bias\": \"none\"", "\"bias\": \"all\"", "bias"),
        ("\"use_dora\": false", "\"use_dora\": true", "use_dora"), ("\"r\": 5", "\"r\": -5", "r"),
        ("\"r\": 5", "\"r\": 6", "shape"),
    ])
    func `an adapter of another kind is an error that names the field`(from: String, to: String, word: String) throws {
        let folder = try #require(Self.folders.first { $0.lastPathComponent == "llama-all-linear" })
        try Fixtures.withTemporaryFolder { place in
            let copy = place.appending(path: "adapter")
            try FileManager.default.copyItem(at: folder.appending(path: "adapter"), to: copy)
            let file = copy.appending(path: "adapter_config.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing(from, with: to)
            #expect(changed != text)
            try changed.write(to: file, atomically: true, encoding: .utf8)
            let base = try Checkpoint.load(folder.appending(path: "base"))
            let error = #expect(throws: CheckpointError.self) { try AdapterFolder.load(copy, onto: base) }
            #expect(error?.description.contains(word) == true)
        }
    }

    @Test func `an adapter that its file does not hold is refused before memory is taken for it`() throws {
        let base = try Transformer(
            configuration: .llama(
                vocabularySize: 32, width: 64, layers: 32, heads: 4, feedForward: 16, contextLength: 32,
                endTokenIDs: [1], padTokenID: 0), seed: 0)
        try Fixtures.withTemporaryFolder { folder in
            // 2.1 GB, if it were true.
            try Data(#"{"peft_type": "BOTTLENECK", "width": 65536}"#.utf8)
                .write(to: folder.appending(path: "adapter_config.json"))
            try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8))
                .write(to: folder.appending(path: "adapter_model.safetensors"))
            // Other tests run meanwhile and take memory of their own: the least of three counts.
            let grown = try (0..<3).map { _ in
                try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
                let before = try Self.peakMemory()
                let error = #expect(throws: CheckpointError.self) { try AdapterFolder.load(folder, onto: base) }
                #expect(error?.description.contains("adapter.down.weight") == true)
                return try Self.peakMemory() - before
            }
            #expect(try #require(grown.min()) < 400_000)
        }
    }

    /// The kernel's high-water mark of resident memory since it was last cleared, in kB.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }
}
