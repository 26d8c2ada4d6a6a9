import Foundation

/// The files that come with the program: `static/` for the browser and `demo/` with the embedded policies.
///
/// Found beside the program (`plumb` and `share/` in one folder, or `bin/plumb` and `share/plumb/`), then in the
/// source tree that the program was built in.
struct ShareFolder: Sendable {
    let staticFiles: URL
    let demo: URL

    enum NotFound: Error, CustomStringConvertible {
        case nowhere(searched: [String])

        var description: String {
            switch self {
            case .nowhere(let searched):
                "The program's share folder (static files, demo policy) was not found. Looked in: "
                    + searched.joined(separator: ", ")
                    + ". Keep `share` beside the program, or run it from its source tree."
            }
        }
    }

    /// - Throws: `NotFound` with the places that were searched.
    static func find(program: URL = runningProgram) throws -> ShareFolder {
        var searched: [String] = []
        let beside = program.deletingLastPathComponent()
        for share in [beside.appending(path: "share"), beside.appending(path: "../share/plumb").standardizedFileURL] {
            searched.append(share.path)
            let candidate = ShareFolder(
                staticFiles: share.appending(path: "static"), demo: share.appending(path: "demo"))
            if candidate.exists { return candidate }
        }
        for start in [beside, URL(filePath: FileManager.default.currentDirectoryPath)] {
            guard let root = sourceTree(above: start) else { continue }
            searched.append(root.path)
            let candidate = ShareFolder(
                staticFiles: root.appending(path: "static"), demo: root.appending(path: "share/demo"))
            if candidate.exists { return candidate }
        }
        throw NotFound.nowhere(searched: searched)
    }

    /// The program that runs now, with symbolic links resolved.
    static var runningProgram: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    }

    /// What calls this program in a terminal from any folder: its name where the PATH has it, else its path.
    static var programAsTyped: String {
        guard let typed = CommandLine.arguments.first, typed.contains("/") else { return "plumb" }
        return URL(filePath: typed).standardizedFileURL.path
    }

    private var exists: Bool { FileManager.default.fileExists(atPath: staticFiles.path) }

    private static func sourceTree(above start: URL) -> URL? {
        var folder = start.standardizedFileURL
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { return folder }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
