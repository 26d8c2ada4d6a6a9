import Foundation
import Hummingbird
import HummingbirdTesting
import Testing
import Web

@Suite struct ComponentsPageTests {
    /// What no page that stands still can show, or what says where something stands and not how a part looks.
    private static let leftOut: Set<String> = [
        // Set while a script moves or folds something.
        "enhanced", "all-ranked", "is-empty", "is-dragging", "ghost", "lifted", "over", "over-above", "over-below",
        "raw-texts", "script-on", "script-off", "open",
        // A dialog over the page: `sheet-like` stands in its place.
        "sheet",
        // The width of a page's main part, and of its fields by the kind of task.
        "task", "conversation", "kind-correction", "kind-demonstration",
        // How a text is cut so that a browser lays it out bit by bit, and the space that a tokenizer put first.
        "long", "first-space",
    ]

    private static func classes(of css: String) -> Set<String> {
        let rules = css.replacing(#/(?s)/\*.*?\*//#, with: "").matches(of: #/([^{};]+)\{/#)
        return Set(rules.flatMap { $0.output.1.matches(of: #/\.([a-zA-Z][\w-]*)/#).map { String($0.output.1) } })
    }

    @Test func everyPartThatTheStyleSheetsDrawIsOnThePageOfComponents() async throws {
        let site = try await LeadSite()
        let folder = LeadSite.root.appending(path: "static")
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.components).text
            let shown = Set(
                page.matches(of: #/\sclass="([^"]*)"/#).flatMap { $0.output.1.split(separator: " ").map(String.init) })
            var drawn: Set<String> = []
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".css") {
                let css = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                #expect(page.contains("/\(name)\""), "the page loads \(name)")
                drawn.formUnion(Self.classes(of: css))
            }
            #expect(drawn.count > 150)
            let missing = drawn.subtracting(shown).subtracting(Self.leftOut)
            #expect(missing.isEmpty, "in a style sheet, but not on the page: \(missing.sorted())")
            let needless = Self.leftOut.filter { !drawn.contains($0) || shown.contains($0) }
            #expect(needless.isEmpty, "left out for nothing: \(needless.sorted())")
            let ids = page.matches(of: #/\sid="([^"]*)"/#).map { String($0.output.1) }
            #expect(Set(ids).count == ids.count, "each id once")
        }
        try site.remove()
    }
}
