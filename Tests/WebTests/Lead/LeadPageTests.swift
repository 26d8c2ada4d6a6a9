import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Labels
import Preferences
import Testing
import Web

/// The lead's pages, used as a browser without scripts uses them.
@Suite struct LeadPageTests {
    /// Every page that can be opened, with a run that has numbers.
    private func everyPage(_ site: LeadSite) async throws -> [String] {
        try await site.addTasks(3)
        try await site.label(as: site.annotator)
        let run = try await site.operations.startRewardModelRun(
            RewardModelRunRequest(project: site.project.id, user: site.lead.id))
        for step in 1...5 { try await site.operations.report(["step": .integer(step), "loss": 0.5], of: run) }
        let project = site.project.id.description
        return [
            Path.lead, Path.projects, Path.newProject, Path.project(project), Path.projectSettings(project),
            Path.projectLabels(project), Path.prompts(project), Path.practice(project), Path.policies(project),
            Path.makeCurrent(project, policy: site.policy.id.description), Path.rewardModels(project),
            Path.runs(project), Path.run(run.description), Path.export(project), Path.people, Path.tokens, Path.audit,
        ]
    }

    @Test func everyPageOpensForLeadsAndForNobodyElse() async throws {
        let site = try await LeadSite()
        let pages = try await everyPage(site)
        try await site.live { client in
            var lead = try await site.browser(client, as: site.lead)
            var annotator = try await site.browser(client, as: site.annotator)
            var visitor = Browser(client)
            for path in pages {
                let page = try await lead.get(path)
                #expect(page.status == .ok, "\(path)")
                #expect(page.text.contains("<h1>"), "\(path)")
                #expect(!page.text.contains("<1>"), "\(path) shows a name without escaping it")
                #expect(!page.text.contains("{{") && !page.text.contains("Optional("), "\(path)")
                #expect(!page.text.contains(" style=\"") && !page.text.contains("<style"), "\(path)")
                #expect(try await annotator.get(path).status == .forbidden, "\(path)")
                #expect(try await visitor.get(path).status == .seeOther, "\(path)")
            }
        }
        try site.remove()
    }

    @Test func everyRouteOfTheLeadRefusesAnnotators() async throws {
        let site = try await LeadSite()
        let routes = try site.router().routes.map { (method: $0.method, path: "\($0.path)") }
            .filter { $0.path.hasPrefix(Path.lead) }
        #expect(routes.count > 25)
        try await site.live { client in
            var annotator = try await site.browser(client, as: site.annotator)
            _ = try await annotator.get(Path.tasks)
            for route in routes {
                let path = route.path.replacing(/[:{][a-z]+[}]?/, with: "1")
                let csrf = try #require(HTTPField.Name("x-csrf-token"))
                let page = try await annotator.send(
                    path, method: route.method, headers: [csrf: annotator.csrf, .accept: "text/html"], body: nil)
                #expect(page.status == .forbidden, "\(route.method) \(route.path): \(page.status)")
            }
        }
        try site.remove()
    }

