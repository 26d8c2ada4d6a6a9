import Foundation
import Labels

/// The form that begins to compare a policy with the current one.
struct PromotionStartPage: PageModel {
    static let template = "lead-promotion-start"
    let title: String

    /// The fields as they are typed.
    struct Values: Sendable {
        var temperature: String
        var pairs: String
        /// In percent.
        var worthwhile: String
        var labelUse: LabelUse

        /// What most comparisons take: the temperature at which the project samples, and up to 200 pairs.
        init(_ project: Project, prompts: Int) {
            temperature = "\(project.settings.mix.first?.temperature ?? 1)"
            pairs = "\(min(200, max(1, prompts)))"
            worthwhile = "50"
            labelUse = .none
        }

        init(_ form: LeadForm) {
            temperature = form.text("temperature")
            pairs = form.text("pairs")
            worthwhile = form.text("worthwhile")
            labelUse = LabelUse(rawValue: form.text("label_use")) ?? .none
        }
    }

    var nav: ProjectNav
    var candidate: String
    var incumbent: String?
    var isCurrent: Bool
    /// “400 held-out prompts”.
    var prompts: String
    var values: Values
    var uses: [PromotionPage.Use]
    var problem: String?
    var action: String
    var backPath: String
    var promptsPath: String
    var hasPrompts: Bool
}

/// A comparison of two policies: what people prefer so far, what that advises, and the decision.
struct PromotionPage: PageModel {
    static let template = "lead-promotion"
    let title: String

    struct Use: Sendable {
        var value: String
        var words: String
        var isChosen: Bool
    }

    static func uses(chosen: LabelUse) -> [Use] {
        LabelUse.allCases.map { Use(value: $0.rawValue, words: PromotionWords.labelUse($0), isChosen: $0 == chosen) }
    }

    var nav: ProjectNav
    var candidate: String
    var incumbent: String
    var isOpen: Bool
    /// Another policy than the one it is compared with has gone live meanwhile.
    var isOvertaken: Bool
    var advice: String
    var advisesPromotion: Bool
    var advisesDiscarding: Bool
    var decision: String?
    var facts: [Fact]
    var plot: String?
    var plotSVG: String
    var plotCSV: String
    var uses: [Use]
    var problem: String?
    var decidePath: String
    var extendPath: String
    var labelsPath: String
    var candidatePath: String

    init(_ standing: PromotionStanding, project: Project) {
        let promotion = standing.promotion
        let id = promotion.id.description
        title = "\(promotion.candidate.name) against \(promotion.incumbent.name)"
        nav = ProjectNav(project, .policies)
        candidate = promotion.candidate.name
        incumbent = promotion.incumbent.name
        isOpen = promotion.decision == nil
        isOvertaken = isOpen && project.currentPolicy != promotion.incumbent.id
        advice = PromotionWords.advice(standing)
        advisesPromotion = standing.advice == .promote
        advisesDiscarding = standing.advice == .discard
        decision = PromotionWords.decision(promotion)
        facts = [
            Fact(name: "Win rate of \(candidate)", value: PromotionWords.winRate(standing.newest)),
            Fact(name: "Pairs decided", value: "\(standing.decided) of \(promotion.pairsWanted)"),
            Fact(name: "Pairs sampled", value: "\(standing.sampled)"),
            Fact(name: "Of two equal texts (ties)", value: "\(standing.identical)"),
            Fact(name: "Temperature of both", value: Plot.text(promotion.temperature)),
            Fact(name: "Smallest win rate worth it", value: LeadWords.share(promotion.worthwhile)),
            Fact(
                name: "Begun by",
                value: "\(promotion.startedBy), \(LeadWords.Moment(promotion.startedAt).text)"),
        ]
        plot = standing.course.count > 1 ? PlotDrawing(PromotionWords.plot(standing)).element : nil
        plotSVG = Path.promotionPlot(id, name: "win-rate.svg")
        plotCSV = Path.promotionPlot(id, name: "win-rate.csv")
        uses = Self.uses(chosen: promotion.labelUse)
        decidePath = Path.decidePromotion(id)
        extendPath = Path.extendPromotion(id)
        labelsPath = Path.promotionLabels(id)
        candidatePath = Path.policyCard(project.id.description, policy: promotion.candidate.id.description)
    }
}
