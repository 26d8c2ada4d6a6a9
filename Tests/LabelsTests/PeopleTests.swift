import Foundation
import Labels
import Testing

@Suite struct PeopleTests {
    @Test func aPersonSignsInWithNameAndPasswordAlone() async throws {
        let test = try TestStore()
        let user = try await test.store.addUser(name: "Ada", role: .lead, password: "a long secret", by: .system)
        #expect(try await test.store.signIn(name: "ada", password: "a long secret")?.id == user.id)
        #expect(try await test.store.signIn(name: "Ada", password: "a long secreT") == nil)
        #expect(try await test.store.signIn(name: "Bob", password: "a long secret") == nil)
        let without = try await test.store.addUser(name: "Eve", role: .annotator, by: .system)
        #expect(!without.hasPassword && user.hasPassword && user.handle.hasPrefix("u_"))
        #expect(try await test.store.signIn(name: "Eve", password: "") == nil)
        await #expect(throws: StoreError.nameTaken(what: "user", name: "ADA")) {
            _ = try await test.store.addUser(name: "ADA", role: .annotator, by: .system)
        }
        await #expect(throws: StoreError.self) {
            _ = try await test.store.addUser(name: "Bob", role: .annotator, password: "short", by: .system)
        }
    }

    @Test func aNewPasswordReplacesTheOldOneAndEndsSessions() async throws {
        let test = try TestStore()
        let user = try await test.store.addUser(name: "Ada", role: .lead, password: "a long secret", by: .system)
        let token = try await test.store.startSession(user.id)
        try await test.store.setPassword(user.id, to: "another secret", by: .user(user.id))
        #expect(try await test.store.signIn(name: "Ada", password: "a long secret") == nil)
        #expect(try await test.store.signIn(name: "Ada", password: "another secret") != nil)
        #expect(try await test.store.session(token) == nil)
    }

    @Test func aLinkWorksOnceAndUntilItExpires() async throws {
        let test = try TestStore()
        let invite = try await test.store.createLink(.invite(role: .annotator), by: .system)
        #expect(try await test.store.link(invite).purpose == .invite(role: .annotator))
        let user = try await test.store.acceptInvite(invite, name: "Ann", password: nil)
        #expect(user.role == .annotator)
        await #expect(throws: StoreError.self) { _ = try await test.store.link(invite) }
        await #expect(throws: StoreError.self) {
            _ = try await test.store.acceptInvite(invite, name: "Bob", password: nil)
        }
        let signIn = try await test.store.createLink(.signIn(user.id), validFor: .seconds(60), by: .system)
        await #expect(throws: StoreError.self) {
            _ = try await test.store.acceptInvite(signIn, name: "Bob", password: nil)
        }
        #expect(try await test.store.redeemSignInLink(signIn).id == user.id)
        await #expect(throws: StoreError.self) { _ = try await test.store.redeemSignInLink(signIn) }
        let late = try await test.store.createLink(.signIn(user.id), validFor: .seconds(60), by: .system)
        test.pass(seconds: 60)
        do {
            _ = try await test.store.redeemSignInLink(late)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.kind == .gone && error.description.contains("expired"))
        }
        #expect(try await test.store.users().count == 1)
    }

    @Test func sessionsEndByTimeBySigningOutAndWithThePerson() async throws {
        let test = try TestStore()
        let user = try await test.user("Ann")
        let short = try await test.store.startSession(user, validFor: .seconds(100))
        let long = try await test.store.startSession(user)
        #expect(try await test.store.session(short)?.user.id == user)
        test.pass(seconds: 100)
        #expect(try await test.store.session(short) == nil)
        #expect(try await test.store.session("nonsense") == nil)
        try await test.store.endSession(long)
        #expect(try await test.store.session(long) == nil)
        let last = try await test.store.startSession(user)
        let api = try await test.store.createAPIToken(for: user, label: "script", role: .annotator, by: .system)
        _ = try await test.store.updateUser(user, active: false, by: .system)
        #expect(try await test.store.session(last) == nil)
        #expect(try await test.store.apiToken(api.secret) == nil)
    }

    @Test func anAPITokenHasAtMostItsOwnersRole() async throws {
        let test = try TestStore()
        let annotator = try await test.user("Ann")
        let lead = try await test.user("Lea", role: .lead)
        await #expect(throws: StoreError.self) {
            _ = try await test.store.createAPIToken(for: annotator, label: "x", role: .lead, by: .system)
        }
        let token = try await test.store.createAPIToken(for: lead, label: "x", role: .lead, by: .system)
        #expect(try await test.store.apiToken(token.secret)?.role == .lead)
        _ = try await test.user("Other", role: .lead)
        _ = try await test.store.updateUser(lead, role: .annotator, by: .system)
        #expect(try await test.store.apiToken(token.secret) == nil)
        #expect(try await test.store.apiTokens().first?.revokedAt != nil)
    }

    @Test func theLastLeadStaysALead() async throws {
        let test = try TestStore()
        let lead = try await test.user("Lea", role: .lead)
        await #expect(throws: StoreError.self) { _ = try await test.store.updateUser(lead, active: false, by: .system) }
        await #expect(throws: StoreError.self) {
            _ = try await test.store.updateUser(lead, role: .annotator, by: .system)
        }
    }

    /// Whoever reads the file finds no secret that lets them in.
    @Test func noSecretStandsInTheFile() async throws {
        let test = try TestStore()
        let user = try await test.store.addUser(name: "Ada", role: .lead, password: "a long secret", by: .system)
        let secrets = [
            "a long secret", try await test.store.startSession(user.id),
            try await test.store.createLink(.signIn(user.id), by: .system),
            try await test.store.createAPIToken(for: user.id, label: "x", role: .lead, by: .system).secret,
        ]
        try test.store.close()
        let file = try Data(contentsOf: test.folder.appending(path: Store.fileName))
        for secret in secrets { #expect(file.range(of: Data(secret.utf8)) == nil) }
    }
}