    @Test func aProjectIsMadeAndChangedAndARefusedFormKeepsWhatWasTyped() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let form = try await browser.get(Path.newProject)
            var fields = Self.fields(of: form.text)
            fields["name"] = "Letters"
            fields["k_largest"] = "90"
            fields["instructions"] = "Prefer <kind> letters."
            fields["acceptability_line"] = "true"
            fields["allow_skip"] = nil
            let refused = try await browser.post(Path.projects, fields)
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("4 to 9"))
            #expect(refused.text.contains("value=\"90\""))
            #expect(refused.text.contains("Prefer &lt;kind&gt; letters."))
            fields["k_largest"] = "many"
            let words = try await browser.post(Path.projects, fields)
            #expect(words.text.contains("“many” is not a whole number"))
            #expect(try await site.store.project(named: "Letters") == nil)

            fields["k_largest"] = "6"
            fields["lease_minutes"] = "2.5"
            fields["mix_policy_1"] = site.policy.id.description
            fields["mix_temperature_1"] = "0.5"
            fields["mix_weight_1"] = "3"
            let made = try await browser.post(Path.projects, fields)
            #expect(made.status == .seeOther)
            let project = try #require(try await site.store.project(named: "Letters"))
            #expect(project.settings.responseCount == .range(4, 6))
            #expect(project.settings.leaseSeconds == 150)
            #expect(project.settings.acceptabilityLine)
            #expect(!project.settings.allowSkip)
            #expect(
                project.settings.mix == [
                    MixPart(policy: .current, temperature: 1),
                    MixPart(policy: .policy(site.policy.id), temperature: 0.5, weight: 3),
                ])

            let path = Path.projectSettings(project.id.description)
            var change = Self.fields(of: try await browser.get(path).text)
            change["mode"] = "comparison"
            change["reward_model_settings"] = "learning_rate = 0.001\r\nsteps = 200"
            #expect(try await browser.post(path, change).status == .seeOther)
            let changed = try await site.store.project(project.id)
            #expect(changed.settings.mode == .comparison)
            #expect(changed.settings.responseCount == .fixed(2))
            #expect(changed.settings.rewardModel == ["learning_rate": "0.001", "steps": "200"])
            #expect(changed.settings.instructions == "Prefer <kind> letters.")
            change["reward_model_settings"] = "steps = 200\nnonsense"
            #expect(try await browser.post(path, change).text.contains("line 2"))
        }
        try site.remove()
    }

    @Test func promptsAreImportedFromTheFormAndFromAFileAndAWrongLineStoresNothing() async throws {
        let site = try await LeadSite()
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            _ = try await browser.get(Path.prompts(id))
            let text = "{\"prompt\": \"A fox\"}\n{\"prompt\": 7}\n"
            let refused = try await browser.post(
                Path.prompts(id), ["use": "ppo", "format": "jsonl", "text": text])
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("line 2"))
            #expect(refused.text.contains("A fox"), "what was pasted is still there")
            #expect(try await site.store.promptCounts(site.project.id).values.reduce(0, +) == 0)

            let taken = try await browser.post(
                Path.prompts(id), ["use": "ppo", "format": "text", "text": "A fox & a hen\nA hen\n"])
            #expect(taken.status == .seeOther)
            let page = try await browser.follow(taken)
            #expect(page.text.contains("A fox &amp; a hen"))
            #expect(try await site.store.promptCounts(site.project.id)[.ppo] == 2)

            let csrf = try #require(HTTPField.Name("x-csrf-token"))
            let file = try await browser.send(
                Path.promptFile(id) + "?use=ranking&format=text&name=p.txt", method: .put,
                headers: [csrf: browser.csrf], body: .init(string: "One\nTwo\nThree\n"))
            #expect(file.status == .ok)
            #expect(try await site.store.promptCounts(site.project.id)[.ranking] == 3)
            let wrong = try await browser.send(
                Path.promptFile(id) + "?use=ranking&format=messages&name=p.jsonl", method: .put,
                headers: [csrf: browser.csrf], body: .init(bytes: [0xff, 0xfe, 0x0a]))
            #expect(wrong.status == .unprocessableContent)
            #expect(wrong.text.contains("p.jsonl, line 1"))

            // A file that says what is about safety, and a button that takes the tag off again.
            let tagged = try await browser.send(
                Path.promptFile(id) + "?use=held_out&format=text&about_safety=true&name=p.txt", method: .put,
                headers: [csrf: browser.csrf], body: .init(string: "Locks\n"))
            #expect(tagged.status == .ok)
            let lock = try #require(try await site.store.prompts(site.project.id, use: .heldOut).first)
            #expect(lock.isAboutSafety)
            let untagged = try await browser.post(
                Path.promptSafety(id, prompt: lock.id.description), ["about_safety": "false"])
            #expect(try await browser.follow(untagged).text.contains("is not about safety"))
            #expect(try await site.store.prompts(site.project.id, use: .heldOut).first?.isAboutSafety == false)

            // Instructions with their answers.
            let lines = "{\"instruction\": \"Name a tree.\", \"output\": \"An oak.\"}\n"
            let learnt = try await browser.follow(
                try await browser.post(Path.prompts(id), ["use": "ppo", "format": "instructions", "text": lines]))
            #expect(learnt.text.contains("Instruction sets") && learnt.text.contains("the text"))
            let runs = try await browser.get(Path.runs(id))
            #expect(runs.text.contains("1 answer of 1 instruction set"))
            let set = try #require(try await site.store.instructionSets(site.project.id).first)
            let retired = try await browser.post(Path.changeInstructionSet(id, set: set.id.description, "retire"), [:])
            #expect(try await browser.follow(retired).text.contains("no further run learns from it"))
        }
        try site.remove()
    }

    @Test func aLeadSeesWhatCannotBeAnsweredAndRetiresIt() async throws {
        let site = try await LeadSite()
        let id = site.project.id.description
        _ = try await site.store.addPrompts(
            site.project.id, use: .ranking, [.text("A long prompt"), .text("A short one")], by: .system)
        let prompt = try await site.store.prompts(site.project.id)[0].id
        try await site.store.noteRefusal(of: prompt, by: site.policy.id, reason: "messages: <256> tokens at most")
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let progress = try await browser.get(Path.project(id))
            #expect(progress.text.contains("1 prompt is passed over"))
            #expect(progress.text.contains("\(Path.prompts(id))?state=unanswerable"))
            let shown = "\(Path.prompts(id))?use=ranking&state=unanswerable"
            let page = try await browser.get(shown)
            #expect(page.text.contains("A long prompt") && !page.text.contains("A short one"))
            #expect(page.text.contains("supervised cannot answer it. Messages: &lt;256&gt; tokens at most."))

            let retire = Path.retirePrompt(id, prompt: prompt.description)
            let done = try await browser.post(retire + "?use=ranking&state=unanswerable")
            #expect(done.location == shown, "the same part of the list again")
            #expect(try await browser.follow(done).text.contains("Prompt \(prompt) is retired"))
            #expect(try await site.store.prompts(site.project.id, state: .retired).map(\.id) == [prompt])
            #expect(try await browser.get(Path.project(id)).text.contains("passed over") == false)
            let retired = try await browser.get("\(Path.prompts(id))?state=retired")
            #expect(retired.text.contains("Use again") && retired.text.contains("A long prompt"))
            _ = try await browser.post(Path.restorePrompt(id, prompt: prompt.description))
            #expect(try await site.store.prompts(site.project.id, state: .retired).isEmpty)
            let foreign = try await browser.post(Path.retirePrompt(id, prompt: "999"))
            #expect(foreign.status == .notFound)
        }
        try site.remove()
    }

    @Test func makingAPolicyCurrentIsConfirmedAndSaysWhatItWithdrew() async throws {
        let site = try await LeadSite()
        try await site.addTasks(3)
        _ = try await site.store.nextTask(for: site.annotator.id, in: site.project.id)
        let newer = try await site.store.addPolicy(
            NewPolicy(
                name: "refreshed-1", kind: .refreshed, path: "policies/refreshed-1", sha256: nil,
                parents: [.policy(site.policy.id, role: "current")]), by: .system)
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let list = try await browser.get(Path.policies(id))
            #expect(list.text.contains("refreshed-1"))
            #expect(!list.text.contains("<span class=\"hint\"></span>"), "a policy without parents has no empty line")
            #expect(list.text.contains("current \(site.policy.name)"), "the lineage")
            let path = Path.makeCurrent(id, policy: newer.id.description)
            let question = try await browser.get(path)
            #expect(question.text.contains("withdrawn"))
            #expect(try await site.store.project(site.project.id).currentPolicy == site.policy.id)
            let page = try await browser.follow(try await browser.post(path))
            #expect(page.text.contains("2 unopened tasks were withdrawn; 1 open task"))
            #expect(try await site.store.project(site.project.id).currentPolicy == newer.id)
        }
        try site.remove()
    }

    @Test func policiesFromOutsideAreAddedOnTheirPage() async throws {
        let site = try await LeadSite()
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let list = try await browser.get(Path.policies(id)).text
            #expect(list.contains(#"name="name" value="a-model""#), "a folder that is no policy yet")
            let folder = ["origin": "folder", "name": "a-model", "kind": "base"]
            let page = try await browser.follow(try await browser.post(Path.addPolicy(id), folder)).text
            #expect(page.contains("a-model was added."))
            let again = try await browser.post(Path.addPolicy(id), folder)
            #expect(again.status == .unprocessableContent && again.text.contains("a-model"))
            let server = ["origin": "server", "name": "other", "server": "http://127.0.0.1:8000"]
            #expect(try await browser.post(Path.addPolicy(id), server).status == .seeOther)
            let added = try #require(try await site.store.policy(named: "other"))
            #expect(added.kind == .foreign && added.path == "http://127.0.0.1:8000")
            for wrong in [["origin": "folder", "name": "b", "kind": "best"], ["name": "b"]] {
                #expect(try await browser.post(Path.addPolicy(id), wrong).status == .unprocessableContent)
            }
            let refused = try await browser.post(Path.addPolicy(id), server).text
            #expect(refused.contains(#"value="http://127.0.0.1:8000""#), "what was typed stays")
        }
        try site.remove()
    }

    @Test func secretsAreShownOnceAndWork() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            _ = try await browser.get(Path.people)
            let invited = try await browser.post(Path.invites, ["role": "annotator"])
            let address = try #require(Browser.attribute("value", after: "id=\"secret\"", in: invited.text))
            #expect(invited.text.contains("<noscript><p class=\"hint\">Put the address of this server before it"))
            #expect(!(try await browser.get(Path.people).text).contains(address))
            var visitor = Browser(client)
            #expect(try await visitor.get(address).status == .ok)
            let joined = try await visitor.post(address, ["name": "Bo", "password": "correct horse battery"])
            #expect(joined.status == .seeOther)
            #expect(try await site.store.user(named: "Bo")?.role == .annotator)

            let made = try await browser.post(
                Path.tokens, ["label": "script", "role": "lead", "user": site.lead.id.description])
            let token = try #require(Browser.attribute("value", after: "id=\"secret\"", in: made.text))
            #expect(try await site.store.apiToken(token)?.role == .lead)
            let tokens = try await browser.get(Path.tokens)
            #expect(!tokens.text.contains(token))
            let refused = try await browser.post(
                Path.tokens, ["label": "script", "role": "lead", "user": site.annotator.id.description])
            #expect(refused.status == .unprocessableContent)
            let info = try #require(try await site.store.apiTokens().last)
            #expect(try await browser.post(Path.revokeToken(info.id.description)).status == .seeOther)
            #expect(try await site.store.apiToken(token) == nil)

            let bo = try #require(try await site.store.user(named: "Bo"))
            _ = try await browser.post(Path.person(bo.id.description), ["active": "false"])
            #expect(try await visitor.get(Path.tasks).status == .seeOther, "a deactivated person is signed out")
            let myself = try await browser.post(Path.person(site.lead.id.description), ["active": "false"])
            #expect(myself.status == .conflict)
        }
        try site.remove()
    }

    @Test func exportsAreFilesAndThePageSaysWhatEachFormatDrops() async throws {
        let site = try await LeadSite()
        try await site.addTasks(2)
        try await site.label(as: site.annotator)
        try await site.label(as: site.annotator)
        let id = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.export(id))
            for format in ExportFormat.allCases { #expect(page.text.contains("value=\"\(format.rawValue)\"")) }
            #expect(page.text.contains("What it drops:"))
            let native = try await browser.get(Path.exportFile(id) + "?format=native")
            #expect(native.headers[.contentDisposition]?.contains("attachment") == true)
            #expect(native.text.split(separator: "\n").count == 2)
            let pairs = try await browser.get(Path.exportFile(id) + "?format=trl")
            #expect(pairs.text.split(separator: "\n").count == 12, "two strict rankings of four have six pairs each")
            #expect(try await browser.get(Path.exportFile(id) + "?format=parquet").status == .badRequest)
        }
        try site.remove()
    }

    @Test func missingAgreementIsExplainedAndComesWithASecondPerson() async throws {
        var settings = ProjectSettings()
        settings.overlap = 2
        let site = try await LeadSite(settings: settings)
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let path = Path.project(site.project.id.description)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let one = try await browser.get(path)
            #expect(one.text.contains("1 label has come since the last snapshot"))
            #expect(try await browser.get(Path.lead).text.contains("<span>1 label</span>"))
            #expect(one.text.contains("no task was labelled by two people"))
            try await site.label(as: site.lead)
            let two = try await browser.get(path)
            #expect(!two.text.contains("no task was labelled by two people"))
            #expect(two.text.contains("95% interval"))
        }
        try site.remove()
    }

    /// The fields of the page's form with the values that a browser would send; the first new line of a longer text is
    /// none of it.
    static func fields(of html: String) -> [String: String] {
        var fields: [String: String] = [:]
        for match in html.matches(of: /<input ([^>]*)>/) {
            let tag = "<input " + match.output.1
            guard let name = Browser.attribute("name", after: "<input", in: String(tag)) else { continue }
            let isChoice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"")
            if isChoice, !tag.hasSuffix(" checked") { continue }
            fields[name] = Browser.attribute("value", after: "<input", in: String(tag)) ?? ""
        }
        for match in html.matches(of: /<textarea [^>]*name="([^"]*)"[^>]*>\n?([^<]*)<\/textarea>/) {
            fields[String(match.output.1)] = String(match.output.2).replacing("&lt;", with: "<")
                .replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
        }
        for match in html.matches(of: /<select [^>]*name="([^"]*)">([\s\S]*?)<\/select>/) {
            let options = String(match.output.2)
            let chosen = options.firstMatch(of: /value="([^"]*)" selected/) ?? options.firstMatch(of: /value="([^"]*)"/)
            fields[String(match.output.1)] = chosen.map { String($0.output.1) } ?? ""
        }
        fields["csrf"] = nil
        return fields
    }
}
