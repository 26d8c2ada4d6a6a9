import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

/// Ratings and flags on the ranking form, and everything that a comparison may ask, without a line of script.
@Suite struct RatingFormTests {
    @Test func ratingsAndFlagsComeWithTheRanking() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            #expect(page.text.components(separatedBy: "data-score").count == 4 * 7 + 1)
            #expect(!page.text.contains("data-score checked"), "no rating may be chosen at first")
            for flag in ResponseFlag.standard { #expect(page.text.contains("<span>\(flag.words)</span>")) }
            var fields = form.ranking([1, 2, 3, 4])
            fields["rating.\(form.ids[0])"] = "7"
            fields["rating.\(form.ids[1])"] = ""
            fields["flag.\(form.ids[3]).hallucination"] = "yes"
            fields["flag.\(form.ids[3]).opinion"] = "yes"
            #expect(try await browser.post(form.action, fields).status == .seeOther)
            let stored = try await storedByLetter(site)
            #expect(
                stored == [
                    "A": try ResponseRating(overall: 7),
                    "D": try ResponseRating(flags: ["hallucination", "opinion"]),
                ])
        }
    }

    @Test(arguments: ["0", "8", "best", "1.5"])
    func aRatingThatIsNoneIsRefusedAndTheFormComesBack(value: String) async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.ranking([1, 2, 3, 4])
            fields["rating.\(form.ids[2])"] = value
            let page = try await browser.post(form.action, fields)
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("is no rating for C: choose a number from 1 to 7"))
            #expect(page.text.contains("<option value=\"4\" selected"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    @Test func aFlagThatTheProjectDoesNotUseIsRefusedWithTheFormKept() async throws {
        let site = try await TestSite.make(tasks: 1, settings: TestSite.settings { $0.flags = [] })
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let form = try #require(TaskForm(page))
            #expect(!page.text.contains("data-flags"))
            var fields = form.ranking([1, 2, 3, 4])
            fields["rating.\(form.ids[0])"] = "5"
            fields["flag.\(form.ids[1]).violent"] = "yes"
            let refused = try await browser.post(form.action, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("has the flag"))
            #expect(refused.text.contains("aria-label=\"5 of 7\" data-score checked"))
            #expect(TaskForm(refused)?.ids == form.ids)
        }
    }

    @Test func requiredRatingsAreAskedForByLetter() async throws {
        let site = try await TestSite.make(tasks: 1, settings: TestSite.settings { $0.ratings = .required })
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.ranking([1, 2, 3, 4])
            for id in form.ids.dropFirst() { fields["rating.\(id)"] = "4" }
            let refused = try await browser.post(form.action, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("No rating from 1 to 7 yet: &#39;A&#39;."))
            fields["rating.\(form.ids[0])"] = "1"
            #expect(try await browser.post(form.action, fields).status == .seeOther)
        }
    }

    @Test func identicalResponsesAreNamed() async throws {
        let site = try await TestSite.make(
            tasks: 1, text: { _, response in response < 2 ? "the same" : "text \(response)" })
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask).text
            #expect(page.components(separatedBy: "data-identical=").count == 2)
            #expect(page.contains(" are the same, word for word."))
        }
    }

    @Test func aComparisonAsksForNothingThatTheProjectDoesNotWant() async throws {
        let site = try await TestSite.make(mode: .comparison, tasks: 1, responses: 2)
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask).text
            for absent in ["value=\"tie\"", "both_unacceptable", "name=\"safety\"", "data-aspect", "id=\"reason\""] {
                #expect(!page.contains(absent), "\(absent) was not asked for")
            }
        }
    }

    @Test(arguments: ["tie", "both_unacceptable"])
    func whatPrefersNoneIsStoredAsWhatItIs(verdict: String) async throws {
        let site = try await TestSite.full()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.comparison(winner: 0, "better")
            fields["choice"] = verdict
            fields["safety"] = "both_safe"
            #expect(try await browser.post(form.action, fields).status == .seeOther)
            let label = try #require(try await site.store.recentLabels(site.project.id).first)
            guard case .comparison(let stored) = try #require(label.judgement) else { return }
            #expect(stored.verdict == (verdict == "tie" ? .tie : .bothUnacceptable))
            #expect(stored.unsafe == [])
        }
    }

    @Test func anUnsafeResponseCannotBePreferredToASafeOne() async throws {
        let site = try await TestSite.full()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.comparison(winner: 0, "significantly")
            fields["safety"] = form.ids[1]
            fields["reason"] = "Because."
            fields["aspect.\(form.ids[1]).helpfulness"] = "3"
            let refused = try await browser.post(form.action, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(
                refused.text.contains(
                    "You prefer A and call it unsafe, while B is safe. A safe response is the better answer: prefer B"))
            #expect(refused.text.contains(">Because.</textarea>"))
            #expect(refused.text.contains("<option value=\"3\" selected"))
            #expect(try await site.store.progress(site.project.id).labels == 0)
            fields["safety"] = form.ids[0]
            #expect(try await browser.post(form.action, fields).status == .seeOther)
            let label = try #require(try await site.store.recentLabels(site.project.id).first)
            guard case .comparison(let stored) = try #require(label.judgement) else { return }
            #expect(stored.safety == .chosenSafe && stored.reason == "Because.")
            #expect(stored.ratings.values.map(\.aspects) == [[.helpfulness: 3]])
        }
    }

    @Test func aReasonIsRequiredForTheStrongestGradeAlone() async throws {
        let site = try await TestSite.full()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.comparison(winner: 1, "significantly")
            fields["safety"] = "both_safe"
            fields["reason"] = " \n "
            let refused = try await browser.post(form.action, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("Say in a sentence why one is significantly better."))
            fields["choice"] = "\(form.ids[1]).better"
            #expect(try await browser.post(form.action, fields).status == .seeOther)
        }
    }

    @Test(arguments: [("safety", "made-up"), ("choice", "tied")])
    func aChoiceThatThePageDoesNotOfferIsRefused(field: String, value: String) async throws {
        let site = try await TestSite.full()
        try await site.run { client in
            var browser = try await site.browser(client)
            let form = try #require(TaskForm(try await browser.get(site.nextTask)))
            var fields = form.comparison(winner: 0, "better")
            fields["safety"] = "both_safe"
            fields[field] = value
            #expect(try await browser.post(form.action, fields).status == .unprocessableContent)
            #expect(try await site.store.progress(site.project.id).labels == 0)
        }
    }

    private func storedByLetter(_ site: TestSite) async throws -> [String: ResponseRating] {
        let label = try #require(try await site.store.recentLabels(site.project.id).first)
        let letters = label.displayOrder.enumerated().map { ($1, DisplayOrder.letter(slot: $0)) }
        let ratings = try #require(label.judgement).ratings
        return Dictionary(uniqueKeysWithValues: letters.compactMap { id, letter in ratings[id].map { (letter, $0) } })
    }
}

extension TestSite {
    /// A comparison project that asks for everything.
    static func full() async throws -> TestSite {
        try await make(
            mode: .comparison, tasks: 1, responses: 2,
            settings: settings {
                $0.tie = true
                $0.bothUnacceptable = true
                $0.safety = true
                $0.aspects = Aspect.allCases
                $0.reason = .requiredForSignificantly
            })
    }
}
