import Foundation
import Labels
import Preferences

/// What the page of a reward model's card shows.
struct RewardCardPage: PageModel {
    static let template = "lead-reward-card"
    let title: String

    struct Figure: Sendable {
        var name: String
        var value: String
        /// What it should be held against.
        var hint: String?
    }
    /// A table of accuracies on parts of the held-out pairs.
    struct Table: Sendable {
        struct Row: Sendable {
            var name: String
            var pairs: String
            var accuracy: String
            var interval: String
        }
        var id: String
        var title: String
        var hint: String?
        var rows: [Row]
    }
    struct Drawing: Sendable {
        var title: String
        var svg: String
        var svgPath: String
        var csvPath: String
    }
    struct Person: Sendable {
        var name: String
        var reliability: String
        var pairs: String
        var weight: String
    }
    struct Mistake: Sendable {
        var words: String
        var prompt: String
        var preferred: String
        var other: String
    }

    var nav: ProjectNav?
    var name: String
    var listPath: String?
    var jsonPath: String
    var textPath: String
    var hasCard: Bool
    /// Why there is no card.
    var missing: String?
    var counts: String?
    var notes: [String]
    var figures: [Figure]
    var tables: [Table]
    var plots: [Drawing]
    var people: [Person]
    var hasPeople: Bool
    var mistakes: [Mistake]
    var hasMistakes: Bool

    init(_ model: RewardModelRecord, card: RewardCard?, plots: [Plot], nav: ProjectNav?) {
        let id = model.id.description
        name = model.name
        title = "Card of \(model.name)"
        self.nav = nav
        listPath = model.project.map { Path.rewardModels($0.description) }
        jsonPath = Path.rewardModelFile(id, name: RewardCard.fileName)
        textPath = Path.rewardModelFile(id, name: RewardCard.textName)
        hasCard = card != nil
        missing =
            card != nil
            ? nil
            : model.prunedAt != nil
                ? "The files of this model were removed, and its card with them."
                : "This model was made before there were cards. Retrain to get one."
        counts = card.map { Self.words($0.counts) }
        notes = card?.notes ?? []
        figures = card.map(Self.figures) ?? []
        tables = card.map(Self.tables) ?? []
        self.plots = plots.map { plot in
            Drawing(
                title: plot.title, svg: PlotDrawing(plot).element,
                svgPath: Path.rewardModelFile(id, name: "\(plot.name).svg"),
                csvPath: Path.rewardModelFile(id, name: "\(plot.name).csv"))
        }
        people = (card?.annotators ?? []).map { person in
            Person(
                name: person.annotator, reliability: LeadWords.share(person.reliability),
                pairs: "\(person.sharedPairs) of \(person.pairs)", weight: String(format: "%.2f", person.weight))
        }
        hasPeople = !people.isEmpty
        mistakes = (card?.mistakes ?? []).map(Self.mistake)
        hasMistakes = !mistakes.isEmpty
    }

    private static func words(_ counts: RewardCard.Counts) -> String {
        "Learned from \(Wording.count(counts.trainingLabels, "label", "labels")) on "
            + "\(Wording.count(counts.trainingGroups, "group", "groups")); "
            + "\(Wording.count(counts.heldOutGroups, "group was", "groups were")) held out by prompt, and the figures rest "
            + "on \(counts.reportedGroups) of them."
    }

    private static func figures(_ card: RewardCard) -> [Figure] {
        guard let overall = card.overall else { return [] }
        var figures = [
            Figure(
                name: "Accuracy, held out", value: LeadWords.share(overall.accuracy),
                hint: overall.accuracyInterval.flatMap { interval in
                    interval.count == 2
                        ? "95%: \(LeadWords.share(interval[0])) to \(LeadWords.share(interval[1])), on "
                            + Wording.count(overall.pairs, "pair", "pairs")
                        : nil
                })
        ]
        if let baseline = card.length.baselineAccuracy {
            figures.append(
                Figure(
                    name: card.length.baselineTakesLonger ? "Always the longer one" : "Always the shorter one",
                    value: LeadWords.share(baseline), hint: "what length alone gets right"))
        }
        if let ceiling = card.ceiling {
            figures.append(
                Figure(
                    name: "People agree", value: LeadWords.share(ceiling.agreement),
                    hint: "on \(Wording.count(ceiling.pairs, "pair", "pairs")) that two people ordered"))
            if let accuracy = ceiling.accuracy {
                figures.append(
                    Figure(
                        name: "Ceiling", value: LeadWords.share(accuracy),
                        hint: "of single labels, if people err alike and by themselves"))
            }
        }
        figures.append(
            Figure(name: "Log-loss", value: String(format: "%.3f", overall.logLoss), hint: "chance: 0.693 nats"))
        figures.append(
            Figure(
                name: "Calibration error", value: String(format: "%.3f", overall.calibrationError),
                hint: "0 is perfectly calibrated"))
        if let tau = overall.kendallTau {
            figures.append(
                Figure(name: "Kendall's τ a label", value: LeadWords.coefficient(tau), hint: "1 is the same order"))
        }
        if let correlation = card.length.correlation {
            figures.append(
                Figure(
                    name: "Correlation with length", value: String(format: "%.2f", correlation),
                    hint: "far from 0: it may be length that it likes"))
        }
        if let ensemble = card.ensemble {
            figures.append(
                Figure(
                    name: "Spread of the members", value: String(format: "%.2f", ensemble.meanDeviation),
                    hint: "\(ensemble.members) members, normalised scores"))
        }
        return figures + heads(card)
    }

