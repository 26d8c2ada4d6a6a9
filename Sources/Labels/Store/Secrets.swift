import Crypto
import Foundation

extension StoreConfiguration {
    /// 256 random bits, safe in an address.
    func secret() -> String { Secrets.base64URL(randomBytes(32)) }

    /// A short random name, e.g. "g_k3v9…": letters and digits of 80 random bits.
    func publicID(_ prefix: String) -> String { prefix + "_" + Secrets.base32(randomBytes(10)) }
}

enum Secrets {
    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    /// Five bits a character, lower case, without a padding. Bits that do not fill a character are dropped.
    static func base32(_ bytes: [UInt8]) -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
        var text: [UInt8] = []
        var buffer = 0
        var bits = 0
        for byte in bytes {
            buffer = (buffer << 8 | Int(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[(buffer >> bits) & 31])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func sha256(_ text: String) -> Data { Data(SHA256.hash(data: Data(text.utf8))) }
    static func sha256(_ bytes: [UInt8]) -> Data { Data(SHA256.hash(data: bytes)) }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
