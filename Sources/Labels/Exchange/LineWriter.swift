import Foundation

/// Writes lines to a file through a buffer. The file appears under its name when it is whole.
struct LineWriter {
    private static let bufferSize = 1 << 18
    private let file: URL
    private let temporary: URL
    private let handle: FileHandle
    private var buffer = Data()
    private(set) var lines = 0

    /// - Throws: `StoreError.storage` that names the file.
    init(file: URL) throws {
        self.file = file
        temporary = file.appendingPathExtension("part")
        guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
            throw StoreError.storage("\(temporary.path) cannot be written")
        }
        handle = try FileHandle(forWritingTo: temporary)
    }

    mutating func write(_ line: String) throws {
        buffer.append(contentsOf: line.utf8)
        buffer.append(0x0A)
        lines += 1
        if buffer.count >= LineWriter.bufferSize { try flush() }
    }

    mutating func write(wholeLines bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= LineWriter.bufferSize { try flush() }
    }

    private mutating func flush() throws {
        do {
            try handle.write(contentsOf: buffer)
        } catch {
            throw StoreError.storage("\(temporary.path) cannot be written: \(error.localizedDescription)")
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// - Returns: how many lines were written one by one.
    mutating func finish() throws -> Int {
        try flush()
        try handle.synchronize()
        try handle.close()
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        try FileManager.default.moveItem(at: temporary, to: file)
        return lines
    }
}
