import Foundation
import Testing

/// The house as docs/architecture.md draws it: which module may import which of ours, directly.
private let allowedArrows: [String: Set<String>] = [
    "Kernels": [],
    "CMarkGFM": [],
    "JSON": [],
    "SeededRandom": [],
    "DemoWorld": ["SeededRandom"],
    "Preferences": ["JSON", "SeededRandom"],
    "Runs": ["JSON"],
    "LanguageModel": ["Kernels", "JSON", "SeededRandom"],
    "RewardModel": ["LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"],
    "Policy": ["RewardModel", "LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"],
    "ModelServer": ["Policy", "LanguageModel", "JSON", "SeededRandom"],
    "Labels": ["Preferences", "JSON", "SeededRandom"],
    "Web": ["CMarkGFM", "Labels", "Preferences", "JSON"],
    "AnnotationServer": [
        "Web", "Labels", "Preferences", "Policy", "RewardModel", "LanguageModel", "ModelServer", "Runs", "DemoWorld",
        "JSON", "SeededRandom",
    ],
]

@Suite struct ArchitectureTests {
    private let root = packageRoot()

    @Test func everySourceFolderIsAModuleOfTheHouse() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "Sources"), includingPropertiesForKeys: nil
        ).map(\.lastPathComponent)
        #expect(Set(folders) == Set(allowedArrows.keys))
    }

    @Test func sourcesImportOnlyAlongTheArrows() throws {
        for (module, allowed) in allowedArrows.sorted(by: { $0.key < $1.key }) {
            for file in try swiftFiles(under: root.appending(path: "Sources/\(module)")) {
                let imported = try importedModules(of: file).intersection(allowedArrows.keys)
                let forbidden = imported.subtracting(allowed).subtracting([module])
                #expect(forbidden.isEmpty, "\(module)/\(file.lastPathComponent) imports \(forbidden.sorted())")
            }
        }
    }

    @Test func theManifestDeclaresOnlyTheArrows() throws {
        let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        for (module, allowed) in allowedArrows.sorted(by: { $0.key < $1.key }) {
            let declared = try #require(dependencies(of: module, in: manifest), "no target \(module) in Package.swift")
            let forbidden = declared.intersection(allowedArrows.keys).subtracting(allowed)
            #expect(forbidden.isEmpty, "Package.swift lets \(module) depend on \(forbidden.sorted())")
        }
    }

    /// Raw memory has owners: everything else speaks in values (docs/architecture.md, "Memory").
    @Test func uncheckedSendableStaysWithTheMemoryOwners() throws {
        for module in allowedArrows.keys.sorted() where module != "LanguageModel" {
            for file in try swiftFiles(under: root.appending(path: "Sources/\(module)")) {
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(!text.contains("@unchecked Sendable"), "\(module)/\(file.lastPathComponent)")
            }
        }
    }

    @Test func noFileNamesAnUnfinishedPart() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX:", "not implemented"]
        for folder in ["Sources", "static", "scripts"] {
            for file in try files(under: root.appending(path: folder)) {
                guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
                for mark in marks { #expect(!text.contains(mark), "\(mark) in \(file.path)") }
            }
        }
    }

    private func importedModules(of file: URL) throws -> Set<String> {
        var modules = Set<String>()
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(of: "import"), place <= 2, place + 1 < words.count,
                words[..<place].allSatisfy({ $0.hasPrefix("@") || importModifiers.contains($0) })
            else { continue }
            let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
            let name = kinds.contains(words[place + 1]) && place + 2 < words.count ? words[place + 2] : words[place + 1]
            modules.insert(name.split(separator: ".").first.map(String.init) ?? name)
        }
        return modules
    }

    private let importModifiers: Set<String> = ["public", "internal", "package", "private", "fileprivate"]

    /// Names of the string dependencies of a target in the manifest's text.
    private func dependencies(of module: String, in manifest: String) -> Set<String>? {
        let pattern =
            "\\.(?:target|executableTarget|systemLibrary)\\(\\s*name: \"\(module)\"(.*?)(?=\\n        \\.|\\n    \\]\\))"
        guard let expression = try? NSRegularExpression(pattern: pattern, options: .dotMatchesLineSeparators),
            let match = expression.firstMatch(in: manifest, range: NSRange(manifest.startIndex..., in: manifest)),
            let range = Range(match.range(at: 1), in: manifest)
        else { return nil }
        let body = manifest[range]
        guard let start = body.range(of: "dependencies: [") else { return [] }
        let list = body[start.upperBound...].prefix { $0 != "]" }
        let quoted = list.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        return Set(quoted.filter { $0.offset % 2 == 1 }.map { String($0.element) })
    }

    private func swiftFiles(under folder: URL) throws -> [URL] {
        try files(under: folder).filter { $0.pathExtension == "swift" }
    }

    private func files(under folder: URL) throws -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        return (found?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }
    }
}

/// The folder that holds Package.swift, found from this file upwards.
func packageRoot(file: String = #filePath) -> URL {
    var folder = URL(filePath: file).deletingLastPathComponent()
    while folder.path != "/" {
        if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { return folder }
        folder.deleteLastPathComponent()
    }
    return URL(filePath: FileManager.default.currentDirectoryPath)
}
