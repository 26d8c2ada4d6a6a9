/// Characters that nobody sees and that change what people see: bidirectional controls, zero-width characters, control
/// codes. Rendered text shows a mark in their place.
///
/// Joiners stay where a script or an emoji needs them: between letters of Arabic or Indic scripts and inside an emoji
/// made of several.
enum HiddenCharacters {
    /// Whether a text may hold one of them, by a look at its bytes alone.
    static func mayStand(in text: some Sequence<UInt8>) -> Bool {
        text.contains { byte in
            switch byte {
            case 0x09, 0x0A, 0x0D: false
            case 0x00..<0x20, 0x7F, 0xC2, 0xCD, 0xD8, 0xE1, 0xE2, 0xE3, 0xEF, 0xF3: true
            default: false
            }
        }
    }

    /// The mark for a character, or nil where it is an ordinary one in its place.
    /// - Parameters:
    ///   - before: the character in front of it.
    ///   - after: the character behind it.
    static func mark(
        for scalar: Unicode.Scalar, after before: Unicode.Scalar?, before after: Unicode.Scalar?
    ) -> String? {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return nil
        case 0x00..<0x20: return controls[Int(scalar.value)]
        case 0x7F: return "DEL"
        case 0x80...0x9F: return code(scalar)
        case 0x200C, 0x200D: return joins(scalar, before, after) ? nil : named[scalar.value]
        case 0xE0020...0xE007F:
            // The flags of England, Scotland and Wales are a black flag and tags.
            if let before, before.value == 0x1F3F4 || (0xE0020...0xE007F).contains(before.value) { return nil }
            return code(scalar)
        default:
            if let name = named[scalar.value] { return name }
            return others.contains(scalar.value) ? code(scalar) : nil
        }
    }

    private static func joins(_ joiner: Unicode.Scalar, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
        guard let before, let after else { return false }
        if joiner.value == 0x200D, isEmojiPart(before), after.properties.isEmoji, after.value > 0xFF { return true }
        return needsJoiners(before) && (needsJoiners(after) || joiner.value == 0x200D)
    }

    private static func isEmojiPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0xFE0F || scalar.properties.isEmojiModifier
            || (scalar.properties.isEmoji && scalar.value > 0xFF)
    }

    /// Scripts in which joiners choose the form of a letter: Arabic, Syriac, N'Ko, the Indic scripts, Khmer, Mongolian.
    private static func needsJoiners(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0600...0x08FF, 0x0900...0x0DFF, 0x1000...0x109F, 0x1780...0x17FF, 0x1800...0x18AF, 0xFB50...0xFDFF,
            0xFE70...0xFEFC:
            true
        default: false
        }
    }

    private static func code(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static let controls = [
        "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
        "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
    ]

    /// Names as Unicode abbreviates them.
    private static let named: [UInt32: String] = [
        0x00AD: "SHY", 0x034F: "CGJ", 0x061C: "ALM", 0x180E: "MVS", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ",
        0x200E: "LRM", 0x200F: "RLM", 0x2028: "LSEP", 0x2029: "PSEP", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF",
        0x202D: "LRO", 0x202E: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
        0xFEFF: "BOM",
    ]

    /// Without a short name: Hangul fillers, Khmer inherent vowels, invisible operators, deprecated format characters,
    /// interlinear marks, the language tag.
    private static let others: Set<UInt32> = [
        0x115F, 0x1160, 0x17B4, 0x17B5, 0x2061, 0x2062, 0x2063, 0x2064, 0x206A, 0x206B, 0x206C, 0x206D, 0x206E, 0x206F,
        0x3164, 0xFFA0, 0xFFF9, 0xFFFA, 0xFFFB, 0xE0001,
    ]
}
