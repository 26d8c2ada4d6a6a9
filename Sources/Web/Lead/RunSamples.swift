import Labels
import Preferences

/// What a run sampled, as pages show it.
struct RunSamples: Sendable {
    /// The same prompts before the run and now, in the order in which they were first answered.
    let pairs: [SamplePair]
    /// Steps at which others were sampled, ascending.
    let steps: [Int]
    var isEmpty: Bool { pairs.isEmpty && steps.isEmpty }

    private let samples: [RunSample]
    private let rendering: TextRendering

    init(_ samples: [RunSample], as rendering: TextRendering) {
        self.samples = samples
        self.rendering = rendering
        steps = Set(samples.filter { !$0.isProbe }.map(\.step)).sorted()
        var order: [String] = []
        var probes: [String: [RunSample]] = [:]
        for sample in samples where sample.isProbe {
            if probes[sample.promptID] == nil { order.append(sample.promptID) }
            probes[sample.promptID, default: []].append(sample)
        }
        pairs = order.compactMap { id in
            let taken = (probes[id] ?? []).sorted { $0.step < $1.step }
            guard let first = taken.first, let last = taken.last else { return nil }
            let handedOut = taken.last { $0.phase == "handed_out" }
            return SamplePair(first, taken.count > 1 ? handedOut ?? last : nil, as: rendering)
        }
    }

    /// What was sampled for learning at one step.
    func single(at step: Int) -> [SamplePair] {
        samples.filter { $0.step == step && !$0.isProbe }.map { SamplePair($0, nil, as: rendering) }
    }
}

/// A prompt with one response, or with the response before and the one after, side by side.
struct SamplePair: Sendable {
    struct Side: Sendable {
        var title: String
        /// “reward 0.51, KL 3.2 nats, 41 tokens, cut short”.
        var figures: String
        var text: ShownText
        var promptID: String
    }

    var promptID: String
    var prompt: ShownText
    var sides: [Side]
    /// “The reward rose by 0.4.”
    var change: String?

    init(_ first: RunSample, _ second: RunSample?, as rendering: TextRendering) {
        promptID = first.promptID
        prompt = ShownText(first.prompt, as: rendering)
        sides = [first, second].compactMap { $0 }.map { sample in
            Side(
                title: sample.phase == "handed_out"
                    ? "The policy handed out (step \(sample.step))"
                    : sample.step == 0 ? "Before the run" : "After step \(sample.step)", figures: Self.figures(sample),
                text: ShownText(sample.response, as: rendering), promptID: sample.promptID)
        }
        if let before = first.score, let after = second?.score {
            let rise = after - before
            let amount = Plot.text(abs(rise))
            change = rise == 0 ? "The reward is the same." : "The reward \(rise > 0 ? "rose" : "fell") by \(amount)."
        }
    }

    private static func figures(_ sample: RunSample) -> String {
        var parts: [String] = []
        if let score = sample.score { parts.append("reward \(Plot.text(score))") }
        if let kl = sample.kl { parts.append("KL \(Plot.text(kl)) nats") }
        if let tokens = sample.tokens { parts.append(Wording.count(tokens, "token", "tokens")) }
        if sample.finished == false { parts.append("cut short") }
        return parts.joined(separator: ", ")
    }
}

/// Everything that a run sampled for people to read.
struct RunSamplesPage: PageModel {
    static let template = "lead-run-samples"
    let title: String

    var nav: ProjectNav?
    var runPath: String
    var pairs: [SamplePair]
    var hasPairs: Bool
    var rows: [SamplePair]
    var hasRows: Bool
    var stepWords: String
    var earlierPath: String?
    var laterPath: String?

    /// - Parameter step: the newest that is at most this; nil is the newest.
    init(_ record: RunRecord, samples: RunSamples, step: Int?, nav: ProjectNav?) {
        let id = record.id.description
        title = "Samples of run \(id)"
        self.nav = nav
        runPath = Path.run(id)
        pairs = samples.pairs
        hasPairs = !pairs.isEmpty
        hasRows = !samples.steps.isEmpty
        let place = samples.steps.lastIndex { $0 <= step ?? .max } ?? 0
        func path(_ place: Int) -> String? {
            samples.steps.indices.contains(place) ? "\(Path.runSamples(id))?step=\(samples.steps[place])" : nil
        }
        guard samples.steps.indices.contains(place) else {
            (rows, stepWords) = ([], "")
            return
        }
        stepWords = "step \(samples.steps[place])"
        rows = samples.single(at: samples.steps[place])
        earlierPath = path(place - 1)
        laterPath = path(place + 1)
    }
}
