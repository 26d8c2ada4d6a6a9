public import Foundation
import JSON

/// One JSON value a line, keys sorted, slashes plain.
public enum JSONLines {
    /// One value as one line, without the newline.
    public static func line(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder.sorted().encode(value), as: UTF8.self)
    }

    /// - Throws: `JSONLineError` that names file, line and field.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, from line: some Collection<UInt8>, number: Int, file: String
    ) throws(JSONLineError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(line))
        } catch {
            throw JSONLineError(file: file, line: number, problem: explained(error))
        }
    }

    /// Every line of a text in memory; blank lines are passed over. `body` is given the line's number, from 1.
    public static func forEach<Value: Decodable>(
        _ type: Value.Type, in data: Data, file: String, _ body: (Int, Value) throws -> Void
    ) throws {
        var number = 0
        for line in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            try body(number, try decode(type, from: line, number: number, file: file))
        }
    }

    /// What a decoding error says to a person, with the field's path.
    public static func explained(_ error: any Error) -> String {
        let words = DecodingWords(error)
        return words.field.isEmpty ? words.reason : "field '\(words.field)': \(words.reason)"
    }
}

extension Decoder {
    /// The fields of an object where other forms are possible too.
    /// - Parameter forms: what is said of a value that has none of them, e.g. "must be a text or an object".
    public func fields<Key: CodingKey>(
        _ keys: Key.Type, orElse forms: String
    ) throws -> KeyedDecodingContainer<Key> {
        do { return try container(keyedBy: keys) } catch let error as DecodingError {
            switch error {
            case .typeMismatch, .valueNotFound:
                throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: forms))
            default: throw error
            }
        }
    }
}

/// A line that cannot be read.
public struct JSONLineError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
    public let file: String
    /// From 1.
    public let line: Int
    public let problem: String

    public init(file: String, line: Int, problem: String) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    public var description: String { "\(file), line \(line): \(problem)" }
    public var errorDescription: String? { description }
}
