/// The limits that a policy must stay within to be handed out.
struct RefreshLimits {
    /// The reference's own samples, of the same number of responses as those that are judged.
    let reference: SampleStatistics
    let settings: PolicyRefreshSettings

    /// Every limit that a rollout's policy is over, in words.
    func alarms(statistics: SampleStatistics, tokenSumKL: Double) -> [String] {
        var found: [String] = []
        func number(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
        if !(tokenSumKL <= settings.klBudget) {
            found.append(
                "KL to the reference is \(number(tokenSumKL)) nats a response, over the budget of "
                    + number(settings.klBudget))
        }
        let distinct = settings.distinctFloor * reference.distinct2
        if statistics.distinct2 < distinct {
            found.append("repetition: distinct-2 is \(number(statistics.distinct2)), under \(number(distinct))")
        }
        let end = settings.endFloor * reference.endShare
        if statistics.endShare < end {
            found.append(
                "only \(number(statistics.endShare)) of the responses end by themselves, under \(number(end))")
        }
        // A reference that repeats itself within groups cannot be asked to do better than it does.
        let diversity = min(settings.groupDiversityFloor, settings.groupDiversityFloor * reference.distinctTextShare)
        if statistics.distinctTextShare < diversity {
            found.append(
                "responses to one prompt are too alike: \(number(statistics.distinctTextShare)) distinct, under "
                    + number(diversity))
        }
        return found
    }
}

extension SampleStatistics {
    /// What is counted of a rollout's responses, by group.
    static func samples(of groups: [Rollout.Group]) -> [[Sample]] {
        groups.map { group in
            group.responses.map { .init(text: $0.text, tokenCount: $0.tokens.count, finished: $0.finished) }
        }
    }
}
