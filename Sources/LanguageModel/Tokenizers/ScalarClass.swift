/// What the splitting patterns ask of a Unicode scalar: `\p{L}`, `\p{N}`, `\s`, or none of them.
enum ScalarClass: UInt8, Sendable {
    case other
    case letter
    case number
    case space

    init(of scalar: Unicode.Scalar) {
        self = scalar.value < 0x10000 ? Self.basicPlane[Int(scalar.value)] : Self.lookedUp(scalar)
    }

    private static let basicPlane: [ScalarClass] = (0..<0x10000).map { value in
        Unicode.Scalar(UInt32(value)).map(lookedUp) ?? .other
    }

    private static func lookedUp(_ scalar: Unicode.Scalar) -> ScalarClass {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
        case .decimalNumber, .letterNumber, .otherNumber: .number
        default: scalar.properties.isWhitespace ? .space : .other
        }
    }
}

/// The scalar that starts at `position` of valid UTF-8, and where the next one starts.
@inline(__always)
func scalar(in bytes: [UInt8], at position: Int) -> (scalar: Unicode.Scalar, next: Int) {
    let first = UInt32(bytes[position])
    if first < 0x80 { return (Unicode.Scalar(UInt8(first)), position + 1) }
    var value: UInt32
    var length: Int
    if first < 0xE0 {
        (value, length) = (first & 0x1F, 2)
    } else if first < 0xF0 {
        (value, length) = (first & 0x0F, 3)
    } else {
        (value, length) = (first & 0x07, 4)
    }
    for offset in 1..<length { value = value << 6 | UInt32(bytes[position + offset] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", position + length)
}
