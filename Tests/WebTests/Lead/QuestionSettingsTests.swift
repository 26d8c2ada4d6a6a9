import Foundation
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

@Suite struct QuestionSettingsTests {
    @Test func aLeadSwitchesFlagsOffAddsOthersAndAsksForMore() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = try await site.browser(client, name: "Lee", role: .lead)
            let path = "/lead/projects/\(site.project.id)/settings"
            let page = try await browser.get(path)
            #expect(page.text.components(separatedBy: "name=\"flag_").count == ResponseFlag.standard.count + 1)
            var fields = Self.fields(page.text)
            fields["flag_opinion"] = nil
            fields["own_flags"] = "Off topic\r\nrude = Rude to the reader"
            fields["ratings"] = "required"
            fields["tie"] = "true"
            fields["aspect_verbosity"] = "true"
            fields["reason"] = "required_for_significantly"
            let saved = try await browser.post(path, fields)
            #expect(saved.status == .seeOther, "\(saved.text)")
            let settings = try await site.store.project(site.project.id).settings
            #expect(
                settings.flags
                    == ResponseFlag.standard.filter { $0.name != "opinion" } + [
                        ResponseFlag(name: "off_topic", words: "Off topic"),
                        ResponseFlag(name: "rude", words: "Rude to the reader"),
                    ])
            #expect(settings.ratings == .required && settings.tie && !settings.bothUnacceptable)
            #expect(settings.aspects == [.verbosity] && settings.reason == .requiredForSignificantly)
            fields["own_flags"] = "Bad Name = words"
            let refused = try await browser.post(path, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(try await site.store.project(site.project.id).settings == settings)
        }
    }

    @Test func theListOfLabelsSaysEachAnswerInTheLettersOfItsAnnotator() async throws {
        let site = try await TestSite.make(tasks: 1)
        try await site.run { client in
            var ada = try await site.browser(client)
            let form = try #require(TaskForm(try await ada.get(site.nextTask)))
            var answer = form.ranking([2, 1, 2, 4], unacceptable: [3])
            answer["rating.\(form.ids[0])"] = "6"
            answer["flag.\(form.ids[0]).hallucination"] = "yes"
            _ = try await ada.post(form.action, answer)
            var lee = try await site.browser(client, name: "Lee", role: .lead)
            let page = try await lee.get("/lead/projects/\(site.project.id)/labels")
            #expect(page.text.contains(">B › A = C · not acceptable: D · A: 6 of 7, Makes something up<"))
        }
    }

    /// The values of a form as a browser would send them back.
    private static func fields(_ html: String) -> [String: String] {
        var fields: [String: String] = [:]
        for tag in html.components(separatedBy: "<input ").dropFirst() {
            let tag = "<input " + tag.prefix { $0 != ">" } + ">"
            guard let name = Browser.attribute("name", after: "<input", in: tag), name != "csrf" else { continue }
            let isBox = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"")
            if isBox && !tag.contains(" checked") { continue }
            fields[name] = Browser.attribute("value", after: "<input", in: tag) ?? ""
        }
        for tag in html.components(separatedBy: "<select ").dropFirst() {
            let select = tag.components(separatedBy: "</select>")[0]
            guard let name = Browser.attribute("name", after: "<select", in: "<select " + select) else { continue }
            let chosen = select.components(separatedBy: "<option ").dropFirst().first { $0.contains(" selected") }
            fields[name] = chosen.flatMap { Browser.attribute("value", after: "<option", in: "<option " + $0) } ?? ""
        }
        return fields
    }
}
