public import Foundation
public import JSON

/// Reads metrics.jsonl while a job writes it.
public struct MetricsTail: Sendable {
    private let url: URL
    /// Where the next unread line begins, in bytes.
    public private(set) var offset: UInt64
    /// Whole lines that were no JSON object, and were passed over.
    public private(set) var malformedLines = 0

    /// - Parameter offset: where to go on, from an earlier reader.
    public init(_ url: URL, offset: UInt64 = 0) {
        self.url = url
        self.offset = offset
    }

    /// The whole lines since the last call; a half-written last line waits for the next. None while there is no file.
    /// - Throws: `RunError.fileSystem`.
    public mutating func readNew() throws -> [[String: JSONValue]] {
        guard DurableFile.exists(url) else { return [] }
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            try handle.seek(toOffset: offset)
            data = try handle.readToEnd() ?? Data()
        } catch {
            throw RunError.fileSystem(operation: "read", path: url.path, reason: error.localizedDescription)
        }
        guard let lastNewline = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        offset += UInt64(lastNewline + 1 - data.startIndex)
        var lines: [[String: JSONValue]] = []
        for line in data[...lastNewline].split(separator: UInt8(ascii: "\n")) {
            if let object = try? JSONDecoder().decode([String: JSONValue].self, from: Data(line)) {
                lines.append(object)
            } else {
                malformedLines += 1
            }
        }
        return lines
    }
}
