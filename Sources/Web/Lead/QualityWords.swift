import Labels
import Preferences

/// What the quality figures mean, and why one is missing, in sentences.
enum QualityWords {
    /// Why there is no agreement figure.
    static func agreementUndefined(_ agreement: PairAgreement) -> String {
        if agreement.tiedByOne + agreement.tiedByBoth > 0 {
            return "Not defined yet: wherever two people labelled the same task, at least one of them tied each pair, "
                + "so there is no pair that both put in an order."
        }
        return "Not defined yet: no task was labelled by two people. Set the overlap of the project to 2 or more to "
            + "measure agreement."
    }

    static func tauUndefined() -> String {
        "Not defined yet: it needs a task that two people ranked, neither of them with everything tied."
    }

    /// “0.72 (95% interval 0.61 to 0.80), over 31 pairs”, or why there is none.
    static func alpha(_ reliability: OrdinalReliability, _ one: String, _ many: String) -> String {
        if let alpha = reliability.alpha {
            let interval = reliability.interval().map {
                " (95% interval \(LeadWords.coefficient($0.lowerBound)) to \(LeadWords.coefficient($0.upperBound)))"
            }
            return LeadWords.coefficient(alpha) + (interval ?? "")
                + ", over \(Wording.count(reliability.units, one, many))"
        }
        return reliability.units == 0
            ? "Not defined yet: no \(one) was judged by two people."
            : "Not defined: everybody said the same of all of them, so there is nothing that chance could have got wrong."
    }

    static func sides(_ sides: SideBias) -> String {
        LeadWords.share(
            sides.leftShare, sides.interval, otherwise: "Not defined yet: no comparison was submitted.")
    }
}
