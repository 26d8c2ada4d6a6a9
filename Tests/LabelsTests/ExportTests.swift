import Foundation
import Labels
import Preferences
import Testing

@Suite struct ExportTests {
    /// A text and a chat prompt; a ranking with a tie and the line, an extra, an answer taken back and given again.
    func labelled(_ test: TestStore) async throws -> ProjectID {
        let (project, policy) = try await test.project()
        let chat = Prompt.messages([.init(role: .system, content: "s"), .init(role: .user, content: "Hi \"there\"\n")])
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("The sky is"), chat], by: .system)
        let prompts = try await test.store.prompts(project)
        _ = try await test.store.enqueue(
            prompts.map { prompt in
                NewGroup(
                    prompt: prompt.id,
                    responses: [
                        NewResponse(
                            text: " a 1", tokenIDs: [1, 2], tokenIDsSource: .own, policy: policy, seed: 1 << 52,
                            temperature: 0.7, logProbability: -0.1, finished: true),
                        NewResponse(text: " b 2", policy: policy, temperature: 1), NewResponse(text: " c 3"),
                        NewResponse(text: " d é\u{2028}"),
                    ], samplingProbability: 0.25)
            }, in: project)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        let first = try await test.next(ann, project)
        test.pass(seconds: 900)
        let again = try await test.next(bob, project)
        let ids = again.responses.sorted { $0.text < $1.text }.map(\.id)
        let tied = Judgement.ranking(
            try Ranking(rows: [[ids[1]], [ids[0], ids[2]], [ids[3]]], unacceptable: [ids[3]]))
        _ = try await test.store.submit(
            tied, token: again.token, user: bob,
            timing: Timing(activeMilliseconds: 1234, firstActionMilliseconds: 5, operations: 6))
        _ = try await test.store.submit(try first.ranked(), token: first.token, user: ann)
        let second = try await test.next(ann, project)
        _ = try await test.store.submit(try second.ranked(reversed: true), token: second.token, user: ann)
        let back = try await test.store.undoLast(of: ann, in: project)
        _ = try await test.store.submit(try back.ranked(), token: back.token, user: ann)
        return project
    }

    func text(
        _ test: TestStore, _ project: ProjectID, _ format: ExportFormat, _ options: ExportOptions = ExportOptions()
    ) async throws -> (String, ExportSummary) {
        var bytes: [UInt8] = []
        var summary = ExportSummary()
        for try await chunk in test.store.export(project, as: format, options) {
            bytes.append(contentsOf: chunk.bytes)
            summary = chunk.summary
        }
        return (String(decoding: bytes, as: UTF8.self), summary)
    }

    @Test func theNativeFormComesBackFromAnotherStoreByteForByte() async throws {
        let test = try TestStore()
        let project = try await labelled(test)
        let (native, summary) = try await text(test, project, .native, ExportOptions(everyRevision: true))
        #expect(summary.labels == 5 && native.split(separator: "\n").count == 5)

        let other = try TestStore(seed: 99)
        _ = try await other.user("somebody else")
        let copy = try await other.store.createProject(name: "p", settings: ProjectSettings(), by: .system)
        let source = ImportSource.data(Data(native.utf8), name: "labels.jsonl")
        #expect(try await other.store.importLabels(copy.id, from: source, by: .system).added == 5)
        let back = try await text(other, copy.id, .native, ExportOptions(everyRevision: true)).0
        #expect(back == native)
        #expect(try await other.store.importLabels(copy.id, from: source, by: .system).alreadyThere == 5)
        let (one, two) = (try await test.store.progress(project), try await other.store.progress(copy.id))
        #expect(one.labels == two.labels && one.extras == two.extras && two.tasksDone == 2 && one.labels == 2)
        let snapshots = (
            try await test.store.takeSnapshot(project, by: .system),
            try await other.store.takeSnapshot(copy.id, by: .system)
        )
        #expect(snapshots.0.hash == snapshots.1.hash && snapshots.0.ties == 1 && snapshots.1.ties == 1)
        #expect(one.labelsWithTies == 1 && two.labelsWithTies == 1)
    }

    @Test func theNativeFormSaysEverythingOfASubmission() async throws {
        let test = try TestStore()
        let project = try await labelled(test)
        let (native, summary) = try await text(test, project, .native)
        #expect(summary.labels == 3)
        let line = try #require(native.split(separator: "\n").first)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let group = try await test.store.group(ofTask: TaskID(1))
        let ids = group.responseIDs
        #expect(object["schema"] as? String == "plumb/1")
        #expect(object["ranking"] as? [[String]] == [[ids[1]], [ids[0], ids[2]], [ids[3]]])
        #expect(object["unacceptable"] as? [String] == [ids[3]])
        #expect(Set(object["display_order"] as? [String] ?? []) == Set(ids))
        #expect(object["sampling_probability"] as? Double == 0.25 && object["active_ms"] as? Int == 1234)
        #expect(object["status"] as? String == "counted" && object["prompt_use"] as? String == "ranking")
        #expect((object["submitted_at"] as? String)?.hasSuffix("Z") == true)
        let responses = try #require(object["responses"] as? [[String: Any]])
        #expect(responses[0]["token_ids"] as? [Int] == [1, 2] && responses[0]["policy"] as? String == "sft of p")
        #expect(responses[0]["seed"] as? Int == 1 << 52)
        #expect(
            !native.contains("\"ann\"") && !native.contains("\"bob\""), "people stand in exports under their handles")
    }

    @Test func trlFormsDropTiesAndSayHowMany() async throws {
        let test = try TestStore()
        let project = try await labelled(test)
        let (explicit, summary) = try await text(test, project, .trlExplicit)
        // bob's ranking: 6 pairs, 1 tied; ann's second: 6 pairs. The extra is left out.
        #expect(summary.labels == 2 && summary.lines == 11 && summary.tiedPairsDropped == 1)
        #expect(summary.sentence.contains("1 tied pair has no place"))
        let group = try await test.store.group(ofTask: TaskID(1)).id
        #expect(
            explicit.hasPrefix(
                #"{"chosen":" b 2","group_id":"\#(group)","margin":0,"prompt":"The sky is","rejected":" a 1"}"#))
        let implicit = try await text(test, project, .trlImplicit).0
        #expect(implicit.hasPrefix(#"{"chosen":"The sky is b 2","group_id""#))
        let talk = try await text(test, project, .trlConversational, ExportOptions(marginScale: .none)).0
        #expect(
            talk.hasPrefix(
                #"{"chosen":[{"content":" b 2","role":"assistant"}],"group_id":"\#(group)","#
                    + #""prompt":[{"content":"The sky is","role":"user"}],"rejected":[{"content":" a 1","role":"assistant"}]}"#
            ))
        let implicitTalk = try await text(test, project, .trlConversationalImplicit, ExportOptions(marginScale: .none))
            .0
        #expect(
            implicitTalk.hasPrefix(
                #"{"chosen":[{"content":"The sky is","role":"user"},{"content":" b 2","role":"assistant"}],"group_id""#)
        )
        #expect(summary.conversationsFlattened == 1)
        let withExtras = try await test.store.exportSummary(
            project, as: .trlExplicit, ExportOptions(includeExtras: true))
        #expect(withExtras.labels == 3)
    }

    @Test func marginsFollowTheGrade() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
        }
        try await test.tasks(4, in: project, policy: policy, k: 2)
        let user = try await test.user("ann")
        for grade in Grade.allCases {
            let task = try await test.next(user, project)
            let comparison = try Comparison(winner: task.responses[0].id, loser: task.responses[1].id, grade: grade)
            _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
        }
        struct Line: Decodable { let margin: Double }
        var margins: [Double] = []
        let data = Data(try await text(test, project, .trlExplicit, ExportOptions(marginScale: .large)).0.utf8)
        try JSONLines.forEach(Line.self, in: data, file: "x") { margins.append($1.margin) }
        #expect(margins == [3, 2, 1, 0])
        let native = try await text(test, project, .native).0
        #expect(native.contains(#""comparison":{"grade":"significantly","loser":"#))
    }

    /// Pages are read one by one, and what comes in meanwhile is not in the export.
    @Test func anExportShowsTheStoreAsItWasWhenItBegan() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(450, in: project, policy: policy)
        let user = try await test.user("ann")
        func answer(_ count: Int) async throws {
            for _ in 0..<count {
                let task = try await test.next(user, project)
                _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
            }
        }
        try await answer(400)
        var iterator = test.store.export(project, as: .native).makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(first.summary.lines < 400)
        _ = try await test.store.undoLast(of: user, in: project)
        try await answer(20)
        var lines = first.bytes.count(where: { $0 == 0x0A })
        while let chunk = try await iterator.next() { lines += chunk.bytes.count(where: { $0 == 0x0A }) }
        #expect(lines == 400)
        #expect(try await test.store.exportSummary(project, as: .native).lines == 419)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let file = test.folder.appending(path: "out.jsonl")
        let summary = try await test.store.writeExport(
            project, as: .trlImplicit, ExportOptions(snapshot: snapshot.id), to: file)
        #expect(summary.lines == 419 * 6)
        #expect(try Data(contentsOf: file).count(where: { $0 == 0x0A }) == 419 * 6)
    }

    @Test func aBrokenLineIsNamedAndNothingIsImported() async throws {
        let test = try TestStore()
        let project = try await labelled(test)
        let native = try await text(test, project, .native).0
        let other = try TestStore(seed: 3)
        let copy = try await other.project().project
        func problem(_ changed: String) async -> String {
            do {
                _ = try await other.store.importLabels(
                    copy, from: .data(Data(changed.utf8), name: "l.jsonl"), by: .system)
                return "no error"
            } catch { return "\(error)" }
        }
        let lines = native.split(separator: "\n").map(String.init)
        let unknown = lines[1].replacingOccurrences(of: "\"plumb/1\"", with: "\"plumb/9\"")
        #expect(await problem(lines[0] + "\n" + unknown).hasPrefix("l.jsonl, line 2: field 'schema'"))
        let status = lines[1].replacingOccurrences(of: "\"status\":\"extra\"", with: "\"status\":\"lost\"")
        #expect(await problem(lines[0] + "\n" + status).contains("'lost' is not one of"))
        let time = lines[0].replacingOccurrences(of: "\"submitted_at\":\"", with: "\"submitted_at\":\"x")
        #expect(await problem(time).contains("is not a time"))
        let cold = lines[1].replacingOccurrences(of: "\"temperature\":0.7", with: "\"temperature\":-0.7")
        #expect(await problem(lines[0] + "\n" + cold).hasPrefix("l.jsonl, line 2: field 'responses.[0].temperature'"))
        #expect(try await other.store.progress(copy).labels == 0)
        #expect(try await other.store.prompts(copy).isEmpty)
    }

    /// The group is in the project already under other ids of its responses; a snapshot must find every id it names.
    @Test func anImportedLabelNamesTheResponsesAsTheProjectDoes() async throws {
        let test = try TestStore()
        let project = try await labelled(test)
        let native = try await text(test, project, .native).0
        let group = try await test.store.group(ofTask: TaskID(1))
        let renamed = native.replacingOccurrences(of: "\"\(group.id)-", with: "\"elsewhere-")
            .replacingOccurrences(of: "\"label_id\":\"l_", with: "\"label_id\":\"other_")
            .replacingOccurrences(of: "\"annotator\":\"u_", with: "\"annotator\":\"v_")
            .replacingOccurrences(of: "\"active_ms\":1234", with: "\"active_ms\":9000000000000000000")
        let source = ImportSource.data(Data(renamed.utf8), name: "l.jsonl")
        #expect(try await test.store.importLabels(project, from: source, by: .system).added == 3)
        #expect(try await test.store.importLabels(project, from: source, by: .system).alreadyThere == 3)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let file = test.folder.appending(path: "groups.jsonl")
        try await test.store.writeGroups(of: snapshot.id, to: file)
        try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: "groups.jsonl") { _, group in
            try group.validate()
            let rankings = group.labels.map(\.judgement)
            #expect(rankings.count == 2 && rankings[0] == rankings[1])
        }
        let back = try await text(test, project, .native).0
        #expect(!back.contains("elsewhere-") && back.contains("\"active_ms\":86400000"))
    }
}
