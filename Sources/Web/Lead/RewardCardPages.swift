import Hummingbird
import Labels
import Preferences

/// The card of one reward model: how well, and on what, it agrees with people.
struct RewardCardPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.rewardModel(":model"))) { _, context in
            try services.pages.page(try await page(try context.id("model")), for: context)
        }
        routes.get(RouterPath(Path.rewardModelFile(":model", name: ":name"))) { _, context in
            try await file(try context.id("model"), name: context.parameters.get("name") ?? "")
        }
    }

    private func page(_ id: RewardModelID) async throws -> RewardCardPage {
        let model = try await services.store.rewardModel(id)
        var nav: ProjectNav?
        if let project = model.project { nav = ProjectNav(try await services.store.project(project), .rewardModels) }
        let card = try await services.operations.rewardCard(id)?.card
        return RewardCardPage(model, card: card, plots: try await plots(model, card), nav: nav)
    }

    private func plots(_ model: RewardModelRecord, _ card: RewardCard?) async throws -> [Plot] {
        var earlier: [RewardModelRecord] = []
        if let project = model.project {
            earlier = try await services.store.rewardModels(project).filter { $0.id <= model.id }
        }
        return (card.map(RewardCardPlots.plots) ?? [])
            + [RewardCardPlots.models(earlier)].compactMap(\.self)
    }

    /// The card's own files, and each plot as SVG and as CSV.
    private func file(_ id: RewardModelID, name: String) async throws -> Response {
        let model = try await services.store.rewardModel(id)
        let files = try await services.operations.rewardCard(id)
        switch name {
        case RewardCard.fileName:
            if let files { return .file(files.json, mediaType: "application/json", savedAs: "\(model.name)-\(name)") }
        case RewardCard.textName:
            if let files { return .file(files.text, mediaType: "text/markdown", savedAs: "\(model.name)-\(name)") }
        default:
            let plots = try await plots(model, files?.card)
            if let plot = plots.first(where: { name == "\($0.name).svg" }) {
                return .file(PlotDrawing(plot).file, mediaType: "image/svg+xml", savedAs: nil)
            }
            if let plot = plots.first(where: { name == "\($0.name).csv" }) {
                return .file(plot.csv, mediaType: "text/csv", savedAs: "\(model.name)-\(name)")
            }
        }
        throw Problem(
            status: .notFound, title: "There is no such file",
            explanation: "The reward model \(model.name) has no “\(name)”.",
            action: Problem.Action(label: "Back to its card", path: Path.rewardModel(id.description)))
    }
}
