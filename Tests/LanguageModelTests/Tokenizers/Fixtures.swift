import Foundation

/// Files beside the tests, found from the package's root wherever the tests run.
enum TokenizerFixtures {
    static func root() throws -> URL {
        var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            let parent = folder.deletingLastPathComponent()
            guard parent.path != folder.path else { throw CocoaError(.fileNoSuchFile) }
            folder = parent
        }
        return folder
    }

    static func folder(_ style: String) throws -> URL {
        try root().appendingPathComponent("Tests/Fixtures/tokenizers").appendingPathComponent(style)
    }

    /// A file of the shared data, or nil with a printed message where this machine does not have it.
    static func shared(_ path: String) throws -> URL? {
        let file = try root().appendingPathComponent("../shared/data").appendingPathComponent(path).standardizedFileURL
        if FileManager.default.fileExists(atPath: file.path) { return file }
        print("skipped: ../shared/data/\(path) is not on this machine")
        return nil
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

struct TokenizerCase: Decodable {
    var text: String
    var ids: [Int32]
    var idsWithSpecials: [Int32]
    var decoded: String

    enum CodingKeys: String, CodingKey {
        case text, ids, decoded
        case idsWithSpecials = "ids_with_specials"
    }
}

/// Whether two texts have the same scalars; `==` of strings takes canonically equivalent ones for equal.
func sameScalars(_ first: String, _ second: String) -> Bool {
    first.unicodeScalars.elementsEqual(second.unicodeScalars)
}
