public import Foundation
import SeededRandom
import Synchronization

/// What a store takes from its surroundings; tests put their own clock and randomness here.
public struct StoreConfiguration: Sendable {
    public var now: @Sendable () -> Date
    /// Bytes for tokens and public ids.
    public var randomBytes: @Sendable (_ count: Int) -> [UInt8]
    public var passwordCost: PasswordCost

    public init(
        now: @escaping @Sendable () -> Date = { Date() },
        randomBytes: @escaping @Sendable (_ count: Int) -> [UInt8] = StoreConfiguration.systemBytes,
        passwordCost: PasswordCost = .standard
    ) {
        self.now = now
        self.randomBytes = randomBytes
        self.passwordCost = passwordCost
    }

    /// Bytes of the operating system's generator.
    public static let systemBytes: @Sendable (_ count: Int) -> [UInt8] = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Repeatable bytes. For tests alone: whoever knows the seed knows every token.
    public static func seededBytes(_ seed: UInt64) -> @Sendable (_ count: Int) -> [UInt8] {
        let source = SeededBytes(seed: seed)
        return { source.bytes($0) }
    }
}

private final class SeededBytes: Sendable {
    private let generator: Mutex<SplitMix64>

    init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed)) }

    func bytes(_ count: Int) -> [UInt8] {
        generator.withLock { generator in (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 56) } }
    }
}
