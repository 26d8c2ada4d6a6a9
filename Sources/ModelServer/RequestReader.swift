internal import Foundation
internal import Policy

/// Reads the fields of a request's JSON object one by one, so that every complaint names its field, and a field that
/// nobody reads is an error rather than silently without effect.
struct RequestReader: Decodable {
    struct Key: CodingKey, Hashable {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let fields: KeyedDecodingContainer<Key>
    private var unread: Set<String>

    init(from decoder: any Decoder) throws {
        fields = try decoder.container(keyedBy: Key.self)
        unread = Set(fields.allKeys.map(\.stringValue))
    }

    /// - Throws: `ModelServerError.badBody`.
    static func read(_ body: Data) throws -> RequestReader {
        do {
            return try JSONDecoder().decode(RequestReader.self, from: body)
        } catch DecodingError.dataCorrupted(let context) {
            let reason = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
            throw ModelServerError.badBody(reason ?? context.debugDescription)
        } catch {
            throw ModelServerError.badBody("it holds something else")
        }
    }

    /// The value, or nil where the field is absent or null.
    mutating func value<Value: Decodable>(_ name: String, as type: Value.Type, _ form: String) throws -> Value? {
        unread.remove(name)
        let key = Key(stringValue: name)
        guard fields.contains(key), try !fields.decodeNil(forKey: key) else { return nil }
        do {
            return try fields.decode(type, forKey: key)
        } catch {
            throw ModelServerError.badField(name, problem: "should be \(form)")
        }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = try value(name, as: Int.self, "a whole number") else { return nil }
        guard range.contains(value) else {
            throw ModelServerError.badField(
                name, problem: "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    mutating func number(_ name: String, _ isGood: (Double) -> Bool, _ form: String) throws -> Double? {
        guard let value = try value(name, as: Double.self, "a number") else { return nil }
        guard value.isFinite, isGood(value) else {
            throw ModelServerError.badField(name, problem: "\(value) is not \(form)")
        }
        return value
    }

    /// An object of token ids, as JSON's texts, and what to add to their logits.
    mutating func biases(_ name: String) throws -> [Int32: Double] {
        let form = "an object of token ids and numbers \(SamplingOptions.biasWords)"
        var biases: [Int32: Double] = [:]
        for (key, bias) in try value(name, as: [String: Double].self, form) ?? [:] {
            guard let token = Int32(key), token >= 0, SamplingOptions.acceptsBias(bias) else {
                throw ModelServerError.badField(name, problem: "\(key): \(bias) should be \(form)")
            }
            biases[token] = bias
        }
        return biases
    }

    mutating func flag(_ name: String) throws -> Bool { try value(name, as: Bool.self, "true or false") ?? false }

    /// A whole number of 64 bits, negative ones by their bit pattern.
    mutating func seed() throws -> UInt64? {
        if let positive = try? value("seed", as: UInt64.self, "") { return positive }
        return try value("seed", as: Int64.self, "a whole number of 64 bits").map { UInt64(bitPattern: $0) }
    }

    /// One text or a list of them.
    mutating func texts(_ name: String) throws -> [String] {
        if let one = try? value(name, as: String.self, "") { return [one] }
        return try value(name, as: [String].self, "a text or a list of texts") ?? []
    }

    /// Fields that change what comes out and are not done here may only have the value that changes nothing.
    mutating func refuse(_ name: String, unless isNeutral: (JSONScalar) -> Bool) throws {
        guard let value = try value(name, as: JSONScalar.self, "something else"), !isNeutral(value) else { return }
        throw ModelServerError.badField(name, problem: "is not supported by this server; leave it out")
    }

    /// Names that have no influence on the response are passed over.
    mutating func ignore(_ names: String...) { unread.subtract(names) }

    /// - Throws: `ModelServerError.badField` that names the first field nobody has read.
    func finish() throws {
        if let name = unread.sorted().first {
            throw ModelServerError.badField(name, problem: "is not a field that this server knows")
        }
    }
}

/// As much of a JSON value as is needed to see whether it changes anything.
enum JSONScalar: Decodable, Equatable {
    case bool(Bool)
    case number(Double)
    case text(String)
    case empty
    case other

    init(from decoder: any Decoder) throws {
        if let list = try? decoder.unkeyedContainer() {
            self = (list.count ?? 1) == 0 ? .empty : .other
            return
        }
        if let object = try? decoder.container(keyedBy: RequestReader.Key.self) {
            let type = try? object.decode(String.self, forKey: RequestReader.Key(stringValue: "type"))
            self = object.allKeys.isEmpty ? .empty : type.map { .text($0) } ?? .other
            return
        }
        let single = try decoder.singleValueContainer()
        if let bool = try? single.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? single.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try single.decode(String.self))
        }
    }
}
