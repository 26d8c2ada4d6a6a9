import Foundation
import HTTPTypes

/// Makes guessing passwords slow and keeps hashing from taking the machine: a name may fail ten times in ten minutes,
/// and passwords are hashed at most two at a time.
///
/// An attempt that is under way counts against its name as one that failed, since it may: guesses sent all at once get
/// no further than guesses sent one after another.
actor SignInGuard {
    private var failures: [String: [Date]] = [:]
    private var underWay: [String: Int] = [:]
    private var hashing = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private static let allowedFailures = 10
    private static let window: TimeInterval = 600
    private static let simultaneousHashes = 2

    /// Runs `check` (which hashes a password) when there is room for it.
    /// - Throws: `Problem` with status 429 after too many failures for this name, and what `check` throws.
    /// - Returns: what `check` returns; nil counts as a failure of this name.
    func attempt<Success: Sendable>(
        name: String, now: Date = Date(), check: @Sendable () async throws -> Success?
    ) async throws -> Success? {
        let key = name.lowercased()
        forgetOld(before: now.addingTimeInterval(-Self.window))
        guard failures[key, default: []].count + underWay[key, default: 0] < Self.allowedFailures else {
            throw Problem.tooManyAttempts
        }
        underWay[key, default: 0] += 1
        await enter()
        defer {
            leave()
            underWay[key] = underWay[key].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        let result = try await check()
        if result == nil {
            failures[key, default: []].append(now)
        } else {
            failures[key] = nil
        }
        return result
    }

    private func forgetOld(before limit: Date) {
        failures = failures.mapValues { $0.filter { $0 > limit } }.filter { !$0.value.isEmpty }
    }

    private func enter() async {
        if hashing < Self.simultaneousHashes {
            hashing += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty {
            hashing -= 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}

extension Problem {
    static let tooManyAttempts = Problem(
        status: .tooManyRequests, title: "Too many attempts",
        explanation: "Signing in with this name failed too often. Wait ten minutes, or ask a project lead for a new "
            + "sign-in link.",
        action: Action(label: "Back to the sign-in", path: Path.signIn))
}
