import Foundation
import Hummingbird
import HummingbirdTesting
import Labels
import Preferences
import Testing
import Web

/// What a lead sees of how reliable answers are.
@Suite struct QualityPageTests {
    @Test func answersToOneTaskStandSideBySide() async throws {
        let site = try await TestSite.make(tasks: 1, overlap: 3)
        try await site.run { client in
            for (name, ranks, unacceptable) in [
                ("Ada", [1, 2, 3, 4], [4]), ("Bob", [1, 2, 3, 4], []), ("Cat", [4, 3, 2, 1], [Int]()),
            ] {
                var person = try await site.browser(client, name: name)
                let form = try #require(TaskForm(try await person.get(site.nextTask)))
                let task = try await site.store.assignment(
                    token: String(form.action.split(separator: "/")[1]), user: try #require(person.user).id)
                let order = task.responses.map { Int($0.text.split(separator: " ")[1]) ?? 0 }
                let answer = form.ranking(
                    order.map { ranks[$0] },
                    unacceptable: Set(order.indices.filter { unacceptable.contains(ranks[order[$0]]) }))
                #expect(try await person.post(form.action, answer).status == .seeOther)
            }
            var lead = try await site.browser(client, name: "Lee", role: .lead)
            let id = site.project.id.description
            let quality = try await lead.get(Path.quality(id))
            let path = try #require(quality.text.firstMatch(of: #/lead/projects/\d+/tasks/\d+/#)).output
            #expect(quality.text.contains("33.3%"), "of the pairs, one couple of three agrees")
            let page = try await lead.get(String("/" + path.trimmingPrefix("/"))).text
            let table = try #require(
                page.components(separatedBy: "ranks-by-person").last?.components(separatedBy: "</table>").first)
            for name in ["Ada", "Bob", "Cat", "Together"] { #expect(table.contains("\(name)</th>"), "\(name)") }
            let cells = table.components(separatedBy: "<tr>").dropFirst(2).map {
                $0.matches(of: #/<td class="number">(?:<strong>)?([^<]+)/#).map {
                    String($0.output.1).trimmingCharacters(in: .whitespaces)
                }
            }
            #expect(
                cells == [["1", "1", "4", "1"], ["2", "2", "3", "2"], ["3", "3", "2", "3"], ["4", "4", "1", "4"]])
            #expect(table.components(separatedBy: "not acceptable").count == 2)
            #expect(page.contains("Agreed 6, disagreed 12") && page.contains("Ada and Bob 1.00; Ada and Cat −1.00"))
            #expect(page.contains("A › B › C · not acceptable: D"))
            #expect(!page.contains("secret-policy-name"), "leads rank, too")
            let labels = try await lead.get(Path.projectLabels(id))
            #expect(labels.text.contains(path))
            // 12 disagreements observed among 36 values, 18 of either kind.
            let orders = try await site.store.quality(site.project.id).orders
            #expect(orders.units == 6 && orders.alpha.map { abs($0 - (1 - 35 * 12 / 324.0)) < 1e-12 } == true)
            #expect(try await lead.get(Path.taskAnswers(id, task: "999")).status == .notFound)
            var ada = Browser(client)
            #expect(try await ada.get(Path.quality(id)).status != .ok)
        }
    }

