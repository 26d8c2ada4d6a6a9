internal import Foundation
internal import LanguageModel

/// The model folders that can be served, looked up afresh at each request: one that appears later is found at once.
struct ModelCatalog: Sendable {
    let policiesFolder: URL?
    let named: [String: URL]

    /// Names in order. Folders that are not complete yet (or are no models) are not among them.
    func names() -> [String] { Array(Set(named.keys).union(folderNames())).sorted() }

    /// - Throws: `ModelServerError.unknownModel`.
    func folder(of name: String) throws -> URL {
        if let folder = named[name] { return folder }
        guard let policiesFolder, folderNames().contains(name) else {
            throw ModelServerError.unknownModel(name, known: names())
        }
        return policiesFolder.appendingPathComponent(name, isDirectory: true)
    }

    private func folderNames() -> [String] {
        guard let policiesFolder else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: policiesFolder.path)) ?? []
        return names.filter { name in
            !name.hasPrefix(".") && ModelFolder.isModel(policiesFolder.appendingPathComponent(name, isDirectory: true))
        }
    }
}

/// What `/v1/models` says of one model.
struct ModelListing: Encodable, Sendable {
    var conversational: Bool
    var created: Int
    var id: String
    var loaded: Bool
    var maximumLength: Int
    var object = "model"
    var owner = "plumb"

    enum CodingKeys: String, CodingKey {
        case conversational, created, id, loaded, object
        case maximumLength = "max_model_len"
        case owner = "owned_by"
    }

    /// Reads the small files of a folder only. - Throws: what is wrong with them.
    init(name: String, folder: URL, loaded: Bool) throws {
        id = name
        self.loaded = loaded
        maximumLength = try Checkpoint.configuration(of: folder).contextLength
        conversational = try PromptTemplate.isConversational(folder: folder)
        created = Int(try FolderFingerprint(of: folder).changed.timeIntervalSince1970)
    }
}
