import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Testing
import Web

@Suite struct FrameTests {
    @Test func everyAnswerForbidsInlineAndForeignCode() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            let answers = [
                try await browser.get(site.nextTask), try await browser.get(Path.history),
                try await browser.get("/no-such-page"), try await browser.get("/static/base.css"),
                try await browser.get(Path.lead), try await browser.post(Path.signOut, token: "wrong"),
            ]
            for answer in answers {
                let policy = try #require(answer.headers[.contentSecurityPolicy])
                #expect(policy.contains("default-src 'none'"))
                #expect(policy.contains("script-src 'self'"))
                #expect(policy.contains("style-src 'self'"))
                #expect(policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            }
        }
    }

    @Test func pagesHaveNoInlineScriptOrStyle() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            for path in [site.nextTask, Path.history, Path.tasks, "/no-such-page"] {
                let text = try await browser.get(path).text
                #expect(!text.contains("style="))
                #expect(!text.contains("<style"))
                #expect(!text.contains(" onclick"))
                let scripts = text.components(separatedBy: "<script").dropFirst()
                #expect(scripts.allSatisfy { $0.hasPrefix(" type=\"module\" src=\"/static/") })
            }
        }
    }

    @Test func anUnknownAddressIsAPageForPeopleAndJSONForScripts() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = Browser(client)
            let page = try await browser.get("/no-such-page")
            #expect(page.status == .notFound)
            #expect(page.text.contains("There is no such page"))
            #expect(page.headers[.contentType]?.hasPrefix("text/html") == true)
            let json = try await browser.get("/no-such-page", headers: [.accept: "application/json"])
            #expect(json.status == .notFound)
            #expect(json.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(json.text.contains("\"message\""))
        }
    }

    @Test func aBodyThatIsTooLargeIs413AndStoresNothing() async throws {
        let site = try await TestSite.make(maximumFormBytes: 4_096)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.ranking([1, 2, 3, 4])
            fields["note"] = String(repeating: "x", count: 5_000)
            let page = try await browser.post(form.action, fields)
            #expect(page.status == .contentTooLarge)
            #expect(page.text.contains("That was too large"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func aFaultOfOursIs500WithoutItsInsides() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            _ = try await browser.get(site.nextTask)
            try breakDatabase(of: site)
            let page = try await browser.get(Path.history)
            #expect(page.status.code >= 500)
            #expect(page.text.contains("<h1>"))
            #expect(!page.text.contains("SELECT"))
            #expect(!page.text.contains(site.folder.path))
        }
    }

    /// Closes the store under the running site.
    private func breakDatabase(of site: TestSite) throws { try site.store.close() }

    @Test func staticFilesAreCachedForGoodUnderTheirVersionOnly() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = Browser(client)
            let page = try await browser.get(Path.signIn)
            let sheet = try #require(Browser.attribute("href", after: #"<link rel="stylesheet""#, in: page.text))
            let versioned = try await browser.get(sheet)
            #expect(versioned.status == .ok)
            #expect(versioned.headers[.cacheControl]?.contains("immutable") == true)
            #expect(versioned.headers[.contentType]?.hasPrefix("text/css") == true)
            let plain = try await browser.get("/static/base.css")
            #expect(plain.status == .ok)
            #expect(plain.headers[.cacheControl] == "no-cache")
            let tag = try #require(plain.headers[.eTag])
            let again = try await browser.get("/static/base.css", headers: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(try await browser.get("/static/..%2fPackage.swift").status == .badRequest)
        }
    }

    @Test func everyStyleSheetThatAPageNamesIsThereAndTheLeadsIsForLeads() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            let annotator = try await site.browser(client)
            let lead = try await site.browser(client, name: "Lea", role: .lead)
            for (browser, path, count) in [(annotator, site.nextTask, 3), (lead, Path.newProject, 4)] {
                var browser = browser
                let page = try await browser.get(path).text
                let sheets = page.matches(of: /<link rel="stylesheet" href="([^"]+)">/).map { String($0.output.1) }
                #expect(sheets.count == count)
                for sheet in sheets {
                    let file = try await browser.get(sheet)
                    #expect(file.status == .ok)
                    #expect(file.headers[.cacheControl]?.contains("immutable") == true)
                }
            }
        }
    }

    @Test func pagesAreNeverKeptByABrowserOrProxy() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client)
            #expect(try await browser.get(site.nextTask).headers[.cacheControl] == "no-store")
        }
    }
}