    /// Of the safety and the rating head.
    private static func heads(_ card: RewardCard) -> [Figure] {
        var figures: [Figure] = []
        if let safety = card.safety {
            figures.append(
                Figure(
                    name: "Safe or unsafe", value: LeadWords.share(safety.accuracy),
                    hint: "always the commoner answer: \(LeadWords.share(safety.baselineAccuracy)); "
                        + "\(Wording.count(safety.marks, "held-out label", "held-out labels")), \(safety.unsafe) unsafe"
                ))
            if let area = safety.discrimination {
                figures.append(
                    Figure(name: "Safe above unsafe", value: LeadWords.share(area), hint: "50% is chance"))
            }
        }
        if let rating = card.rating {
            figures.append(
                Figure(
                    name: "Ratings, distance", value: String(format: "%.2f", rating.meanError),
                    hint: "points of 1 to 7; always the mean: \(String(format: "%.2f", rating.baselineError)); "
                        + Wording.count(rating.marks, "held-out rating", "held-out ratings")))
            if let correlation = rating.correlation {
                figures.append(
                    Figure(
                        name: "Ratings, correlation", value: String(format: "%.2f", correlation),
                        hint: "1 is the same order and spacing"))
            }
        }
        return figures
    }

    private static func tables(_ card: RewardCard) -> [Table] {
        var tables = [
            table("grade", "By grade", nil, card.byGrade, grades),
            table("annotator", "By annotator", nil, card.byAnnotator, [:]),
            table(
                "policy", "By policy", "Who wrote both responses.", card.byPolicy,
                ["several": "two policies", "none": "people, or imported"]),
            table(
                "agreement", "By agreement", "What several people said of the same two responses.", card.byAgreement,
                ["unanimous": "all agree", "disputed": "they differ", "single": "one person's"]),
        ]
        if let newest = card.newestPolicy {
            tables.append(
                table(
                    "newest", "On the newest policy's responses",
                    "What the next refresh will be judged on. Lower than the rest: label more of its responses.",
                    [newest], [:]))
        }
        if let ensemble = card.ensemble {
            tables.append(
                table(
                    "spread", "By the members' agreement", "Thirds of the pairs.", ensemble.accuracyBySpread, [:]))
        }
        return tables.filter { !$0.rows.isEmpty }
    }

    private static let grades = Dictionary(uniqueKeysWithValues: Grade.allCases.map { ($0.rawValue, $0.words) })
        .merging(["ungraded": "pairs of rankings"]) { first, _ in first }

    private static func table(
        _ id: String, _ title: String, _ hint: String?, _ parts: [RewardCard.Part], _ words: [String: String]
    ) -> Table {
        Table(
            id: id, title: title, hint: hint,
            rows: parts.map { part in
                Table.Row(
                    name: words[part.name] ?? part.name, pairs: "\(part.pairs)",
                    accuracy: LeadWords.share(part.accuracy),
                    interval: part.interval.map(LeadWords.share).joined(separator: " to "))
            })
    }

    private static func mistake(_ mistake: RewardCard.Mistake) -> Mistake {
        let grade = mistake.grade.map { " as \($0.words)" } ?? ""
        return Mistake(
            words: "\(mistake.annotator) preferred the first\(grade); the model gave that "
                + "\(LeadWords.share(mistake.probability)). Group \(mistake.group), label \(mistake.label).",
            prompt: mistake.prompt, preferred: mistake.preferred, other: mistake.other)
    }
}
