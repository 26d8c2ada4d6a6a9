import HTTPTypes
import Hummingbird
import Labels
import NIOCore
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
            if let files { return answer(files.json, "application/json; charset=utf-8", "\(model.name)-\(name)") }
        case RewardCard.textName:
            if let files { return answer(files.text, "text/markdown; charset=utf-8", "\(model.name)-\(name)") }
        default:
            let plots = try await plots(model, files?.card)
            if let plot = plots.first(where: { name == "\($0.name).svg" }) {
                return answer(PlotDrawing(plot).file, "image/svg+xml; charset=utf-8", nil)
            }
            if let plot = plots.first(where: { name == "\($0.name).csv" }) {
                return answer(plot.csv, "text/csv; charset=utf-8", "\(model.name)-\(name)")
            }
        }
        throw Problem(
            status: .notFound, title: "There is no such file",
            explanation: "The reward model \(model.name) has no “\(name)”.",
            action: Problem.Action(label: "Back to its card", path: Path.rewardModel(id.description)))
    }

    /// - Parameter attachment: the name under which it is saved; nil shows it.
    private func answer(_ text: String, _ type: String, _ attachment: String?) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        if let attachment { headers[.contentDisposition] = "attachment; filename=\"\(attachment)\"" }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
