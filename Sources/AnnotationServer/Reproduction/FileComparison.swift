import Foundation
import JSON
import LanguageModel

/// Two files that a run and its repetition made at the same place.
struct FileComparison {
    private let first: URL
    private let second: URL

    init(_ files: (URL, URL)) { (first, second) = files }

    /// The first thing that is not the same, in words; nil where the kind of file has no parts to name.
    var firstDifference: String? {
        get throws { try difference(tensor: 0, figure: 0) }
    }

    /// The first thing that lies further apart than the stated tolerance; other bytes, where a file has no numbers.
    var beyondTolerance: String? {
        get throws {
            if let kind, kind != .other {
                return try difference(
                    tensor: Reproduction.Tolerance.tensor, figure: Reproduction.Tolerance.figure)
            }
            return "other bytes, and it holds no numbers that could be compared"
        }
    }

    private enum Kind { case tensors, json, other }

    private var kind: Kind? {
        switch first.pathExtension {
        case "safetensors": .tensors
        case "json", "jsonl": .json
        default: .other
        }
    }

    private func difference(tensor: Double, figure: Double) throws -> String? {
        switch kind {
        case .tensors: try tensorDifference(tolerance: tensor)
        case .json: try jsonDifference(tolerance: figure)
        default: nil
        }
    }

    private func tensorDifference(tolerance: Double) throws -> String? {
        let (a, b) = (try SafetensorsFile(first), try SafetensorsFile(second))
        guard a.names == b.names else { return "other tensors" }
        for name in a.names {
            guard try a.shape(name) == b.shape(name) else { return "tensor \(name) has another shape" }
            let (old, new) = (try a.floats(name), try b.floats(name))
            var (size, distance) = (0.0, 0.0)
            for (x, y) in zip(old, new) {
                size += Double(x) * Double(x)
                distance += (Double(x) - Double(y)) * (Double(x) - Double(y))
            }
            let relative = size > 0 ? (distance / size).squareRoot() : distance.squareRoot()
            if !(relative <= tolerance) { return "tensor \(name) differs by \(relative) of its size" }
        }
        return nil
    }

    /// Members that tell on what machine it was made, by whom and when.
    private static let conditions: Set<String> = ["processor", "blas", "version", "time"]

    private func jsonDifference(tolerance: Double) throws -> String? {
        func lines(_ url: URL) throws -> [JSONValue] {
            let data = try Data(contentsOf: url)
            guard url.pathExtension == "jsonl" else { return [try JSONValue(json: data)] }
            return try data.split(separator: UInt8(ascii: "\n")).map { try JSONValue(json: Data($0)) }
        }
        let (old, new) = (try lines(first), try lines(second))
        guard old.count == new.count else { return "\(old.count) lines then, \(new.count) now" }
        for (a, b) in zip(old, new) {
            if let found = Self.difference(a, b, at: "", tolerance: tolerance) { return found }
        }
        return nil
    }

    private static func difference(_ a: JSONValue, _ b: JSONValue, at path: String, tolerance: Double) -> String? {
        if let old = a.objectValue, let new = b.objectValue {
            for name in Set(old.keys).union(new.keys).sorted() where !conditions.contains(name) {
                guard let x = old[name], let y = new[name] else { return "only one has \(path)\(name)" }
                if let found = difference(x, y, at: "\(path)\(name).", tolerance: tolerance) { return found }
            }
            return nil
        }
        if let old = a.arrayValue, let new = b.arrayValue {
            guard old.count == new.count else { return "\(path) has another length" }
            for (index, pair) in zip(old, new).enumerated() {
                if let found = difference(pair.0, pair.1, at: "\(path)\(index).", tolerance: tolerance) { return found }
            }
            return nil
        }
        if let old = a.doubleValue, let new = b.doubleValue {
            let apart = abs(old - new) / max(1, abs(old))
            return apart <= tolerance ? nil : "\(path.dropLast()) is \(old) then, \(new) now"
        }
        return a == b ? nil : "\(path.dropLast()) is another"
    }
}
