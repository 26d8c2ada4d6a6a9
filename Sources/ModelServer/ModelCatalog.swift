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
            !name.hasPrefix(".") && Self.isModel(policiesFolder.appendingPathComponent(name, isDirectory: true))
        }
    }

    private static func isModel(_ folder: URL) -> Bool {
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        return has("config.json") && (AdapterFolder.hasWeights(folder) || AdapterFolder.isAdapter(folder))
            && (has("tokenizer.json") || has("vocab.json"))
    }
}

/// What a folder's files looked like: names, sizes, times of change and numbers of the files themselves. A model is used
/// only while its folder still looks as it did when it was loaded.
struct FolderFingerprint: Sendable, Equatable {
    private var files: [String]

    /// The newest change of a file.
    let changed: Date

    init(of folder: URL) throws {
        var files: [String] = []
        var changed = Date(timeIntervalSince1970: 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)
            let date = attributes[.modificationDate] as? Date ?? changed
            let size = attributes[.size] as? UInt64 ?? 0
            let number = attributes[.systemFileNumber] as? UInt64 ?? 0
            files.append("\(name) \(size) \(date.timeIntervalSince1970) \(number)")
            changed = max(changed, date)
        }
        self.files = files
        self.changed = changed
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
