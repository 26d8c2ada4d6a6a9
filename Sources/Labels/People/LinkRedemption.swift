import GRDB

extension Store {
    /// The fewest characters that a password may have, for forms that say so beforehand.
    public static var fewestPasswordCharacters: Int { shortestPassword }

    /// Lets in the person whom a sign-in link names, with a new password, and ends the sessions that there were. The
    /// password is judged before the link is used up, so one that is refused leaves the link as it was.
    /// - Throws: `StoreError.invalid` for a password that is too short or too long, `.linkNotValid` for a link that is
    ///   unknown, used, run out, or an invitation.
    public func redeemSignInLink(_ secret: String, settingPassword password: String) async throws -> User {
        let hash = try await passwordHash(password)
        let user = try await redeemSignInLink(secret)
        let now = now
        try await write { db in
            try db.run("UPDATE users SET password_hash = ? WHERE id = ?", [hash, user.id])
            try db.run("DELETE FROM web_sessions WHERE user_id = ?", [user.id])
            try db.audit(.userPassword, subject: "user \(user.id)", by: .user(user.id), at: now)
        }
        return user
    }
}
