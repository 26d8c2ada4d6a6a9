import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Preferences
import Testing
import Web

@Suite struct ComparisonPageTests {
    static let grades = ["significantly", "better", "slightly", "negligibly"]

    @Test func theBarHasEightAnswersInTheExactWordsAndNoneIsChosen() async throws {
        let site = try await TestSite.make(mode: .comparison, responses: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            #expect(form.ids.count == 2)
            for letter in ["A", "B"] {
                for words in ["significantly better", "better", "slightly better", "negligibly better or unsure"] {
                    #expect(page.text.contains("aria-label=\"\(letter) is \(words)\""))
                }
            }
            #expect(page.text.components(separatedBy: "type=\"radio\" name=\"choice\"").count == 9)
            let radios = page.text.components(separatedBy: "name=\"choice\"").dropFirst()
            #expect(radios.allSatisfy { !$0.prefix { $0 != ">" }.contains("checked") })
            #expect(page.text.contains("role=\"radiogroup\""))
        }
    }

    @Test(arguments: [0, 1], grades)
    func eachAnswerStoresItsWinnerAndGrade(winner: Int, grade: String) async throws {
        let site = try await TestSite.make(mode: .comparison, tasks: 1, responses: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            let winnerText = page.paneTexts[winner]
            #expect(try await browser.post(form.action, form.comparison(winner: winner, grade)).status == .seeOther)
            let snapshot = try await site.store.takeSnapshot(site.project.id, by: .system)
            let found = Found()
            try await site.store.forEachGroup(of: snapshot.id) { found.append($0) }
            let group = try #require(found.groups.first)
            guard case .comparison(let stored) = try #require(group.labels.first).judgement else {
                Issue.record("a comparison must be stored as one")
                return
            }
            #expect(group.group.response(try #require(stored.winner))?.text == winnerText)
            #expect(stored.grade?.rawValue == grade)
        }
    }

    @Test func submittingWithoutAChoiceIsExplained() async throws {
        let site = try await TestSite.make(mode: .comparison, responses: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            let page = try await browser.post(
                form.action, ["project": form.project, "responses": form.ids.joined(separator: " ")])
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("Nothing is chosen yet"))
            #expect(TaskForm(page)?.ids == form.ids)
        }
    }

    @Test(arguments: ["x.better", "ID.enormously", "better", "."])
    func aChoiceThatThePageDoesNotOfferIsRefused(choice: String) async throws {
        let site = try await TestSite.make(mode: .comparison, responses: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.comparison(winner: 0, "better")
            fields["choice"] = choice.replacingOccurrences(of: "ID", with: form.ids[0])
            #expect(try await browser.post(form.action, fields).status == .unprocessableContent)
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }
}
