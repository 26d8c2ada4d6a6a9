public import Foundation

/// Where an import reads from.
public enum ImportSource: Sendable {
    case file(URL)
    case data(Data, name: String)

    /// As errors call it.
    var name: String {
        switch self {
        case .file(let url): url.lastPathComponent
        case .data(_, let name): name
        }
    }
}

/// Reads text line by line with bounded memory.
struct LineReader {
    /// A line above this is a mistake in the file, or an attack.
    static let longestLine = 64 << 20
    private static let chunk = 1 << 18

    let source: ImportSource

    /// Calls `body` with every line that is not blank, and its number from 1.
    /// - Returns: how many lines the file has.
    /// - Throws: `StoreError.importFile` for a file that is missing or empty, `.importLine` for bytes that are not UTF-8.
    func forEachLine(_ body: (_ number: Int, _ text: String) throws -> Void) throws -> Int {
        var number = 0
        var filled = 0
        func take(_ bytes: Data) throws {
            number += 1
            var line = bytes
            if number == 1 { line = line.withoutByteOrderMark }
            if line.last == 0x0D { line = line.dropLast() }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw problem(number, "this line is not UTF-8 text; save the file as UTF-8")
            }
            if text.utf8.contains(0) {
                throw problem(number, "this line holds a zero byte; if the file is UTF-16, save it as UTF-8")
            }
            if text.allSatisfy(\.isWhitespace) { return }
            filled += 1
            try body(number, text)
        }
        var rest = Data()
        try forEachChunk { chunk in
            var searched = rest.count
            rest.append(chunk)
            var start = rest.startIndex
            while let end = rest[(rest.startIndex + searched)...].firstIndex(of: 0x0A) {
                try take(rest[start..<end])
                start = end + 1
                searched = start - rest.startIndex
            }
            rest = Data(rest[start...])
            if rest.count > LineReader.longestLine {
                throw problem(number + 1, "this line is longer than \(LineReader.longestLine >> 20) MiB")
            }
        }
        if !rest.isEmpty { try take(rest) }
        guard filled > 0 else { throw StoreError.importFile(file: source.name, problem: "the file is empty") }
        return number
    }

    private func problem(_ line: Int, _ text: String) -> StoreError {
        .importLine(file: source.name, line: line, problem: text)
    }

    private func forEachChunk(_ body: (Data) throws -> Void) throws {
        switch source {
        case .data(let data, _): try body(data)
        case .file(let url):
            let file: FileHandle
            do { file = try FileHandle(forReadingFrom: url) } catch {
                throw StoreError.importFile(file: url.path, problem: "the file cannot be opened")
            }
            defer { try? file.close() }
            while let data = try file.read(upToCount: LineReader.chunk), !data.isEmpty { try body(data) }
        }
    }
}

/// What an import did.
public struct ImportReport: Sendable, Hashable, Codable {
    public var added = 0
    public var alreadyThere = 0
    /// Lines of the file, blank ones too.
    public var lines = 0

    public init(added: Int = 0, alreadyThere: Int = 0, lines: Int = 0) {
        self.added = added
        self.alreadyThere = alreadyThere
        self.lines = lines
    }

    public var sentence: String {
        "\(added) added" + (alreadyThere > 0 ? ", \(alreadyThere) were there already" : "") + "."
    }

    private enum CodingKeys: String, CodingKey {
        case added, lines
        case alreadyThere = "already_there"
    }
}

extension Data {
    /// Without the mark that some programs put before UTF-8 text.
    var withoutByteOrderMark: Data { starts(with: [0xEF, 0xBB, 0xBF]) ? dropFirst(3) : self }
}
