import Hummingbird
import JSON
import Labels
import Preferences

/// One run: where it stands, its curves, its log, and stopping or resuming it.
struct RunPages: RouteSet {
    private let services: WebServices
    private static let logLines = 40

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.run(":run"))) { _, context in
            try services.pages.page(try await page(try context.id("run")), for: context)
        }
        routes.get(RouterPath(Path.runEvents(":run"))) { request, context in
            let from = request.uri.queryParameters.get("from").flatMap { Int($0) } ?? 0
            let events = try await services.operations.runEvents(
                try context.id("run"),
                fromMetricsIndex: RunEventStream.firstIndex(of: request, otherwise: max(0, from)))
            return RunEventStream().response(events, to: request)
        }
        routes.get(RouterPath(Path.runMetrics(":run"))) { _, context in
            try await metricsFile(try context.id("run"))
        }
        routes.get(RouterPath(Path.runCurve(":run", name: ":name"))) { _, context in
            try await curveFile(try context.id("run"), name: context.parameters.get("name") ?? "")
        }
        routes.get(RouterPath(Path.runSamples(":run"))) { request, context in
            let step = request.uri.queryParameters.get("step").flatMap { Int($0) }
            return try services.pages.page(try await samplesPage(try context.id("run"), step: step), for: context)
        }
        routes.post(RouterPath(Path.cancelRun(":run"))) { _, context in
            let run: RunID = try context.id("run")
            try await services.operations.cancelRun(run, by: try context.requireLead().id)
            return Response.redirect(
                to: Path.run(run.description),
                notice: "Asked to stop: it writes a checkpoint first, where there is anything new to keep.",
                settings: services.settings)
        }
        routes.post(RouterPath(Path.resumeRun(":run"))) { _, context in
            let run: RunID = try context.id("run")
            try await services.operations.resumeRun(run, by: try context.requireLead().id)
            return Response.redirect(
                to: Path.run(run.description), notice: "It goes on from its newest checkpoint.",
                settings: services.settings)
        }
    }

    private func page(_ id: RunID) async throws -> RunPage {
        let record = try await services.store.run(id)
        let status = try await services.operations.runStatus(id)
        let lines = try await services.operations.metricsHistory(id)
        let log = try await services.operations.runLog(id, lines: Self.logLines)
        let samples = try await samples(of: record)
        var nav: ProjectNav?
        if let project = record.project {
            nav = ProjectNav(try await services.store.project(project), .runs)
        }
        var snapshot: String?
        if let chosen = record.snapshot {
            let found = try await services.store.snapshot(chosen)
            snapshot =
                "\(Wording.count(found.labels, "label", "labels")), sha256 \(found.hash.prefix(12))…. "
                + found.splitRule
        }
        return RunPage(
            record, status, lines: lines, samples: samples, log: log, nav: nav, snapshot: snapshot,
            origin: try await ParentNames(of: record.parents, in: services.store).words(record.parents),
            product: try await product(of: record))
    }

    private func samples(of record: RunRecord) async throws -> RunSamples {
        var rendering = TextRendering.plain
        if let project = record.project { rendering = try await services.store.project(project).settings.rendering }
        return RunSamples(try await services.operations.runSamples(record.id), as: rendering)
    }

    private func samplesPage(_ id: RunID, step: Int?) async throws -> RunSamplesPage {
        let record = try await services.store.run(id)
        var nav: ProjectNav?
        if let project = record.project { nav = ProjectNav(try await services.store.project(project), .runs) }
        return RunSamplesPage(record, samples: try await samples(of: record), step: step, nav: nav)
    }

    private func product(of record: RunRecord) async throws -> RunPage.Product? {
        guard let project = record.project?.description else { return nil }
        if let policy = record.resultPolicy {
            return RunPage.Product(
                words: "It made the policy \(try await services.store.policy(policy).name).",
                path: Path.startPromotion(project, policy: policy.description),
                label: "Compare it with the current policy")
        }
        if let model = record.resultRewardModel {
            return RunPage.Product(
                words: "It made the reward model \(try await services.store.rewardModel(model).name).",
                path: Path.rewardModels(project), label: "See how good it is")
        }
        return nil
    }

    private func metricsFile(_ id: RunID) async throws -> Response {
        let lines = try await services.operations.metricsHistory(id)
        let text = try lines.map { try APIEncoding.metrics($0).json() + "\n" }.joined()
        return .file(text, mediaType: "application/jsonl", savedAs: "run-\(id)-metrics.jsonl")
    }

    /// A plot as SVG, or its numbers as CSV, by the ending of the name.
    private func curveFile(_ id: RunID, name: String) async throws -> Response {
        let isNumbers = name.hasSuffix(".csv")
        let plotName = isNumbers || name.hasSuffix(".svg") ? String(name.dropLast(4)) : name
        let plots = RunPlots.all(of: try await services.operations.metricsHistory(id))
        guard let plot = plots.first(where: { $0.name == plotName }) else {
            throw Problem(
                status: .notFound, title: "There is no such plot",
                explanation:
                    "The run \(id) has no plot “\(plotName)”: a number needs two lines of metrics to be drawn.",
                action: Problem.Action(label: "Back to the run", path: Path.run(id.description)))
        }
        return Response.plot(plot, isNumbers: isNumbers, fileName: "run-\(id)-\(plot.name)")
    }
}
