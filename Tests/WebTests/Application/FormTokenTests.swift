import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Testing
import Web

@Suite struct FormTokenTests {
    @Test func aFormWithoutItsTokenChangesNothing() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            for token in ["", "wrong", String(browser.csrf.dropLast())] {
                let page = try await browser.post(form.action, form.ranking([1, 2, 3, 4]), token: token)
                #expect(page.status == .forbidden)
                #expect(page.text.contains("This form is out of date"))
            }
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func theTokenOfAnotherSessionIsRefused() async throws {
        let site = try await TestSite.make(tasks: 3)
        try await site.run { client in
            var ada = try await site.browser(client)
            var ben = try await site.browser(client, name: "Ben")
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            _ = try await ben.get(site.nextTask)
            #expect(ada.csrf != ben.csrf)
            let page = try await ada.post(form.action, form.ranking([1, 2, 3, 4]), token: ben.csrf)
            #expect(page.status == .forbidden)
        }
    }

    @Test func aChangeThatAnotherSiteStartedIsRefused() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let page = try await browser.post(
                form.action, form.ranking([1, 2, 3, 4]), headers: [HTTPField.Name("Sec-Fetch-Site")!: "cross-site"])
            #expect(page.status == .forbidden)
        }
    }

    @Test func anAnswerSentAfterTheSignInEndedLeadsBackToItsTask() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let user = try #require(browser.user)
            try await site.store.endSessions(of: user.id)
            let refused = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            #expect(refused.status == .unauthorized)
            let way = try #require(Browser.attribute("href", after: "<a class=\"button primary\"", in: refused.text))
            _ = try await browser.get(way)
            let next = try #require(
                Browser.attribute("value", after: "name=\"next\"", in: try await browser.get(way).text))
            let entered = try await browser.post(
                Path.signIn, ["name": "Ada", "password": TestSite.password, "next": next])
            let again = try #require(TaskForm(try await browser.follow(entered)))
            #expect(again.ids == form.ids)
        }
    }

    @Test func theSignInFormIsBoundToItsVisitor() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            _ = try await site.store.addUser(name: "Ada", role: .annotator, password: TestSite.password, by: .system)
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            browser.cookies = [:]
            let page = try await browser.post(Path.signIn, ["name": "Ada", "password": TestSite.password])
            #expect(page.status == .forbidden)
            #expect(browser.cookies["plumb_session"] == nil)
        }
    }
}
