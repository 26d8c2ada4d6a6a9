import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Testing
import Web

@Suite struct SignInTests {
    @Test func aVisitorIsLedToTheSignInAndBack() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var browser = Browser(client)
            let refused = try await browser.get(site.nextTask)
            #expect(refused.status == .seeOther)
            let form = try await browser.follow(refused)
            #expect(form.text.contains("name=\"password\""))
            let entered = try await browser.post(
                Path.signIn, ["name": "Ada", "password": TestSite.password, "next": site.nextTask])
            #expect(entered.location == site.nextTask)
            let task = try await browser.follow(entered)
            #expect(TaskForm(task) != nil)
        }
    }

    @Test func aWrongPasswordSaysSoAndOpensNothing() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            let page = try await browser.post(Path.signIn, ["name": "Ada", "password": "wrong wrong wrong"])
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("No account has this name and password"))
            #expect(page.text.contains("value=\"Ada\""))
            #expect(browser.cookies["plumb_session"] == nil)
        }
    }

    @Test func guessingOneNamesPasswordIsStoppedAfterTenTries() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            for guess in 0..<10 {
                let page = try await browser.post(Path.signIn, ["name": "Ada", "password": "guess number \(guess)"])
                #expect(page.status == .unprocessableContent)
            }
            let page = try await browser.post(Path.signIn, ["name": "ada", "password": TestSite.password])
            #expect(page.status == .tooManyRequests)
        }
    }

    @Test func guessesSentAllAtOnceGetNoFurther() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var first = Browser(client)
            _ = try await first.get(Path.signIn)
            let browser = first
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for guess in 0..<40 {
                    group.addTask {
                        var copy = browser
                        return try await copy.post(Path.signIn, ["name": "Ada", "password": "guess number \(guess)"])
                            .status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == .unprocessableContent } <= 10)
            #expect(statuses.count { $0 == .tooManyRequests } >= 30)
        }
    }

    /// Names are remembered for a while, so nobody may fill the memory with them.
    @Test func aNameThatNoAccountHasRoomForIsWrongAndIsNotRemembered() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            for guess in 0..<12 {
                let name = String(repeating: "a", count: 101)
                let page = try await browser.post(Path.signIn, ["name": name, "password": "guess number \(guess)"])
                #expect(page.status == .unprocessableContent, "never 429: nothing counts against it")
            }
        }
    }

    @Test func attemptsThatSucceedLeaveNothingBehind() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            for _ in 0..<12 {
                var browser = Browser(client)
                _ = try await browser.get(Path.signIn)
                let page = try await browser.post(Path.signIn, ["name": "Ada", "password": TestSite.password])
                #expect(page.status == .seeOther)
            }
        }
    }

    @Test func theCookieIsHiddenFromScriptsAndBoundToTheSite() async throws {
        for (address, isSecure) in [("http://127.0.0.1:8080", false), ("https://labels.example.org", true)] {
            let site = try await TestSite.make(publicURL: address)
            try await site.run { client in
                _ = try await site.store.addUser(
                    name: "Ada", role: .annotator, password: TestSite.password, by: .system)
                var browser = Browser(client)
                _ = try await browser.get(Path.signIn)
                let page = try await browser.post(Path.signIn, ["name": "Ada", "password": TestSite.password])
                let cookie = try #require(
                    page.headers[values: .setCookie].first { $0.hasPrefix("plumb_session=") })
                #expect(cookie.contains("HttpOnly"))
                #expect(cookie.contains("SameSite=Lax"))
                #expect(cookie.contains("Secure") == isSecure)
                let value = try #require(browser.cookies["plumb_session"])
                #expect(value.count >= 43, "256 bits in base 64 are at least 43 characters")
            }
        }
    }

    @Test func anInvitationMakesAnAccountOnce() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            let secret = try await site.store.createLink(.invite(role: .annotator), by: .system)
            var browser = Browser(client)
            let welcome = try await browser.get(Path.invitation(secret))
            #expect(welcome.status == .ok)
            #expect(try await browser.get(Path.invitation(secret)).status == .ok, "opening a link must not use it up")
            let short = try await browser.post(Path.invitation(secret), ["name": "Grace", "password": "short"])
            #expect(short.status == .unprocessableContent)
            #expect(short.text.contains("at least 10 characters"))
            let made = try await browser.post(
                Path.invitation(secret), ["name": " Grace  Hopper ", "password": TestSite.password])
            #expect(made.status == .seeOther)
            let user = try #require(try await site.store.user(named: "Grace Hopper"))
            #expect(user.role == .annotator)
            #expect(try await browser.follow(made).status == .ok)
            var second = Browser(client)
            let again = try await second.get(Path.invitation(secret))
            #expect(again.status == .gone)
            #expect(again.text.contains("This link does not work any more"))
            #expect(again.text.contains("href=\"/sign-in\">Sign in</a>"))
        }
    }

    @Test func theFirstLinkOfALeadSignsInAndSetsAPassword() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            let lead = try await site.store.addUser(name: "Lead", role: .lead, by: .system)
            let secret = try await site.store.createLink(.signIn(lead.id), by: .system)
            var browser = Browser(client)
            let welcome = try await browser.get(Path.invitation(secret))
            #expect(welcome.text.contains("readonly"))
            let entered = try await browser.post(
                Path.invitation(secret), ["name": "Somebody else", "password": TestSite.password])
            #expect(entered.location == Path.home)
            #expect(try await browser.get(Path.home).location == Path.lead)
            #expect(try await site.store.signIn(name: "Lead", password: TestSite.password)?.id == lead.id)
        }
    }

    @Test(arguments: [String(repeating: "é", count: 501), "short"])
    func aPasswordThatIsRefusedLeavesTheLinkAsItWas(password: String) async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            let lead = try await site.store.addUser(name: "Lead", role: .lead, by: .system)
            for purpose in [LinkPurpose.signIn(lead.id), .invite(role: .annotator)] {
                let secret = try await site.store.createLink(purpose, by: .system)
                var browser = Browser(client)
                _ = try await browser.get(Path.invitation(secret))
                let refused = try await browser.post(Path.invitation(secret), ["name": "Bo", "password": password])
                #expect(refused.status == .unprocessableContent)
                #expect(refused.text.contains("The link still works."))
                #expect(browser.cookies["plumb_session"] == nil)
                let entered = try await browser.post(
                    Path.invitation(secret), ["name": "Bo", "password": TestSite.password])
                #expect(entered.status == .seeOther)
            }
            #expect(try await site.store.signIn(name: "Lead", password: TestSite.password)?.id == lead.id)
        }
    }

    @Test func aPageThatWasOpenAtANewSignInGetsItsTokenAndSubmits() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let old = browser.csrf
            let user = try #require(browser.user)
            let json: HTTPFields = [.accept: "application/json"]
            try await site.store.endSessions(of: user.id)
            #expect(try await browser.get(Path.formToken, headers: json).status == .unauthorized)
            browser.cookies["plumb_session"] = try await site.store.startSession(user.id)
            let refused = try await browser.post(form.action, form.ranking([1, 2, 3, 4]), token: old)
            #expect(refused.status == .forbidden)
            let answer = try await browser.get(Path.formToken, headers: json)
            #expect(answer.headers[.cacheControl] == "no-store")
            let fresh = try #require(Self.text("csrf", answer.text))
            #expect(try await browser.post(form.action, form.ranking([1, 2, 3, 4]), token: fresh).status == .seeOther)
            #expect(try await site.store.progress(site.project.id).labels == 1)
        }
    }

    private static func text(_ name: String, _ json: String) -> String? {
        try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))[name]
    }

    @Test func signingOutEndsTheSessionOnTheServer() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let token = try #require(browser.cookies["plumb_session"])
            _ = try await browser.get(site.nextTask)
            _ = try await browser.post(Path.signOut)
            #expect(browser.cookies["plumb_session"] == nil)
            #expect(try await site.store.session(token) == nil)
            browser.cookies["plumb_session"] = token
            #expect(try await browser.get(site.nextTask).status == .seeOther)
        }
    }

    @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
    func theWayBackNeverLeavesTheSite(next: String) async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            let page = try await browser.post(
                Path.signIn, ["name": "Ada", "password": TestSite.password, "next": next])
            #expect(page.location == Path.home)
        }
    }

    @Test func anAnnotatorDoesNotEnterTheLeadsPages() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            #expect(try await browser.get(Path.lead).status == .forbidden)
            #expect(try await browser.get(Path.home).location == Path.tasks)
        }
    }
}
