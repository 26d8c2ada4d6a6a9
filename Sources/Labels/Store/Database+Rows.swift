import Foundation
// Public for the conformance below alone: a public type cannot conform to a protocol of an internal import.
public import GRDB
import Preferences

extension ID: DatabaseValueConvertible, StatementColumnConvertible {}

extension Database {
    /// Runs a statement whose compiled form is kept.
    func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Inserts a row and returns its number.
    func insert<Subject>(
        _ sql: String, _ arguments: StatementArguments, as type: ID<Subject>.Type = ID<Subject>.self
    ) throws -> ID<Subject> {
        try run(sql, arguments)
        return ID(rawValue: lastInsertedRowID)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// The number in the first column of the first row; 0 where there is none.
    func count(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int {
        try Int.fetchOne(cachedStatement(sql: sql), arguments: arguments) ?? 0
    }

    func exists(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments) != nil
    }
}

extension Row {
    func date(_ column: String) -> Date {
        let milliseconds: Int64 = self[column]
        return Date(milliseconds: milliseconds)
    }

    func dateIfPresent(_ column: String) -> Date? {
        let milliseconds: Int64? = self[column]
        return milliseconds.map(Date.init(milliseconds:))
    }

    /// The value of an enumeration that a CHECK of the schema guards.
    func word<Word: RawRepresentable<String>>(_ column: String) throws -> Word {
        let text: String = self[column]
        guard let word = Word(rawValue: text) else {
            throw StoreError.storage("column \(column) holds '\(text)', which this version of Plumb does not know")
        }
        return word
    }

    func json<Value: Decodable>(_ column: String) throws -> Value {
        let text: String = self[column]
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw StoreError.storage("column \(column) cannot be read: \(JSONLines.explained(error))")
        }
    }
}

extension Date {
    /// Whole milliseconds since 1970.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
