public import Foundation
public import JSON

/// `plumb.json` of a checkpoint: from what, and how, it was made.
///
/// It holds no wall clock, host, path or attempt number, so that the same run gives the same bytes.
public struct Lineage: Codable, Sendable, Equatable {
    /// The kind of run that made the checkpoint.
    public var kind: String
    public var seed: UInt64
    public var parents: [LineageParent]
    /// SHA-256 of the data that was read: groups.jsonl, prompts.jsonl, corpus.txt, ….
    public var snapshot: String?
    public var settings: JSONValue
    /// The version of Plumb.
    public var version: String
    public var metrics: [String: JSONValue]
    /// The processor type on which the bytes hold.
    public var processor: String
    /// The matrix library and its version on which the bytes hold.
    public var blas: String
    /// What only this kind of checkpoint has, such as a reward model's normalisation.
    public var details: JSONValue

    public static let fileName = "plumb.json"

    /// Kind, seed, settings, version and parents come from the run.
    public init(
        specification: RunSpecification, snapshot: String?, metrics: [String: JSONValue], processor: String,
        blas: String, details: JSONValue = .object([:])
    ) {
        kind = specification.kind
        seed = specification.seed
        parents = specification.parents.map { LineageParent(role: $0.role, sha256: $0.sha256) }
        self.snapshot = snapshot
        settings = specification.settings
        version = specification.version
        self.metrics = metrics
        self.processor = processor
        self.blas = blas
        self.details = details
    }

    /// Writes `plumb.json` into a checkpoint's folder.
    public func write(to folder: URL) throws {
        try DurableFile.writeJSON(self, to: folder.appending(path: Lineage.fileName))
    }

    /// Reads `plumb.json` of a checkpoint's folder.
    /// - Throws: `RunError.inputMissing` or `.badJSON`.
    public static func read(from folder: URL) throws(RunError) -> Lineage {
        let file = folder.appending(path: fileName)
        guard DurableFile.exists(file) else { throw .inputMissing(file: file.path) }
        return try DurableFile.decode(Lineage.self, at: file)
    }
}

/// A parent of a checkpoint, by its content alone.
public struct LineageParent: Codable, Sendable, Equatable {
    public var role: String
    public var sha256: String

    public init(role: String, sha256: String) {
        self.role = role
        self.sha256 = sha256
    }
}
