import HTTPTypes
import Hummingbird
import Labels
import Mustache
import NIOCore

/// Turns page models into HTML responses. All templates are parsed once, when the server starts.
struct PageRenderer: Sendable {
    private let library: MustacheLibrary
    /// Where templates find the static files.
    let assets: String

    /// - Parameters:
    ///   - assets: the address prefix of the static files, without a slash at its end.
    ///   - preloads: what the pages' scripts import.
    /// - Throws: `TemplateError` naming the template that cannot be parsed.
    init(assets: String, preloads: ModulePreloads) throws {
        HTMLEscaping.register()
        var library = MustacheLibrary()
        let templates = WebTemplates.all.map { (name: $0.name, text: String(decoding: $0.bytes, as: UTF8.self)) }
        let layout = templates.first { $0.name == "layout" }?.text
        for (name, text) in templates {
            let text = preloads.adding(to: text, within: name == "layout" ? nil : layout)
            do {
                try library.register(HTMLEscaping.pragma + text, named: name)
            } catch {
                throw TemplateError.unreadable(template: name, reason: "\(error)")
            }
        }
        self.library = library
        self.assets = assets
    }

    /// The whole page with the layout around it.
    func page(
        _ model: some PageModel, status: HTTPResponse.Status = .ok, for context: PlumbContext
    ) throws -> Response {
        let shell = Shell(
            userName: context.signedIn?.user.name, isLead: context.signedIn?.isLead ?? false,
            person: context.signedIn?.user.handle, csrf: context.csrf, assets: assets, notice: context.notice)
        return try page(model, status: status, shell: shell)
    }

    /// The whole page around a given shell; error pages outside a session use it too.
    func page<Model: PageModel>(_ model: Model, status: HTTPResponse.Status = .ok, shell: Shell) throws -> Response {
        guard let content = TemplateValue.of(RenderedPage(page: model, shell: shell)),
            let html = library.render(content, withTemplate: Model.template)
        else {
            throw TemplateError.unknown(template: Model.template)
        }
        return Response(
            status: status,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }
}

/// Why a page could not be made; both cases are faults of the program.
enum TemplateError: Error, CustomStringConvertible {
    case unreadable(template: String, reason: String)
    case unknown(template: String)

    var description: String {
        switch self {
        case .unreadable(let template, let reason):
            "The template \(template).mustache cannot be parsed: \(reason)"
        case .unknown(let template):
            "There is no template \(template).mustache in the list of templates"
        }
    }
}
