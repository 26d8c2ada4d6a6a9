internal import Foundation

/// What a tokenizer does to text before it cuts it: the `normalizer` of tokenizer.json, as steps in order.
struct TextNormalizer: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case composed  // NFC
        case decomposed  // NFD
        case compatibilityComposed  // NFKC
        case compatibilityDecomposed  // NFKD
        case prepend([UInt8])
        case replace([UInt8], with: [UInt8])
    }

    var steps: [Step] = []

    /// Reads the field `normalizer`; nil (absent) changes nothing.
    init(_ field: TokenizerField?) throws {
        if let field { try add(field) }
    }

    private mutating func add(_ field: TokenizerField) throws {
        let type = try field.required("type").string()
        switch type {
        case "Sequence": for part in try field.required("normalizers").elements() { try add(part) }
        case "NFC": steps.append(.composed)
        case "NFD": steps.append(.decomposed)
        case "NFKC": steps.append(.compatibilityComposed)
        case "NFKD": steps.append(.compatibilityDecomposed)
        case "Prepend": steps.append(.prepend(try field.required("prepend").bytes()))
        case "Replace":
            let pattern = try field.required("pattern")
            guard let text = try pattern["String"]?.bytes(), !text.isEmpty else {
                throw pattern.unsupported("a replacement by a regular expression")
            }
            steps.append(.replace(text, with: try field.required("content").bytes()))
        default: throw field.unsupported("the normalizer \(type)")
        }
    }

    /// - Parameter continuing: the text goes on from text before it, so nothing is prepended.
    func apply(to text: [UInt8], continuing: Bool) -> [UInt8] {
        var text = text
        for step in steps where !text.isEmpty {
            switch step {
            case .prepend(let prefix): if !continuing { text = prefix + text }
            case .replace(let old, let new): text = Self.replace(old, with: new, in: text)
            case .composed, .decomposed, .compatibilityComposed, .compatibilityDecomposed:
                // ASCII is its own normal form in all four.
                if text.contains(where: { $0 >= 0x80 }) { text = Self.normalForm(step, of: text) }
            }
        }
        return text
    }

    private static func normalForm(_ step: Step, of text: [UInt8]) -> [UInt8] {
        let string = String(decoding: text, as: UTF8.self)
        let normal =
            switch step {
            case .composed: string.precomposedStringWithCanonicalMapping
            case .decomposed: string.decomposedStringWithCanonicalMapping
            case .compatibilityComposed: string.precomposedStringWithCompatibilityMapping
            case .compatibilityDecomposed: string.decomposedStringWithCompatibilityMapping
            case .prepend, .replace: string
            }
        return Array(normal.utf8)
    }

    /// - Precondition: `old` is not empty.
    static func replace(_ old: [UInt8], with new: [UInt8], in text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 4)
        var position = 0
        while position < text.count {
            if text[position] == old[0], text[position...].starts(with: old) {
                out.append(contentsOf: new)
                position += old.count
            } else {
                out.append(text[position])
                position += 1
            }
        }
        return out
    }
}
