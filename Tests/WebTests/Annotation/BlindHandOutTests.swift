import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Preferences
import Testing
import Web

/// A thousand hand-outs of responses that say the same, from two policies that a coin chose between: whatever an answer of
/// the server tells about the coin, it must not tell.
@Suite struct BlindHandOutTests {
    private static let handOuts = 1000
    private static let count = 4

    /// Upper bound of chi-square with `freedom` degrees that chance stays under in all but 1 of 1000 runs, shared by `tests`
    /// tests (Wilson, Hilferty 1931; z by 1 - 0.001 / tests for 1 and 64 tests).
    private func bound(_ freedom: Int, tests: Int = 1) -> Double {
        let share = 2 / (9 * Double(freedom))
        let root = 1 - share + (tests == 1 ? 3.0902 : 4.1682) * share.squareRoot()
        return Double(freedom) * root * root * root
    }

    @Test func noByteOfAnAnswerCorrelatesWithThePolicy() async throws {
        let site = try await TestSite.make(tasks: 0, randomBytes: StoreConfiguration.seededBytes(20))
        let policies = try await twoPolicies(site)
        try await enqueue(site, policies)
        try await site.run { client in
            var browser = try await site.browser(client)
            var shown: [[String]] = []
            var pages: Set<String> = []
            var headers: Set<String> = []
            for _ in 0..<Self.handOuts {
                let page = try await browser.get(site.nextTask)
                let form = try #require(TaskForm(page))
                shown.append(form.ids)
                pages.insert(masked(page.text, form))
                // The length is that of the page, with the line that counts the person's answers.
                headers.insert(
                    page.headers.filter { $0.name != .date && $0.name != .contentLength }
                        .map { "\($0.name): \($0.value)" }.joined())
                _ = try await browser.post(form.action, form.ranking([1, 2, 3, 4]))
            }
            // But for the lease's own random names all pages are one page, byte for byte.
            #expect(pages.count == 1 && headers.count == 1)
            let policyOfSlot = try await policiesAsShown(site)
            try #require(policyOfSlot.count == Self.handOuts && shown.count == Self.handOuts)
            checkSlots(policyOfSlot)
            checkNames(shown, policyOfSlot)
        }
    }

