/// GPT-2's printable stand-ins for the 256 bytes, which byte-level vocabularies are written in.
///
/// The printable bytes of Latin-1 stand for themselves; the other 68 take the scalars from U+0100 on, in order.
enum ByteAlphabet {
    /// The stand-in of every byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            if isPrintable(byte) { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? " "
        }
    }()

    /// The bytes in the order in which GPT-2's vocabulary lists them: the printable ones, then the others.
    static let order: [UInt8] =
        (0..<256).filter(isPrintable).map { UInt8($0) }
        + (0..<256).filter { !isPrintable($0) }.map { UInt8($0) }

    private static func isPrintable(_ byte: Int) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
    }

    private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: scalars.enumerated().map { ($0.element, UInt8($0.offset)) })

    /// The bytes that a token stands for, or nil where one of its scalars stands for none.
    static func decode(_ token: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(token.count)
        for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            out.append(byte)
        }
        return out
    }

    /// The token that stands for bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return Array(String(text).utf8)
    }
}
