import HTTPTypes
import Labels
import Preferences
import Testing
import Web

@Suite struct RewardCardPageTests {
    static let card: RewardCard = {
        var card = RewardCard(
            counts: RewardCard.Counts(
                trainingLabels: 90, trainingGroups: 45, heldOutLabels: 40, heldOutGroups: 40, reportedGroups: 20,
                figuresAreOfSelection: false),
            length: RewardCard.Length(correlation: 0.25, baselineAccuracy: 0.55, baselineTakesLonger: true))
        card.overall = RewardCard.Figures(
            pairs: 120, accuracy: 0.725, accuracyInterval: [0.65, 0.79], logLoss: 0.541, calibrationError: 0.043,
            kendallTau: 0.45)
        card.byGrade = [
            RewardCard.Part(name: "significantly", pairs: 20, accuracy: 0.9, interval: [0.7, 0.97]),
            RewardCard.Part(name: "ungraded", pairs: 100, accuracy: 0.69, interval: [0.59, 0.77]),
        ]
        card.byAnnotator = [RewardCard.Part(name: "<b>ann</b>", pairs: 120, accuracy: 0.725, interval: [0.64, 0.8])]
        card.calibration = [
            RewardCard.Bin(low: 0.5, high: 0.55, pairs: 60, confidence: 0.52, accuracy: 0.55),
            RewardCard.Bin(low: 0.9, high: 0.95, pairs: 60, confidence: 0.92, accuracy: 0.9),
        ]
        card.ceiling = RewardCard.Ceiling(pairs: 80, agreement: 0.68, interval: [0.57, 0.77], accuracy: 0.8)
        card.learningCurve = [
            RewardCard.CurvePoint(labels: 45, groups: 22, accuracy: 0.66, logLoss: 0.6),
            RewardCard.CurvePoint(labels: 90, groups: 45, accuracy: 0.725, logLoss: 0.541),
        ]
        card.annotators = [
            RewardCard.Reliability(annotator: "ann", reliability: 0.87, pairs: 120, sharedPairs: 80, weight: 0.74)
        ]
        card.safety = RewardCard.Safety(
            marks: 30, unsafe: 6, accuracy: 0.91, baselineAccuracy: 0.8, logLoss: 0.3, discrimination: 0.942)
        card.rating = RewardCard.Rating(marks: 44, meanError: 0.87, baselineError: 1.42, correlation: 0.66)
        card.mistakes = [
            RewardCard.Mistake(
                group: "g7", label: "l9", annotator: "ann", grade: .better, prompt: "Say <script>alert(1)</script>",
                preferred: "A short one.", other: "A long one.", probability: 0.08)
        ]
        return card
    }()

    private func model(on site: LeadSite) async throws -> RewardModelID {
        try await site.addRewardModel(metrics: ["held_out_accuracy": 0.725, "training_labels": 90])
        return try #require(try await site.store.rewardModel(named: "rm-1")).id
    }

    @Test func aCardShowsItsFiguresItsPlotsAndItsMistakes() async throws {
        let site = try await LeadSite()
        let id = try await model(on: site)
        let json = String(decoding: try Self.card.json(), as: UTF8.self)
        await site.operations.leave(RewardCardFiles(card: Self.card, json: json, text: "# Card\n"), for: id)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let list = try await browser.get(Path.rewardModels(site.project.id.description)).text
            #expect(list.contains("href=\"\(Path.rewardModel(id.description))\""))
            let page = try await browser.get(Path.rewardModel(id.description))
            for words in [
                "72.5%", "95%: 65.0% to 79.0%", "Always the longer one", "55.0%", "68.0%", "80.0%", "0.043",
                "significantly better", "pairs of rankings", "80 of 120", "Group g7",
                "91.0%", "always the commoner answer: 80.0%; 30 held-out labels, 6 unsafe", "94.2%",
                "always the mean: 1.42",
                "0.66",
            ] { #expect(page.text.contains(words), "\(words)") }
            #expect(!page.text.contains("<script>alert") && !page.text.contains("<b>ann"))
            for plot in ["calibration", "learning-curve"] {
                let svg = try await browser.get(Path.rewardModelFile(id.description, name: "\(plot).svg"))
                #expect(svg.headers[.contentType]?.hasPrefix("image/svg+xml") == true)
                #expect(XMLCheck(svg.text).isWellFormed)
                let csv = try await browser.get(Path.rewardModelFile(id.description, name: "\(plot).csv"))
                #expect(csv.text.split(separator: "\r\n").count == 3, "a head and two points")
                #expect(page.text.contains(Path.rewardModelFile(id.description, name: "\(plot).csv")))
            }
            let file = try await browser.get(Path.rewardModelFile(id.description, name: RewardCard.fileName))
            #expect(file.text == json)
            #expect(file.headers[.contentDisposition]?.contains("rm-1-card.json") == true)
            let text = try await browser.get(Path.rewardModelFile(id.description, name: RewardCard.textName))
            #expect(text.text == "# Card\n")
            let nothing = try await browser.get(Path.rewardModelFile(id.description, name: "nothing.svg"))
            #expect(nothing.status == .notFound)
            var annotator = try await site.browser(client, as: site.annotator)
            #expect(try await annotator.get(Path.rewardModel(id.description)).status == .forbidden)
        }
        try site.remove()
    }

    @Test func aModelWithoutACardSaysSo() async throws {
        let site = try await LeadSite()
        let id = try await model(on: site)
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.rewardModel(id.description))
            #expect(page.status == .ok && page.text.contains("before there were cards"))
            let file = try await browser.get(Path.rewardModelFile(id.description, name: RewardCard.fileName))
            #expect(file.status == .notFound)
        }
        try site.remove()
    }

    @Test func choicesOfTheFormReachTheRun() async throws {
        let site = try await LeadSite()
        try await site.addTasks(1)
        try await site.label(as: site.annotator)
        let project = site.project.id.description
        try await site.live { client in
            var browser = try await site.browser(client, as: site.lead)
            let page = try await browser.get(Path.runs(project)).text
            #expect(page.contains("the whole order (Plackett–Luce)"))
            let twice = try await browser.post(
                Path.retrain(project), ["loss": "top_one", "settings": "loss = kwise"])
            #expect(twice.status == .conflict && twice.text.contains("both chosen from its list and written"))
            let started = try await browser.post(
                Path.retrain(project), ["loss": "plackett_luce", "ties": "", "settings": "epochs = 2"])
            #expect(started.status == .seeOther)
            _ = try await browser.post(Path.retrain(project), ["halves": "both"])
        }
        let requests = await site.operations.requests
        #expect(requests.map(\.onHalves) == [false, true])
        #expect(requests.first?.settings == ["loss": "plackett_luce", "epochs": "2"])
        try site.remove()
    }
}