    /// Repeats and tasks with a known answer are told apart by nothing but the prompt that they show, in the page, its headers,
    /// the answer to a submission and the person's own list.
    @Test func aCheckLooksLikeAnyOtherTask() async throws {
        let site = try await TestSite.make(
            tasks: 60,
            settings: TestSite.settings {
                $0.quality.repeatShare = 0.4
                $0.quality.repeatAfter = 2
                $0.quality.goldShare = 0.2
            }, text: { _, _ in "The same words." })
        let gold = (0..<12).map { number in
            let texts = Array(repeating: #""The same words.""#, count: Self.count).joined(separator: ",")
            return
                #"{"prompt":"Prompt number 9\#(number)","responses":[\#(texts)],"expected":{"kind":"ranking","ranking":"#
                + #"{"rows":[["1"],["2"],["3"],["4"]],"unacceptable":[]}},"explanation":"A secret.","purpose":"gold"}"#
        }.joined(separator: "\n")
        _ = try await site.store.importPractice(
            site.project.id, from: .data(Data(gold.utf8), name: "gold.jsonl"), by: .system)
        try await site.run { client in
            var browser = try await site.browser(client)
            var pages: Set<String> = []
            var answers: Set<String> = []
            for _ in 0..<60 {
                let page = try await browser.get(site.nextTask)
                let form = try #require(TaskForm(page))
                pages.insert(
                    masked(page.text, form).replacing(/Prompt number \d+/, with: "•")
                        + page.headers.filter { $0.name != .date && $0.name != .contentLength }.description)
                var fields = form.ranking([1, 2, 3, 4])
                fields["csrf"] = browser.csrf
                let body = fields.map { "\(Browser.encode($0.key))=\(Browser.encode($0.value))" }.joined(separator: "&")
                let answer = try await browser.send(
                    form.action, method: .post,
                    headers: [.contentType: "application/x-www-form-urlencoded", .accept: "application/json"],
                    body: ByteBuffer(string: body))
                answers.insert("\(answer.status) " + answer.text.replacing(/\d+/, with: "•"))
                site.clock.advance(seconds: 5)
            }
            #expect(pages.count == 1)
            #expect(answers.count == 1)
            let history = try await browser.get(Path.history).text
            let own = history.components(separatedBy: #"<li class="answer">"#).dropFirst().map {
                $0.components(separatedBy: "</li>")[0].replacing(/\d+/, with: "•")
            }
            #expect(own.count == Store.undoDepth && Set(own).count == 1)
            #expect(!history.contains("A secret."))
            let found = try #require(try await site.store.checkResults(site.project.id).first)
            #expect(found.repeats.tasks > 5 && found.gold.tasks > 3, "\(found.repeats.tasks), \(found.gold.tasks)")
        }
    }

    private func twoPolicies(_ site: TestSite) async throws -> [PolicyID] {
        let other = try await site.store.addPolicy(
            NewPolicy(name: "another-policy", kind: .refreshed, path: "policies/another", sha256: nil), by: .system)
        return [site.policy.id, other.id]
    }

    private func enqueue(_ site: TestSite, _ policies: [PolicyID]) async throws {
        let coin = StoreConfiguration.seededBytes(9)
        let prompt = try await site.store.prompts(site.project.id, use: .ranking)[0].id
        let groups = (0..<Self.handOuts).map { _ in
            NewGroup(
                prompt: prompt,
                responses: (0..<Self.count).map { _ in
                    let which = Int(coin(1)[0] & 1)
                    return NewResponse(
                        text: "The same words.", policy: policies[which], seed: Int64(which),
                        temperature: Double(which),
                        finished: true)
                })
        }
        _ = try await site.store.enqueue(groups, in: site.project.id)
    }

    /// The page without what is random by design, the lease's token and its names of the responses, and without the line
    /// that counts the person's answers.
    private func masked(_ page: String, _ form: TaskForm) -> String {
        var text = page.split(separator: "\n").filter { !$0.contains("answers today") && !$0.contains("answer today") }
            .joined(separator: "\n")
        let token = form.action.split(separator: "/")[1]
        for name in form.ids + [String(token)] { text = text.replacingOccurrences(of: name, with: "•") }
        return text
    }

    /// Which policy stood in each slot, hand-out by hand-out: 0 or 1.
    private func policiesAsShown(_ site: TestSite) async throws -> [[Int]] {
        struct Line: Decodable {
            struct Response: Decodable {
                let id: String
                let policy: String
            }
            let responses: [Response]
            let display_order: [String]
        }
        let file = site.folder.appendingPathComponent("all.jsonl")
        try await site.store.writeExport(site.project.id, as: .native, to: file)
        var found: [[Int]] = []
        try JSONLines.forEach(Line.self, in: Data(contentsOf: file), file: "all.jsonl") { _, line in
            let policies = Dictionary(line.responses.map { ($0.id, $0.policy) }, uniquingKeysWith: { a, _ in a })
            found.append(line.display_order.map { policies[$0] == "another-policy" ? 1 : 0 })
        }
        return found
    }

    /// Each policy stands in each slot as often as chance has it.
    private func checkSlots(_ policyOfSlot: [[Int]]) {
        var table = Array(repeating: [0, 0], count: Self.count)
        for policies in policyOfSlot {
            for (slot, policy) in policies.enumerated() { table[slot][policy] += 1 }
        }
        #expect(independence(table) < bound(Self.count - 1))
    }

    /// No character of a response's name goes with its policy.
    private func checkNames(_ shown: [[String]], _ policyOfSlot: [[Int]]) {
        for place in 0..<shown[0][0].utf8.count {
            var table: [UInt8: [Int]] = [:]
            for (names, policies) in zip(shown, policyOfSlot) {
                for (name, policy) in zip(names, policies) {
                    table[Array(name.utf8)[place], default: [0, 0]][policy] += 1
                }
            }
            #expect(table.count > 16 && independence(Array(table.values)) < bound(table.count - 1, tests: 64))
        }
    }

    /// Chi-square of independence of rows and columns.
    private func independence(_ table: [[Int]]) -> Double {
        let rows = table.map { Double($0.reduce(0, +)) }
        let columns = table[0].indices.map { column in Double(table.reduce(0) { $0 + $1[column] }) }
        let total = rows.reduce(0, +)
        var square = 0.0
        for (row, counts) in table.enumerated() {
            for (column, count) in counts.enumerated() {
                let expected = rows[row] * columns[column] / total
                square += (Double(count) - expected) * (Double(count) - expected) / expected
            }
        }
        return square
    }
}
