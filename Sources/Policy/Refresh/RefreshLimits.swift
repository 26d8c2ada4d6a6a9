/// The limits that a policy must stay within to be handed out.
struct RefreshLimits {
    /// The reference's own samples, of the same number of responses as those that are judged.
    let reference: SampleStatistics
    let settings: PolicyRefreshSettings

    /// Every limit that a rollout's policy is over, and what else people should know.
    /// - Parameters:
    ///   - entropy: of the rollout's next-token distributions, mean, nats.
    ///   - firstEntropy: the same of the first rollout.
    func alarms(
        statistics: SampleStatistics, tokenSumKL: Double, entropy: Double, firstEntropy: Double
    ) -> [RefreshAlarm] {
        var found: [RefreshAlarm] = []
        if !(tokenSumKL <= settings.klBudget) {
            found.append(
                .init(
                    kind: .kl,
                    message: "KL to the reference is \(rounded(tokenSumKL)) nats a response, over the budget of "
                        + rounded(settings.klBudget)))
        }
        return found + limits(of: statistics) + warnings(statistics, entropy: entropy, firstEntropy: firstEntropy)
    }

    /// The limits of the texts themselves that a set of responses is over.
    func limits(of statistics: SampleStatistics) -> [RefreshAlarm] {
        var found: [RefreshAlarm] = []
        func add(_ kind: RefreshAlarm.Kind, _ message: String) { found.append(.init(kind: kind, message: message)) }
        let distinct = settings.distinctFloor * reference.distinct2
        if statistics.distinct2 < distinct {
            add(.repetition, "repetition: distinct-2 is \(rounded(statistics.distinct2)), under \(rounded(distinct))")
        }
        let end = settings.endFloor * reference.endShare
        if statistics.endShare < end {
            add(
                .ending,
                "only \(rounded(statistics.endShare)) of the responses end by themselves, under \(rounded(end))")
        }
        // A reference that repeats itself within groups cannot be asked to do better than it does.
        let diversity = min(settings.groupDiversityFloor, settings.groupDiversityFloor * reference.distinctTextShare)
        if statistics.distinctTextShare < diversity {
            add(
                .sameness,
                "responses to one prompt are too alike: \(rounded(statistics.distinctTextShare)) distinct, under "
                    + rounded(diversity))
        }
        return found
    }

    private func warnings(
        _ statistics: SampleStatistics, entropy: Double, firstEntropy: Double
    ) -> [RefreshAlarm] {
        var found: [RefreshAlarm] = []
        let change = statistics.meanLength / reference.meanLength
        if change > settings.lengthDrift || change < 1 / settings.lengthDrift {
            found.append(
                .init(
                    kind: .length,
                    message: "length drift: responses have \(rounded(statistics.meanLength)) tokens on average, the "
                        + "reference's \(rounded(reference.meanLength))"))
        }
        if entropy < settings.entropyFloor * firstEntropy {
            found.append(
                .init(
                    kind: .entropy,
                    message: "entropy collapse: \(rounded(entropy)) nats a token, at the start \(rounded(firstEntropy))"
                ))
        }
        return found
    }
}

/// To three places, for people.
func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

extension SampleStatistics {
    /// What is counted of a rollout's responses, by group.
    static func samples(of groups: [Rollout.Group]) -> [[Sample]] {
        groups.map { group in
            group.responses.map { .init(text: $0.text, tokenCount: $0.tokens.count, finished: $0.finished) }
        }
    }
}
