import Labels
import Preferences

/// What a comparison of two policies says, in sentences.
enum PromotionWords {
    static func advice(_ standing: PromotionStanding) -> String {
        let (candidate, incumbent) = (standing.promotion.candidate.name, standing.promotion.incumbent.name)
        guard let look = standing.newest else {
            return "Keep labelling: no pair is decided yet."
        }
        switch standing.advice {
        case .promote:
            return "Promote: people prefer \(candidate) to \(incumbent). With 95% certainty it wins more than half."
        case .discard where standing.promotion.worthwhile > 0.5:
            return "Discard: with 95% certainty \(candidate) wins less than "
                + "\(LeadWords.share(standing.promotion.worthwhile)), the smallest win rate that you called worth it."
        case .discard:
            return "Discard: people prefer \(incumbent). With 95% certainty \(candidate) wins less than half."
        case .keepLabelling where look.pairs >= standing.promotion.pairsWanted:
            return
                "Keep labelling: all \(look.pairs) pairs are decided and do not tell which is better. Ask for more, or "
                + "discard it as no clear gain."
        case .keepLabelling:
            return "Keep labelling: \(Wording.count(look.pairs, "pair does", "pairs do")) not tell yet which is better."
        }
    }

    static func adviceName(_ advice: PromotionAdvice) -> String {
        switch advice {
        case .promote: "promote"
        case .keepLabelling: "keep labelling"
        case .discard: "discard"
        }
    }

    /// “61.0% (95% interval 48.2% to 72.9%)”.
    static func winRate(_ look: PromotionStanding.Look?) -> String {
        LeadWords.share(look?.winRate, look?.interval, otherwise: "–")
    }

    /// What was decided, by whom and when; nil while it is open.
    static func decision(_ promotion: Promotion) -> String? {
        guard let decision = promotion.decision, let at = promotion.decidedAt else { return nil }
        let done = decision == .promote ? "Promoted" : "Discarded"
        let advice = promotion.adviceThen.map { ", when the advice was: \(adviceName($0))" } ?? ""
        return "\(done) by \(promotion.decidedBy ?? "?") on \(LeadWords.Moment(at).text)\(advice)."
    }

    static func state(_ standing: PromotionStanding) -> String {
        switch standing.promotion.decision {
        case .promote: "Promoted"
        case .discard: "Discarded"
        case nil: "Open"
        }
    }

    static func labelUse(_ use: LabelUse) -> String {
        switch use {
        case .none: "For this decision alone: no snapshot has these labels"
        case .measure: "Also to measure reward models: snapshots hold them out"
        case .learn: "Also to learn from, as any other label"
        }
    }

    /// The win rate and its bounds over the pairs that were decided.
    static func plot(_ standing: PromotionStanding) -> Plot {
        func series(_ name: String, _ column: String, _ value: (PromotionStanding.Look) -> Double) -> Plot.Series {
            Plot.Series(
                name: name, column: column,
                points: standing.course.map { Plot.Point(x: Double($0.pairs), y: value($0)) })
        }
        return Plot(
            name: "win-rate", title: "Win rate of \(standing.promotion.candidate.name)",
            x: Plot.Axis(label: "Decided pairs", isCounted: true),
            y: Plot.Axis(label: "Share of pairs won", range: 0...1),
            series: [
                series("Win rate", "win_rate") { $0.winRate },
                series("Lower bound (95%)", "lower_bound") { $0.interval.lowerBound },
                series("Upper bound (95%)", "upper_bound") { $0.interval.upperBound },
            ])
    }
}
