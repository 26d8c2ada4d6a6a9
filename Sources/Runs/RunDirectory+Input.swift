public import Foundation

extension RunDirectory {
    /// What becomes an input file.
    public enum InputFile: Sendable {
        case data(Data)
        case copy(URL)
        /// Pieces that are written one after the other; lines bring their own new-line characters.
        case pieces(any Sequence<Data> & Sendable)
    }

    private static let specificationName = "run.json"

    /// Writes a new run's input: all or nothing, on the disk before it returns, read-only from then on.
    /// - Parameter files: data files by name, beside run.json.
    /// - Throws: `RunError.alreadyExists`, `.badInputName`, `.diskFull`, `.fileSystem`.
    public static func create(
        at url: URL, specification: RunSpecification, files: [String: InputFile]
    ) throws -> RunDirectory {
        guard !DurableFile.exists(url) else { throw RunError.alreadyExists(path: url.path) }
        let reserved = [specificationName, AttemptFile.sums]
        for name in files.keys
        where name.isEmpty || name.hasPrefix(".") || name.contains("/") || reserved.contains(name) {
            throw RunError.badInputName(name)
        }
        let parent = url.deletingLastPathComponent()
        let temporary = parent.appending(path: ".\(url.lastPathComponent).partial")
        DurableFile.removeIfPresent(temporary)
        do {
            let input = RunDirectory(temporary).inputURL
            try DurableFile.makeFolder(input)
            try DurableFile.writeJSON(specification, to: input.appending(path: specificationName))
            for (name, content) in files { try write(content, to: input.appending(path: name)) }
            let sums = try Digest.sums(of: input)
            try DurableFile.write(Data(sums.utf8), to: input.appending(path: AttemptFile.sums))
            for name in try Digest.relativeFiles(of: input) {
                let path = input.appending(path: name).path
                guard unsafe chmod(path, 0o444) == 0 else { throw OpenFile.error("make read-only", path) }
            }
            try DurableFile.synchronizeTree(temporary)
            guard !DurableFile.exists(url) else { throw RunError.alreadyExists(path: url.path) }
            try DurableFile.rename(temporary, to: url)
        } catch {
            DurableFile.removeIfPresent(temporary)
            throw error
        }
        return RunDirectory(url)
    }

    private static func write(_ content: InputFile, to url: URL) throws {
        let file = try OpenFile(url, .createNew)
        switch content {
        case .data(let data): try file.write(data)
        case .pieces(let pieces): for piece in pieces { try file.write(piece) }
        case .copy(let source):
            do {
                let handle = try FileHandle(forReadingFrom: source)
                defer { try? handle.close() }
                while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { try file.write(piece) }
            } catch let error as RunError {
                throw error
            } catch {
                throw RunError.fileSystem(operation: "read", path: source.path, reason: error.localizedDescription)
            }
        }
        try file.synchronize()
    }

    /// Compares every input file with SHA256SUMS.
    /// - Throws: `RunError.inputChanged`, `.inputMissing`, `.inputNotListed`, each naming the file.
    public func verifyInput() throws {
        let sumsURL = inputURL.appending(path: AttemptFile.sums)
        guard let text = try? String(contentsOf: sumsURL, encoding: .utf8) else {
            throw RunError.inputMissing(file: sumsURL.path)
        }
        let listed = Digest.parse(sums: text)
        for (sha256, name) in listed {
            let file = inputURL.appending(path: name)
            guard DurableFile.exists(file) else { throw RunError.inputMissing(file: file.path) }
            guard try Digest.file(file) == sha256 else { throw RunError.inputChanged(file: file.path) }
        }
        let names = Set(listed.map(\.path)).union([AttemptFile.sums])
        for name in try Digest.relativeFiles(of: inputURL) where !names.contains(name) {
            throw RunError.inputNotListed(file: inputURL.appending(path: name).path)
        }
    }

    /// run.json.
    public func specification() throws(RunError) -> RunSpecification {
        let file = inputURL.appending(path: RunDirectory.specificationName)
        guard DurableFile.exists(file) else { throw .inputMissing(file: file.path) }
        return try DurableFile.decode(RunSpecification.self, at: file)
    }

    /// Where a data file of the input lies.
    /// - Throws: `RunError.inputMissing`.
    public func inputFile(_ name: String) throws(RunError) -> URL {
        let file = inputURL.appending(path: name)
        guard DurableFile.exists(file) else { throw .inputMissing(file: file.path) }
        return file
    }

    /// Where a parent lies.
    /// - Parameter verify: compare its digest with run.json's.
    /// - Throws: `RunError.missingParent`, `.parentChanged`, `.fileSystem`.
    public func parentURL(role: String, verify: Bool = true) throws -> URL {
        let parent = try specification().parent(role: role)
        let location = parent.path.hasPrefix("/") ? URL(filePath: parent.path) : url.appending(path: parent.path)
        if verify {
            let found = try Digest.fileOrFolder(location)
            guard found == parent.sha256 else {
                throw RunError.parentChanged(
                    role: role, path: location.path, expected: parent.sha256, found: found)
            }
        }
        return location
    }
}
