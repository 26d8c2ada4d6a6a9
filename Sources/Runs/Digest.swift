import Crypto
public import Foundation

/// SHA-256 of data, files and folders, as 64 lower-case hexadecimal digits.
public enum Digest {
    /// The digest of some bytes.
    public static func data(_ data: Data) -> String { hexadecimal(SHA256.hash(data: data)) }

    /// The digest of a file, read in pieces.
    /// - Throws: `RunError.fileSystem`.
    public static func file(_ url: URL) throws -> String {
        var hash = SHA256()
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
        } catch {
            throw RunError.fileSystem(operation: "read", path: url.path, reason: error.localizedDescription)
        }
        return hexadecimal(hash.finalize())
    }

    /// The digest of a folder: SHA-256 of the lines `<sha256>  <relative path>` of its files, sorted by path in bytes.
    ///
    /// The same as `find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum` in that folder.
    public static func folder(_ url: URL) throws -> String { data(Data(try sums(of: url).utf8)) }

    /// The digest of what lies there, file or folder.
    public static func fileOrFolder(_ url: URL) throws -> String {
        isFolder(url) ? try folder(url) : try file(url)
    }

    /// The content of a SHA256SUMS file over a folder, without that file itself.
    static func sums(of folder: URL, excluding excluded: String? = nil) throws -> String {
        var lines = ""
        for path in try relativeFiles(of: folder) where path != excluded {
            lines += "\(try file(folder.appending(path: path)))  \(path)\n"
        }
        return lines
    }

    /// The pairs of a SHA256SUMS file.
    static func parse(sums text: String) -> [(sha256: String, path: String)] {
        text.split(separator: "\n").compactMap { line in
            guard line.count > 66 else { return nil }
            return (String(line.prefix(64)), String(line.dropFirst(66)))
        }
    }

    static func relativeFiles(of folder: URL) throws -> [String] { try walk(folder).files }
    static func relativeFolders(of folder: URL) throws -> [String] { try walk(folder).folders }

    static func isFolder(_ url: URL) -> Bool {
        (try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
    }

    /// Paths below a folder, sorted by their bytes.
    private static func walk(_ folder: URL) throws -> (files: [String], folders: [String]) {
        var files: [String] = []
        var folders: [String] = []
        var waiting = [""]
        while let current = waiting.popLast() {
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: current).path)
            } catch {
                throw RunError.fileSystem(
                    operation: "list", path: folder.appending(path: current).path, reason: error.localizedDescription)
            }
            for name in names {
                let path = current.isEmpty ? name : "\(current)/\(name)"
                if isFolder(folder.appending(path: path)) {
                    folders.append(path)
                    waiting.append(path)
                } else {
                    files.append(path)
                }
            }
        }
        func byBytes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
        return (files.sorted(by: byBytes), folders.sorted(by: byBytes))
    }

    private static func hexadecimal(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
