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

    /// - Parameter assets: the address prefix of the static files, without a slash at its end.
    /// - Throws: `TemplateError` naming the template that cannot be parsed.
    init(assets: String) throws {
        HTMLEscaping.register()
        var library = MustacheLibrary()
        for (name, bytes) in WebTemplates.all {
            do {
                try library.register(HTMLEscaping.pragma + String(decoding: bytes, as: UTF8.self), named: name)
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