    @Test func aLeadDecidesATaskOnTheOrdinaryPageAndSaysWhatTrainingReads() async throws {
        let site = try await TestSite.make(tasks: 1, overlap: 2)
        try await site.run { client in
            for (name, ranks) in [("Ada", [1, 2, 3, 4]), ("Bob", [4, 3, 2, 1])] {
                var person = try await site.browser(client, name: name)
                let form = try #require(TaskForm(try await person.get(site.nextTask)))
                #expect(try await person.post(form.action, form.ranking(ranks)).status == .seeOther)
            }
            var lead = try await site.browser(client, name: "Lee", role: .lead)
            let project = site.project.id.description
            let task = try #require(try await site.store.sharedTasks(site.project.id).first).taskID.description
            let path = Path.taskAnswers(project, task: task)
            #expect(try await lead.get(path).text.contains("Decide this task"))
            let use = Path.adjudicationUse(project, task: task)
            #expect(try await lead.post(use, ["alone": "true"]).status == .forbidden, "nothing is decided yet")
            let page = try await lead.follow(try await lead.post(Path.adjudicate(project, task: task)))
            #expect(!page.text.contains("secret-policy-name"))
            let form = try #require(TaskForm(page))
            let decided = try await lead.post(
                form.action, form.ranking([1, 2, 3, 4]).merging(["decides": task]) { first, _ in first })
            #expect(
                form.text.contains(#"name="decides" value="\#(task)""#) && form.text.contains(#"data-next="\#(path)""#))
            #expect(!form.text.contains("data-ahead"), "nothing is fetched ahead of the task's own page")
            var text = try await lead.follow(decided).text
            #expect(text.contains("Lee decided this task. Training reads that answer beside the others."))
            #expect(text.contains(#"Lee <span class="state">decision</span>"#) && !text.contains("Decide this task"))
            text = try await lead.follow(try await lead.post(use, ["alone": "true"])).text
            #expect(text.contains("Training reads that answer alone.") && text.contains("Read all answers"))
            #expect(
                try await lead.get(Path.projectLabels(project)).text.contains(#"<span class="state">decision</span>"#))
            var ada = Browser(client)
            #expect(try await ada.post(Path.adjudicate(project, task: task)).status != .seeOther)
        }
    }

    @Test func aLeadAsksForChecksAndSeesEachPersonsFigures() async throws {
        let site = try await TestSite.make(mode: .comparison, tasks: 30, responses: 2)
        try await site.run { client in
            var lead = try await site.browser(client, name: "Lee", role: .lead)
            let id = site.project.id.description
            let settings = Path.projectSettings(id)
            var fields = LeadPageTests.fields(of: try await lead.get(settings).text)
            #expect(fields["repeat_share"] == "0.0" && fields["authors_judge_own"] == nil)
            fields["repeat_share"] = "0.7"
            #expect(try await lead.post(settings, fields).text.contains("from 0 to 0.4"))
            fields["repeat_share"] = "0.4"
            fields["repeat_after"] = "2"
            fields["authors_judge_own"] = "true"
            #expect(try await lead.post(settings, fields).status == .seeOther)
            let quality = try await site.store.project(site.project.id).settings.quality
            #expect(quality.repeatShare == 0.4 && quality.repeatAfter == 2 && quality.authorsJudgeOwn)
            #expect(try await lead.get(Path.quality(id)).text.contains("No task was answered twice"))

            var ada = try await site.browser(client)
            for _ in 0..<20 {
                let form = try #require(TaskForm(try await ada.get(site.nextTask)))
                _ = try await ada.post(form.action, form.comparison(winner: 0, "better"))
                site.clock.advance(seconds: 5)
            }
            let found = try #require(try await site.store.checkResults(site.project.id).first)
            let page = try await lead.get(Path.quality(id)).text
            #expect(found.repeats.tasks > 0)
            let real = 20 - found.repeats.tasks
            #expect(
                page.contains(#"<th scope="row" class="number">0</th><td class="number">\#(real)</td><td>0.0% (95%"#))
            #expect(page.contains(">Ada</a></th><td>100.0% (95% interval"), "she always prefers the left side")
            let row = try #require(
                page.components(separatedBy: ">Ada</a></th>").last?.components(separatedBy: "</tr>").first)
            #expect(row.hasPrefix("<td class=\"number\">\(found.repeats.tasks)</td><td>\(found.repeats.right): "))
            #expect(try await site.store.progress(site.project.id).checks == found.repeats.tasks)
            let labels = try await lead.get(Path.projectLabels(id)).text
            #expect(
                labels.components(separatedBy: #"<span class="state">repeat</span>"#).count - 1 == found.repeats.tasks)
        }
    }

    @Test func theFirstPageLeadsThereAndSaysWhenTasksAreTakenBack() async throws {
        let site = try await LeadSite()
        try await site.live { client in
            var lead = try await site.browser(client, as: site.lead)
            let id = site.project.id.description
            let page = try await lead.get(Path.project(id)).text
            #expect(page.contains(#"<a href="\#(Path.quality(id))">Answers side by side"#))
            #expect(page.contains("<dt>Answers to checks</dt><dd>0</dd>"))
            #expect(page.contains("α of orders</dt><dd>Not defined yet: no pair was judged by two people."))
            #expect(
                page.contains(
                    #"<tr><th scope="row">Ranking</th><td class="number">–</td><td class="number">5.0 min</td></tr>"#))
        }
        try site.remove()
    }

    @Test func aTaskForChecksIsMadeOnThePracticePage() async throws {
        let site = try await TestSite.make(tasks: 2)
        try await site.run { client in
            var lead = try await site.browser(client, name: "Lee", role: .lead)
            let form = try #require(TaskForm(try await lead.get(site.nextTask)))
            _ = try await lead.post(form.action, form.ranking([1, 2, 3, 4]))
            let label = try #require(try await site.store.recentLabels(site.project.id).first).labelID
            let path = Path.practice(site.project.id.description)
            var fields = ["label": label.description, "explanation": "It helps most."]
            #expect(try await lead.post(path, fields).status == .unprocessableContent, "it must say what for")
            fields["purpose"] = "gold"
            let page = try await lead.follow(try await lead.post(path, fields)).text
            #expect(page.contains("One check more") && page.contains("<td>check</td>"))
            #expect(try await site.store.practiceItems(site.project.id).map(\.purpose) == [.gold])
            let standing = try await site.store.practiceStanding(of: try #require(lead.user).id, in: site.project.id)
            #expect(standing.isFree, "a check keeps nobody from real tasks")
        }
    }
}
