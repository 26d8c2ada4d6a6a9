import Foundation
import HTTPTypes

/// Makes guessing passwords slow and keeps hashing from taking the machine: a name may fail ten times in ten minutes,
/// and passwords are hashed at most two at a time.
///
/// Whoever has no account can fill no memory with it: a longer name than any account has fails at once and leaves nothing
/// behind, of very many names that failed the oldest is forgotten for the newest, and where very many people wait the next are
/// told to come back later.
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
    /// In characters, as accounts have it.
    private static let longestName = 100
    private static let mostNames = 10_000
    private static let longestQueue = 200

    /// Runs `check` (which hashes a password) when there is room for it.
    /// - Throws: `Problem` with status 429 after too many failures for this name or with too many people waiting, and what
    ///   `check` throws.
    /// - Returns: what `check` returns; nil counts as a failure of this name.
    func attempt<Success: Sendable>(
        name: String, now: Date = Date(), check: @Sendable () async throws -> Success?
    ) async throws -> Success? {
        guard name.count <= Self.longestName else { return nil }
        let key = name.lowercased()
        forgetOld(before: now.addingTimeInterval(-Self.window))
        guard failures[key, default: []].count + underWay[key, default: 0] < Self.allowedFailures else {
            throw Problem.tooManyAttempts
        }
        guard waiting.count < Self.longestQueue else { throw Problem.signInBusy }
        underWay[key, default: 0] += 1
        await enter()
        defer {
            leave()
            underWay[key] = underWay[key].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        let result = try await check()
        if result == nil {
            if failures[key] == nil, failures.count >= Self.mostNames { forgetOldest() }
            failures[key, default: []].append(now)
        } else {
            failures[key] = nil
        }
        return result
    }

    private func forgetOld(before limit: Date) {
        failures = failures.mapValues { $0.filter { $0 > limit } }.filter { !$0.value.isEmpty }
    }

    private func forgetOldest() {
        let oldest = failures.min { ($0.value.last ?? .distantPast) < ($1.value.last ?? .distantPast) }
        if let oldest { failures[oldest.key] = nil }
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

    static let signInBusy = Problem(
        status: .tooManyRequests, title: "Too many attempts",
        explanation: "Very many people, or programs, are signing in at this moment. Wait a minute and try again.",
        action: Action(label: "Back to the sign-in", path: Path.signIn))
}
