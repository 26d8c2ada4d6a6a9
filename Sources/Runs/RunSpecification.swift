public import JSON

/// What a run is to do: `input/run.json`, written once.
public struct RunSpecification: Codable, Sendable, Equatable {
    /// `tokenizer`, `pretraining`, `supervised`, `reward-model`, `preference-tuning` or `policy-refresh`.
    public var kind: String
    /// The seed from which every random number of the run follows.
    public var seed: UInt64
    /// The checkpoints that the run starts from.
    public var parents: [RunParent]
    /// The settings of this kind of run, as its job encodes them.
    public var settings: JSONValue
    /// The version of Plumb that wrote the run.
    public var version: String

    public init(kind: String, seed: UInt64, parents: [RunParent], settings: JSONValue, version: String) {
        self.kind = kind
        self.seed = seed
        self.parents = parents
        self.settings = settings
        self.version = version
    }

    /// A specification whose settings are any encodable value.
    public init(
        kind: String, seed: UInt64, parents: [RunParent], encoding settings: some Encodable, version: String
    ) throws {
        self.init(
            kind: kind, seed: seed, parents: parents, settings: try JSONValue(encoding: settings), version: version)
    }

    /// The settings as the job's own type.
    /// - Throws: `RunError.badSettings`, which names the field.
    public func settings<T: Decodable>(as type: T.Type) throws(RunError) -> T {
        do {
            return try settings.decoded(as: type)
        } catch let error as RunError {
            throw error
        } catch {
            let words = DecodingWords(error)
            throw .badSettings(field: words.field, reason: words.reason)
        }
    }

    /// The one parent with that role.
    /// - Throws: `RunError.missingParent`.
    public func parent(role: String) throws(RunError) -> RunParent {
        guard let parent = parents.first(where: { $0.role == role }) else { throw .missingParent(role: role) }
        return parent
    }
}

/// A checkpoint or file that a run starts from.
public struct RunParent: Codable, Sendable, Equatable {
    /// What it is to the run: `base`, `reference`, `current`, `reward-model`, `tokenizer`, ….
    public var role: String
    /// Where it lies: absolute, or relative to the run directory.
    public var path: String
    /// `Digest.file` or `Digest.folder` of it.
    public var sha256: String

    public init(role: String, path: String, sha256: String) {
        self.role = role
        self.path = path
        self.sha256 = sha256
    }
}
