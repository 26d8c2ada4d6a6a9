import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

/// A project's form: nothing that was typed is lost, and nothing that is stored changes unasked.
@Suite struct ProjectFormTests {
    @Test func aRefusedFormShowsEverythingAsItWasTyped() async throws {
        let site = try await LeadSite()
        let settings = Path.projectSettings(site.project.id.description)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            for (page, action) in [(Path.newProject, Path.projects), (settings, settings)] {
                let offered = LeadPageTests.fields(of: try await browser.get(page).text)
                let typed = Self.changed(offered, policy: site.policy)
                for (name, value) in offered where name != "version" {
                    #expect(typed[name] != value, "\(name) is not changed by this test")
                }
                let refused = try await browser.post(action, typed)
                #expect(refused.status == .unprocessableContent)
                #expect(refused.text.contains("“half” is not a number"))
                let shown = LeadPageTests.fields(of: refused.text)
                for name in Set(typed.keys).union(shown.keys).sorted() {
                    #expect(shown[name] == typed[name], "\(name) on \(page)")
                }
            }
        }
        try site.remove()
    }

    /// Every field of the page with another value, one of which is refused.
    private static func changed(_ offered: [String: String], policy: Policy) -> [String: String] {
        let chosen = [
            "mode": "comparison", "ratings": "required", "reason": "optional", "written_prompt_use": "ppo",
            "choice_strategy": "disagreement", "mix_policy_0": "reference", "mix_policy_1": "current",
            "mix_policy_2": policy.id.description, "held_out_share": "half", "name": "Letters, new",
            "instructions": "\nPrefer <short> letters.\n\nAnd \"kind\" ones.\n", "stop": "END\n\n\\d",
            "own_flags": "Off topic\nBad Name = words", "reward_model_settings": "nonsense\nsteps = 5",
        ]
        var typed = offered.mapValues { $0 + "7" }
        typed["version"] = offered["version"]
        typed.merge(chosen) { $1 }
        // Boxes that were ticked, and then those that were not.
        for box in ["acceptability_line", "allow_skip", "rendering", "prompt_style_plain", "prompt_style_few_shot"] {
            typed[box] = nil
        }
        for flag in ResponseFlag.standard { typed["flag_\(flag.name)"] = nil }
        for box in [
            "tie", "both_unacceptable", "safety", "aspect_\(Aspect.allCases[0].rawValue)", "authors_judge_own",
            "prompt_style_\(PromptStyle.useCase.rawValue)",
        ] {
            typed[box] = "true"
        }
        return typed
    }

    @Test func savingThePageChangesNothingThatWasNotTyped() async throws {
        let wanted = TestSite.settings {
            $0.stop = ["\n\n", "\nHuman:", "a\\n", "\\", "one\r\ntwo", " ", "end\r"]
            $0.mix = (1...11).map {
                MixPart(policy: $0 % 2 == 0 ? .reference : .current, temperature: Double($0) / 8, weight: Double($0))
            }
            $0.instructions = "\nOne\n\nTwo\n"
        }
        let site = try await LeadSite(settings: wanted)
        let path = Path.projectSettings(site.project.id.description)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            var fields = LeadPageTests.fields(of: try await browser.get(path).text)
            #expect(
                fields["stop"]?.components(separatedBy: "\n") == [
                    #"\n\n"#, #"\nHuman:"#, #"a\\n"#, #"\\"#, #"one\r\ntwo"#, " ", #"end\r"#,
                ])
            #expect(fields["mix_policy_12"] == "" && fields["mix_policy_13"] == nil, "two spare rows")
            fields["name"] = site.project.name
            #expect(try await browser.post(path, fields).status == .seeOther)
            #expect(try await site.store.project(site.project.id).settings == wanted)

            fields["stop"] = "fine\r\nwith \\d"
            let refused = try await browser.post(path, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains(#"Stop texts, line 2: “\d” means nothing."#))
            fields["stop"] = "fine\r\nends with \\"
            #expect(try await browser.post(path, fields).text.contains(#"line 2: “\” means nothing."#))
            #expect(try await site.store.project(site.project.id).settings == wanted)
        }
        try site.remove()
    }

    @Test func aPageThatAnotherChangeOvertookIsShownAsTypedWithTheDifferences() async throws {
        let site = try await TestSite.make(
            settings: TestSite.settings {
                $0.mix = (1...4).map { MixPart(policy: .current, temperature: Double($0) / 4) }
            })
        try await site.run { client in
            let id = site.project.id
            let path = Path.projectSettings(id.description)
            var browser = try await site.browser(client, name: "Lee", role: .lead)
            var typed = LeadPageTests.fields(of: try await browser.get(path).text)
            typed["tasks_ahead"] = "7"
            typed["instructions"] = "Be kind."
            _ = try await site.store.updateProject(id, by: .system) { stored in
                var settings = stored.settings
                settings.overlap = 3
                settings.quality.goldShare = 0.25
                settings.instructions = "Be <fair>."
                settings.mix = [MixPart(policy: .current, temperature: 1)]
                return settings
            }
            let stored = try await site.store.project(id)

            let refused = try await browser.post(path, typed)
            #expect(refused.status == .conflict)
            #expect(refused.text.contains("Somebody changed these settings after you had opened this page"))
            for (name, now, here) in [
                ("overlap", "3", "1"), ("quality.gold_share", "0.25", "0.05"), ("tasks_ahead", "20", "7"),
                ("instructions", "Be &lt;fair&gt;.", "Be kind."),
            ] {
                let cells = [now, here].map { #"<td class="preview" dir="auto">\#($0)</td>"# }.joined()
                #expect(refused.text.contains("<code>\(name)</code></th>\(cells)"), "\(name)")
            }
            #expect(!refused.text.contains("<code>max_tokens</code>"), "what is the same is no difference")
            #expect(try await site.store.project(id) == stored)

            var shown = LeadPageTests.fields(of: refused.text)
            #expect(shown["version"] != typed["version"])
            typed["version"] = shown["version"]
            for name in Set(typed.keys).union(shown.keys).sorted() {
                #expect(shown[name] == typed[name], "\(name) is shown as it was typed")
            }
            shown["overlap"] = "3"
            #expect(try await browser.post(path, shown).status == .seeOther)
            let saved = try await site.store.project(id).settings
            #expect(saved.overlap == 3 && saved.tasksAhead == 7 && saved.instructions == "Be kind.")
            #expect(saved.quality.goldShare == 0.05 && saved.mix.count == 4)
            #expect(try await browser.post(path, shown).status == .seeOther, "sent twice: no conflict with itself")
        }
    }

    @Test func aMistakeIsNoWayAroundAnotherChangeAndAPauseIsNone() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            let id = site.project.id
            let path = Path.projectSettings(id.description)
            var browser = try await site.browser(client, name: "Lee", role: .lead)
            var fields = LeadPageTests.fields(of: try await browser.get(path).text)
            fields["tasks_ahead"] = "7"
            _ = try await site.store.updateProject(id, paused: true, by: .system)
            #expect(try await browser.post(path, fields).status == .seeOther, "the form has nothing of a pause")

            fields = LeadPageTests.fields(of: try await browser.get(path).text)
            _ = try await site.store.updateProject(id, name: "Cards", by: .system)
            fields["top_k"] = "few"
            let mistaken = try await browser.post(path, fields)
            #expect(mistaken.status == .unprocessableContent)
            var again = LeadPageTests.fields(of: mistaken.text)
            #expect(again["version"] == fields["version"], "it is still the page of before")
            again["top_k"] = "5"
            let refused = try await browser.post(path, again)
            #expect(refused.status == .conflict)
            #expect(refused.text.contains("<code>name</code>") && refused.text.contains(">Cards</td>"))
            again["version"] = nil
            #expect(try await browser.post(path, again).status == .conflict, "a form of no version is of an older one")
            let stored = try await site.store.project(id)
            #expect(stored.name == "Cards" && stored.settings.topK == 0 && stored.settings.tasksAhead == 7)
        }
    }
}
