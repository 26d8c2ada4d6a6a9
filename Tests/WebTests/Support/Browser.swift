import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore

/// A browser without scripts: it keeps cookies and sends the form token of the last page.
struct Browser {
    let client: any TestClientProtocol
    var cookies: [String: String] = [:]
    var csrf = ""
    var user: User?

    init(_ client: any TestClientProtocol) { self.client = client }

    struct Page {
        let status: HTTPResponse.Status
        let headers: HTTPFields
        let text: String
        var location: String? { headers[.location] }

        /// The responses' texts as they were written, in display order.
        var paneTexts: [String] {
            let opening = "<div class=\"raw\" dir=\"auto\">"
            return text.components(separatedBy: "class=\"text pane\"").dropFirst().compactMap { pane in
                guard let start = pane.range(of: opening) else { return nil }
                return pane[start.upperBound...].range(of: "</div>").map {
                    String(pane[start.upperBound..<$0.lowerBound])
                }
            }
        }
    }

    mutating func get(_ path: String, headers: HTTPFields = [.accept: "text/html"]) async throws -> Page {
        try await send(path, method: .get, headers: headers, body: nil)
    }

    /// Sends a form with the token of the last page.
    mutating func post(
        _ path: String, _ fields: [String: String] = [:], token: String? = nil, headers extra: HTTPFields = [:]
    ) async throws -> Page {
        var fields = fields
        fields["csrf"] = token ?? csrf
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .accept: "text/html"]
        headers.append(contentsOf: extra)
        let body = fields.sorted { $0.key < $1.key }.map { "\(Self.encode($0.key))=\(Self.encode($0.value))" }
            .joined(separator: "&")
        return try await send(path, method: .post, headers: headers, body: ByteBuffer(string: body))
    }

    /// Follows redirects from a page to the one it ends on.
    mutating func follow(_ page: Page) async throws -> Page {
        var page = page
        while let location = page.location { page = try await get(location) }
        return page
    }

    mutating func send(
        _ path: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> Page {
        var headers = headers
        if !cookies.isEmpty {
            headers[.cookie] = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: "; ")
        }
        let response = try await client.execute(uri: path, method: method, headers: headers, body: body)
        for field in response.headers[values: .setCookie] { take(cookie: field) }
        let text = String(buffer: response.body)
        if let token = Self.attribute("content", after: #"<meta name="csrf""#, in: text), !token.isEmpty {
            csrf = token
        }
        return Page(status: response.status, headers: response.headers, text: text)
    }

    private mutating func take(cookie field: String) {
        let parts = field.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let pair = parts.first?.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false),
            pair.count == 2
        else { return }
        let isEnded = parts.contains { $0.lowercased() == "max-age=0" }
        cookies[String(pair[0])] = isEnded ? nil : String(pair[1])
    }

    static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// The value of an attribute of the first element after `marker`.
    static func attribute(_ name: String, after marker: String, in text: String) -> String? {
        guard let start = text.range(of: marker),
            let from = text.range(of: " \(name)=\"", range: start.upperBound..<text.endIndex),
            let end = text.range(of: "\"", range: from.upperBound..<text.endIndex)
        else { return nil }
        return String(text[from.upperBound..<end.lowerBound])
    }
}

/// What a ranking or comparison page offers, read from its HTML as a browser without scripts would.
struct TaskForm {
    let action: String
    let skip: String
    let heartbeat: String
    /// Response ids in display order.
    let ids: [String]
    let project: String
    let text: String

    init?(_ page: Browser.Page) {
        text = page.text
        guard let action = Browser.attribute("action", after: #"<form id="answer""#, in: text),
            let heartbeat = Browser.attribute("data-heartbeat", after: #"<form id="answer""#, in: text),
            let project = Browser.attribute("value", after: #"name="project""#, in: text)
        else { return nil }
        self.action = action
        self.heartbeat = heartbeat
        // Practice cannot be skipped.
        skip = Browser.attribute("action", after: #"<form class="popover""#, in: text) ?? ""
        self.project = project
        let marker = text.contains("data-card=\"") ? "data-card=\"" : "data-side=\""
        ids = text.components(separatedBy: marker).dropFirst().compactMap { rest in
            rest.firstIndex(of: "\"").map { String(rest[..<$0]) }
        }
    }

    /// The fields of an answer that ranks the responses in display order.
    func ranking(_ ranks: [Int], unacceptable: Set<Int> = []) -> [String: String] {
        var fields = ["project": project]
        for (index, id) in ids.enumerated() {
            fields["rank.\(id)"] = ranks[index] == 0 ? "" : String(ranks[index])
            if unacceptable.contains(index) { fields["unacceptable.\(id)"] = "yes" }
        }
        return fields
    }

    func comparison(winner index: Int, _ grade: String) -> [String: String] {
        ["project": project, "responses": ids.joined(separator: " "), "choice": "\(ids[index]).\(grade)"]
    }
}
