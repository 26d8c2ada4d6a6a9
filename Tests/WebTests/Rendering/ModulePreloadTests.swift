import Foundation
import Hummingbird
import HummingbirdTesting
import Labels
import Testing
import Web

@Suite struct ModulePreloadTests {
    /// What a page asks for at once: its scripts and the modules that it names for them.
    private func named(_ page: String) -> (scripts: [String], preloads: [String]) {
        let scripts = page.matches(of: #/<script type="module" src="[^"]*/([\w.-]+)"/#).map { String($0.output.1) }
        let links = page.matches(of: #/<link rel="modulepreload" href="[^"]*/([\w.-]+)"/#).map { String($0.output.1) }
        return (scripts, links)
    }

    /// By reading the files anew, one after the other.
    private func imports(of module: String) throws -> Set<String> {
        let text = try String(contentsOf: LeadSite.root.appending(path: "static/\(module)"), encoding: .utf8)
        let direct = text.split(separator: ";").filter { $0.contains("import ") }
            .compactMap { $0.firstMatch(of: #/"\./([\w.-]+)"/#).map { String($0.output.1) } }
        return try direct.reduce(into: Set(direct)) { all, name in all.formUnion(try imports(of: name)) }
    }

    @Test func everyModuleThatAPageNeedsIsNamedInItOnce() async throws {
        let site = try await TestSite.make()
        let pairs = try await site.store.createProject(
            name: "Pairs",
            settings: TestSite.settings {
                $0.mode = .comparison
                $0.responseCount = .fixed(2)
                $0.feedback.shares = [.conversation: 100]
            }, by: .system)
        try await site.run { client in
            var browser = try await site.browser(client, role: .lead)
            let id = site.project.id.description
            for path in [
                site.nextTask, Path.conversation(pairs.id.description), Path.prompts(id), Path.history, Path.people,
            ] {
                let (scripts, preloads) = named(try await browser.get(path).text)
                #expect(scripts.contains("text.js"))
                var needed: Set<String> = []
                for script in scripts { needed.formUnion(try imports(of: script)) }
                #expect(Set(preloads) == needed, "\(path)")
                #expect(Set(preloads).count == preloads.count, "\(path)")
                for name in preloads {
                    #expect(try await browser.get("/static/\(name)").status == .ok)
                }
            }
            let (scripts, preloads) = named(try await browser.get(site.nextTask).text)
            #expect(scripts.contains("ranking.js") && preloads.contains("browser-store.js"), "three steps away")
        }
    }
}
