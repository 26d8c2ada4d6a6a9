import Foundation
import Preferences

/// Reads a file of instructions: a JSON array, or one object a line.
struct InstructionFile {
    let data: Data
    let name: String

    /// - Throws: `StoreError.importFile` for a file that cannot be opened.
    init(_ source: ImportSource) throws {
        name = source.name
        switch source {
        case .data(let data, _): self.data = data
        case .file(let url):
            do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
                throw StoreError.importFile(file: url.path, problem: "the file cannot be opened")
            }
        }
    }

    /// Calls `body` with every instruction and its number from 1.
    /// - Returns: how many lines the file has.
    /// - Throws: `StoreError.importFile`; `.importLine` that names line and field.
    @discardableResult
    func forEach(_ body: (_ number: Int, _ instruction: InstructionLine) throws -> Void) throws -> Int {
        var number = 0
        func take(_ bytes: some Collection<UInt8>, line: Int) throws {
            number += 1
            do {
                let read = try JSONLines.decode(InstructionLine.self, from: bytes, number: line, file: name)
                try read.validate()
                try body(number, read)
            } catch let error as JSONLineError {
                throw StoreError.importLine(file: name, line: line, problem: error.problem)
            } catch let error as PromptError {
                throw StoreError.importLine(file: name, line: line, problem: error.description)
            } catch let error as FeedbackError {
                throw StoreError.importLine(file: name, line: line, problem: "the answer: \(error)")
            }
        }
        guard isArray else {
            return try LineReader(source: .data(data, name: name)).forEachLine { line, text in
                try take(Array(text.utf8), line: line)
            }
        }
        var elements = JSONArrayReader(data, file: name)
        while let element = try elements.next() { try take(element.bytes, line: element.line) }
        guard number > 0 else { throw StoreError.importFile(file: name, problem: "the list is empty") }
        return elements.line
    }

    /// Whether it begins as a list; of lines none does.
    private var isArray: Bool {
        data.withoutByteOrderMark.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    }
}

/// Cuts a JSON array into its elements, each with the line on which it starts. What is wrong inside an element is for whoever
/// reads that.
struct JSONArrayReader {
    /// The line that is being read, from 1.
    private(set) var line = 1
    private let bytes: Data
    private let file: String
    private var place: Data.Index
    private var isInside = false
    private var isFirst = true

    init(_ bytes: Data, file: String) {
        self.bytes = bytes.withoutByteOrderMark
        self.file = file
        place = self.bytes.startIndex
    }

    /// The next element; nil after the last.
    /// - Throws: `StoreError.importLine`.
    mutating func next() throws -> (line: Int, bytes: Data)? {
        skipSpace()
        if !isInside {
            guard take(UInt8(ascii: "[")) else { throw problem("a list must begin with “[”") }
            isInside = true
            skipSpace()
        }
        if take(UInt8(ascii: "]")) {
            skipSpace()
            guard place == bytes.endIndex else { throw problem("something follows the “]” that ends the list") }
            return nil
        }
        if !isFirst {
            guard take(UInt8(ascii: ",")) else { throw problem("a “,” or the “]” that ends the list is missing") }
            skipSpace()
        }
        isFirst = false
        let (start, first) = (place, line)
        guard skipElement() else {
            throw StoreError.importLine(
                file: file, line: first, problem: "the file ends before this element of the list and the list do")
        }
        guard place > start else { throw problem("an element of the list is missing") }
        return (first, bytes[start..<place])
    }

    private mutating func skipSpace() {
        while place < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { advance() }
    }

    /// To the end of an element.
    /// - Returns: whether it ends before the file does.
    private mutating func skipElement() -> Bool {
        var (depth, isText, isEscaped) = (0, false, false)
        while place < bytes.endIndex {
            let byte = bytes[place]
            if isText {
                if byte == UInt8(ascii: "\"") && !isEscaped { isText = false }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    if depth == 0 { return true }
                    depth -= 1
                    if depth == 0 {
                        advance()
                        return true
                    }
                case UInt8(ascii: ","): if depth == 0 { return true }
                default: break
                }
            }
            advance()
        }
        return false
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.endIndex, bytes[place] == byte else { return false }
        advance()
        return true
    }

    private mutating func advance() {
        if bytes[place] == 0x0A { line += 1 }
        place = bytes.index(after: place)
    }

    private func problem(_ text: String) -> StoreError { .importLine(file: file, line: line, problem: text) }
}
