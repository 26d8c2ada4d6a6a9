import Crypto
import Foundation
import Hummingbird
import Logging

/// The files of `static/`: style sheet, browser modules, icons.
///
/// Pages name them under an address that holds a hash of all their contents, which browsers may keep for good; a
/// changed file changes the address. Relative imports between modules stay inside the same version.
enum StaticFiles {
    /// The first 12 hexadecimal digits of SHA-256 over the names and contents of all files, in order of name.
    /// - Throws: `StaticFilesError` where the folder or a file cannot be read.
    static func version(of folder: URL) throws -> String {
        var hash = SHA256()
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch {
            throw StaticFilesError.unreadable(path: folder.path, reason: error.localizedDescription)
        }
        for name in names {
            let file = folder.appendingPathComponent(name)
            guard let contents = FileManager.default.contents(atPath: file.path) else { continue }
            hash.update(data: Data("\(name)\u{0}\(contents.count)\u{0}".utf8))
            hash.update(data: contents)
        }
        return hash.finalize().prefix(6).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Serves the folder under the versioned address, to be kept for good.
    static func versioned(_ settings: WebSettings, prefix: String, logger: Logger) -> FileMiddleware<
        PlumbContext, LocalFileSystem
    > {
        middleware(settings, prefix: prefix, cache: [.public, .maxAge(31_536_000), .immutable], logger: logger)
    }

    /// Serves the folder under the plain address, to be asked about each time.
    static func plain(_ settings: WebSettings, logger: Logger) -> FileMiddleware<PlumbContext, LocalFileSystem> {
        middleware(settings, prefix: Path.staticFiles, cache: [.noCache], logger: logger)
    }

    private static func middleware(
        _ settings: WebSettings, prefix: String, cache: [CacheControl.CacheControlValue], logger: Logger
    ) -> FileMiddleware<PlumbContext, LocalFileSystem> {
        let kinds: [MediaType] = [
            MediaType(type: .text), MediaType(type: .application), MediaType(type: .image), MediaType(type: .font),
        ]
        return FileMiddleware(
            settings.staticFolder.path, urlBasePath: prefix, cacheControl: CacheControl(kinds.map { ($0, cache) }),
            logger: logger)
    }
}

/// Why the static files cannot be served.
enum StaticFilesError: Error, CustomStringConvertible {
    case unreadable(path: String, reason: String)

    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "The folder of static files \(path) cannot be read: \(reason)"
        }
    }
}
