import Foundation
import JSON
import Labels
import Preferences

/// What the page of one run shows.
struct RunPage: PageModel {
    static let template = "lead-run"
    let title: String

    struct Curve: Sendable {
        var title: String
        var svg: String
        var svgPath: String
        var csvPath: String
    }
    /// Something that is wrong, in the job's words.
    struct Alarm: Sendable {
        var step: String?
        var words: String
    }
    struct Product: Sendable {
        var words: String
        var path: String
        var label: String
    }

    var nav: ProjectNav?
    var kind: String
    var id: String
    var state: String
    var isFailed: Bool
    var message: String?
    var percent: Int?
    var canCancel: Bool
    var canResume: Bool
    var cancelPath: String
    var resumePath: String
    /// Where live events come from; nil once the run has ended.
    var eventsPath: String?
    /// The number of metrics lines shown, so that live events go on after them.
    var nextIndex: Int
    var product: Product?
    var latest: [Fact]
    var alarms: [Alarm]
    var hasAlarms: Bool
    /// “3 earlier alarms are in the numbers”.
    var earlierAlarms: String?
    var curves: [Curve]
    var samples: [SamplePair]
    /// Where all samples are; nil where there are none.
    var samplesPath: String?
    var log: String
    var hasLog: Bool
    var facts: [Fact]
    var metricsPath: String
    var hasMetrics: Bool

    init(
        _ record: RunRecord, _ status: RunStatus, lines: [MetricsLine], samples: RunSamples, log: [String],
        nav: ProjectNav?, snapshot: String?, origin: String?, product: Product?
    ) {
        let runID = record.id.description
        id = runID
        kind = LeadWords.kind(record.kind)
        title = "\(kind) run \(runID)"
        self.nav = nav
        state = LeadWords.state(status.state, isStopping: status.isStopping)
        isFailed = status.state == .failed
        message = status.message ?? record.message
        percent = Self.percent(status)
        canCancel = !status.hasEnded && !status.isStopping
        canResume = status.state == .failed || status.state == .stopped
        cancelPath = Path.cancelRun(runID)
        resumePath = Path.resumeRun(runID)
        eventsPath = status.hasEnded ? nil : "\(Path.runEvents(runID))?from=\(lines.count)"
        nextIndex = lines.count
        self.product = product
        latest = Self.latest(lines, hasEnded: status.hasEnded)
        let found = Self.alarms(lines)
        alarms = Array(found.prefix(Self.alarmsShown))
        hasAlarms = !found.isEmpty
        earlierAlarms =
            found.count > Self.alarmsShown
            ? Wording.count(
                found.count - Self.alarmsShown, "earlier alarm is in the numbers below",
                "earlier alarms are in the numbers below") : nil
        curves = RunPlots.all(of: lines).map { plot in
            Curve(
                title: plot.title, svg: PlotDrawing(plot).element,
                svgPath: Path.runCurve(runID, name: "\(plot.name).svg"),
                csvPath: Path.runCurve(runID, name: "\(plot.name).csv"))
        }
        self.samples = Array(samples.pairs.prefix(Self.pairsShown))
        samplesPath = samples.isEmpty ? nil : Path.runSamples(runID)
        self.log = log.joined(separator: "\n")
        hasLog = !log.isEmpty
        facts = Self.facts(record, status, snapshot: snapshot, origin: origin)
        metricsPath = Path.runMetrics(runID)
        hasMetrics = !lines.isEmpty
    }

    private static let alarmsShown = 8
    private static let pairsShown = 2

    /// What the job warned of, the newest first, with the steps over which it held.
    private static func alarms(_ lines: [MetricsLine]) -> [Alarm] {
        var alarms: [(kind: String, from: Int?, until: Int?, words: String)] = []
        for line in lines where line.values["event"] == "alarm" {
            let kind = line.values["alarm"]?.stringValue ?? ""
            let step = line.values["step"]?.integerValue
            if line.values["state"] == "ended" {
                if let open = alarms.lastIndex(where: { $0.kind == kind && $0.until == nil }) {
                    alarms[open].until = step
                }
            } else if let message = line.values["message"]?.stringValue {
                alarms.append((kind, step, nil, message))
            }
        }
        return alarms.reversed().map { alarm in
            let steps = alarm.from.map { (from) -> String in
                guard let until = alarm.until else { return "Since step \(from)" }
                return until - 1 > from ? "Steps \(from) to \(until - 1)" : "Step \(from)"
            }
            return Alarm(step: steps, words: Wording.sentence(alarm.words))
        }
    }

    /// How far it is, as long as that matters: a run that is done may have stopped before its last step, when its
    /// held-out figures got no better.
    private static func percent(_ status: RunStatus) -> Int? {
        guard status.state != .succeeded, let share = status.progress, share.isFinite else { return nil }
        return Int((min(max(share, 0), 1) * 100).rounded())
    }

    /// The newest line's numbers and words, by name; of a run that has ended, without the time that was left.
    private static func latest(_ lines: [MetricsLine], hasEnded: Bool) -> [Fact] {
        let line = lines.last { $0.values["event"] == nil && $0.values["note"] == nil }
        let members = line?.values.objectValue ?? [:]
        let first = ["phase", "step", "steps", "seconds_left"]
        func place(_ name: String) -> Int { first.firstIndex(of: name) ?? first.count }
        return members.sorted { (place($0.key), $0.key) < (place($1.key), $1.key) }.compactMap { name, value in
            if name == "time" { return nil }
            if name == "seconds_left" {
                return hasEnded
                    ? nil : Fact(named: name, value: LeadWords.seconds(value.doubleValue))
            }
            if name == "steps", members["step"] != nil { return nil }
            let text: String?
            if name == "step", let step = value.integerValue, let steps = members["steps"]?.integerValue {
                text = "\(step) of \(steps)"
            } else {
                text = value.doubleValue.map { Plot.text($0) } ?? value.stringValue
            }
            return text.map { Fact(named: name, value: $0) }
        }
    }

    private static func facts(
        _ record: RunRecord, _ status: RunStatus, snapshot: String?, origin: String?
    ) -> [Fact] {
        var facts = [
            Fact(name: "Asked for", value: LeadWords.Moment(record.createdAt).text),
            Fact(name: "Attempt", value: "\(status.attempt)"), Fact(name: "Seed", value: "\(record.seed)"),
            Fact(name: "Folder", value: record.directory),
        ]
        if let start = LeadWords.Moment(record.startedAt) { facts.append(Fact(name: "Started", value: start.text)) }
        if let end = LeadWords.Moment(record.finishedAt) { facts.append(Fact(name: "Ended", value: end.text)) }
        if let snapshot { facts.append(Fact(name: "Snapshot", value: snapshot)) }
        if let origin { facts.append(Fact(name: "Made from", value: origin)) }
        for (name, value) in record.settings.sorted(by: { $0.key < $1.key }) {
            facts.append(Fact(named: name, value: value))
        }
        return facts
    }
}
