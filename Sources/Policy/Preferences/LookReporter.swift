import JSON
import Runs

/// Takes looks at a policy and writes what they show to metrics.jsonl and samples.jsonl.
final class LookReporter {
    private let attempt: RunAttempt
    private let looks: PolicyLooks
    private let samples: SamplesFile
    /// Alarms of the look before; who goes on from a checkpoint sets them.
    var lasting: Set<RefreshAlarm.Kind> = []

    init(attempt: RunAttempt, looks: PolicyLooks) throws {
        self.attempt = attempt
        self.looks = looks
        samples = try SamplesFile(attempt)
    }

    /// The first look, whose answers people compare all later ones with.
    func begin(startsAsReference: Bool) throws -> LookBaseline {
        let (before, baseline) = try looks.begin(startsAsReference: startsAsReference)
        try samples.write(looks.samples(of: before, step: 0, phase: "probe"))
        return baseline
    }

    /// For a run that goes on from a checkpoint without a baseline, as older versions wrote them.
    func baselineOfReference() throws -> LookBaseline { try looks.begin(startsAsReference: true).baseline }

    /// A look at the policy as its weights are now; `report` writes what is not for the step's own line.
    func take(against baseline: LookBaseline) throws -> PolicyLook { try looks.take(against: baseline) }

    /// Says which alarms began and which ended, and writes answers for people to read.
    /// - Parameter isLast: it is the policy that the run hands out.
    func report(_ look: PolicyLook, step: Int, isLast: Bool) throws {
        for var event in RefreshMetrics.events(look.alarms, after: &lasting, number: step) {
            // Unlike in a refresh none keeps a policy from being handed out.
            if event["is_limit"] != nil { event["is_limit"] = .bool(false) }
            try attempt.metrics.write(event)
        }
        try samples.write(looks.samples(of: look.rollout, step: step, phase: isLast ? "handed_out" : "probe"))
    }
}
