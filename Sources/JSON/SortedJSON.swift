public import Foundation

extension JSONEncoder {
    /// How every JSON file and line of ours is written: sorted keys, slashes as they are.
    public static func sorted(pretty: Bool = false) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return encoder
    }
}
