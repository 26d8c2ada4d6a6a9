import Crypto
import CryptoExtras
import Dispatch
import Foundation

/// The work that scrypt asks for. Source: RFC 7914.
public struct PasswordCost: Sendable, Hashable {
    /// N, a power of two.
    public var rounds: Int
    public var blockSize: Int
    public var parallelism: Int

    public init(rounds: Int, blockSize: Int, parallelism: Int) {
        self.rounds = rounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// N = 2^15, r = 8, p = 1: 32 MiB and about 75 ms.
    public static let standard = PasswordCost(rounds: 1 << 15, blockSize: 8, parallelism: 1)
    public static let fastForTests = PasswordCost(rounds: 16, blockSize: 1, parallelism: 1)
}

/// Hashes passwords one at a time on a thread of its own, so that many people signing in at once neither fill the
/// memory nor hold up the pages.
final class PasswordWorker: Sendable {
    private let cost: PasswordCost
    private let queue = DispatchQueue(label: "plumb.passwords")

    init(cost: PasswordCost) { self.cost = cost }

    /// `scrypt$N$r$p$salt$proof`, salt and proof in base64. The proof is HMAC-SHA-256 of the salt under the key that
    /// scrypt derives, so the key itself is nowhere.
    func hash(_ password: String, salt: [UInt8]) async throws -> String {
        let cost = cost
        let proof = try await run {
            let key = try PasswordWorker.key(password, salt: salt, cost: cost)
            return Data(HMAC<SHA256>.authenticationCode(for: salt, using: key))
        }
        return "scrypt$\(cost.rounds)$\(cost.blockSize)$\(cost.parallelism)$"
            + "\(Data(salt).base64EncodedString())$\(proof.base64EncodedString())"
    }

    /// Whether the password is the one of this hash. Without a hash the same work is done and the answer is no, so that
    /// the time taken does not tell whether a name exists.
    func verify(_ password: String, against stored: String?) async throws -> Bool {
        let parts = stored?.split(separator: "$").map(String.init) ?? []
        guard parts.count == 6, parts[0] == "scrypt", let rounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = Data(base64Encoded: parts[4]),
            let proof = Data(base64Encoded: parts[5])
        else {
            let cost = cost
            _ = try await run { _ = try PasswordWorker.key(password, salt: Array(repeating: 0, count: 16), cost: cost) }
            return false
        }
        let cost = PasswordCost(rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        return try await run {
            let key = try PasswordWorker.key(password, salt: Array(salt), cost: cost)
            return HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: salt, using: key)
        }
    }

    private static func key(_ password: String, salt: [UInt8], cost: PasswordCost) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: Array(password.precomposedStringWithCanonicalMapping.utf8), salt: salt, outputByteCount: 32,
            rounds: cost.rounds, blockSize: cost.blockSize, parallelism: cost.parallelism)
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
