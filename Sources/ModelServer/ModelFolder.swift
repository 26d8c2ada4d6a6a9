package import Foundation
internal import LanguageModel

/// A folder on the disk that may hold a model.
package enum ModelFolder {
    /// Whether a folder has what a model needs: a configuration, weights, and a tokenizer.
    package static func isModel(_ folder: URL) -> Bool {
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        return has("config.json") && (AdapterFolder.hasWeights(folder) || AdapterFolder.isAdapter(folder))
            && (has("tokenizer.json") || has("vocab.json"))
    }
}

/// What a folder's files looked like: names, sizes, times of change and numbers of the files themselves. A model is used
/// only while its folder still looks as it did when it was loaded.
package struct FolderFingerprint: Sendable, Equatable {
    private var files: [String]

    /// The newest change of a file.
    let changed: Date

    package init(of folder: URL) throws {
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
