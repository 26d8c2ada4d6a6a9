import AsyncHTTPClient
import Foundation
package import Labels
import NIOCore
import NIOHTTP1

/// A server that holds the data folder, reached through its own API: there is one writer, and it is that server.
struct RunningServer: Sendable {
    let address: String
    private let token: String

    enum Problem: Error, CustomStringConvertible {
        case noAddress(pid: Int)
        case noToken(path: String, reason: String)
        case refused(status: UInt, message: String)
        case noModelServer(String)
        case noProject(name: String, known: [String])
        case silent(name: String, reason: String)

        var description: String {
            switch self {
            case .noAddress(let pid):
                "Process \(pid) holds the data folder but serves no address yet. Try again in a moment."
            case .noToken(let path, let reason):
                "The running server's command-line token at \(path) cannot be read: \(reason)"
            case .noModelServer(let reason): "The server's model process serves nothing yet: \(reason)"
            case .refused(let status, let message): "The server answered \(status): \(message)"
            case .silent(let name, let reason):
                "The server did not answer (\(reason)). It may have added \(name) all the same: see its policies page before you try again."
            case .noProject(let name, let known):
                "There is no project '\(name)'. The projects are: \(known.joined(separator: ", "))."
            }
        }
    }

    /// Nil where nothing holds the data folder.
    init?(data: DataFolder) throws {
        guard let holder = Store.lockHolder(folder: data.url) else { return nil }
        guard let address = holder.address else { throw Problem.noAddress(pid: Int(holder.pid)) }
        let file = CommandLineToken.file(in: data)
        do {
            token = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw Problem.noToken(path: file.path, reason: "\(error)")
        }
        self.address = address
    }

    func projectID(named name: String) async throws -> String {
        struct Listed: Decodable {
            let id: Int
            let name: String
        }
        let projects = try JSONDecoder().decode(
            [Listed].self, from: try await send(HTTPClientRequest(url: address + "/api/v1/projects")))
        guard let found = ProjectLookup.place(of: name, in: projects.map { ("\($0.id)", $0.name) }) else {
            throw Problem.noProject(name: name, known: projects.map(\.name))
        }
        return "\(projects[found].id)"
    }

    /// Sends a file's bytes. - Returns: the sentence that the server answers.
    func post(file: URL, to path: String, query: [String: String]) async throws -> String {
        struct Report: Decodable { let sentence: String }
        var components = URLComponents()
        components.path = path
        components.queryItems = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        var request = HTTPClientRequest(url: address + (components.string ?? path))
        request.method = .POST
        request.body = .bytes(ByteBuffer(bytes: try Data(contentsOf: file)))
        return try JSONDecoder().decode(Report.self, from: try await send(request)).sentence
    }

    /// Where the server's model process listens.
    func modelServer() async throws -> String {
        struct Answer: Decodable {
            struct ModelServer: Decodable {
                let address: String?
                let message: String?
            }
            let model_server: ModelServer
        }
        let answer = try JSONDecoder().decode(
            Answer.self, from: try await send(HTTPClientRequest(url: address + "/api/v1/server")))
        guard let found = answer.model_server.address else {
            throw Problem.noModelServer(answer.model_server.message ?? "it is starting")
        }
        return found
    }

    /// Sends a JSON body to an address of the API. - Returns: what it answers.
    @discardableResult
    func post(json: Data, to path: String, within: TimeAmount = .minutes(5)) async throws -> Data {
        var request = HTTPClientRequest(url: address + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: json))
        return try await send(request, within: within)
    }

    /// Enters a policy from outside. - Returns: its id.
    /// - Parameters:
    ///   - server: the address of another server; nil for a folder.
    ///   - folder: its name in the data folder's `policies`.
    /// - Throws: `Problem.silent` where no answer came; the server may add the policy all the same.
    func addPolicy(_ name: String, server: String?, folder: String?, isBase: Bool) async throws -> Int {
        struct Request: Encodable {
            let name: String
            let server: String?
            let folder: String?
            let kind: String?
        }
        struct Added: Decodable { let id: Int }
        let body = try JSONEncoder().encode(
            Request(name: name, server: server, folder: folder, kind: folder != nil && isBase ? "base" : nil))
        do {
            // A model of some gigabytes is loaded, run and hashed meanwhile.
            let answer = try await post(json: body, to: "/api/v1/policies", within: .hours(1))
            return try JSONDecoder().decode(Added.self, from: answer).id
        } catch let problem as HTTPClientError { throw Problem.silent(name: name, reason: "\(problem)") }
    }

    /// - Returns: how many unopened tasks were withdrawn.
    func makeCurrent(_ policy: Int, in project: String) async throws -> Int {
        struct Withdrawn: Decodable { let withdrawn: Int }
        let path = "/api/v1/projects/\(project)/policies/\(policy)/make-current"
        return try JSONDecoder().decode(Withdrawn.self, from: try await post(json: Data("{}".utf8), to: path)).withdrawn
    }

    /// A one-time sign-in link of the lead whose token this is.
    func leadLink() async throws -> String {
        struct Person: Decodable { let id: Int }
        struct Link: Decodable { let address: String }
        let lead = try JSONDecoder().decode(
            Person.self, from: try await send(HTTPClientRequest(url: address + "/api/v1/me")))
        var request = HTTPClientRequest(url: address + "/api/v1/users/\(lead.id)/sign-in-links")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: #"{"days":1}"#))
        let link = try JSONDecoder().decode(Link.self, from: try await send(request)).address
        return link.hasPrefix("/") ? address + link : link
    }

    private func send(_ request: HTTPClientRequest, within: TimeAmount = .minutes(5)) async throws -> Data {
        var request = request
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        let response = try await HTTPClient.shared.execute(request, timeout: within)
        let body = try await response.body.collect(upTo: 16 << 20)
        guard (200..<300).contains(response.status.code) else {
            struct Failure: Decodable {
                struct Detail: Decodable { let message: String }
                let error: Detail
            }
            let message =
                (try? JSONDecoder().decode(Failure.self, from: Data(body.readableBytesView)))?.error.message
                ?? String(buffer: body)
            throw Problem.refused(status: response.status.code, message: message)
        }
        return Data(body.readableBytesView)
    }
}

/// The API token with which the command line speaks to a running server: a new one at each start, readable by the
/// owner of the data folder alone.
package enum CommandLineToken {
    static func file(in data: DataFolder) -> URL { data.url.appending(path: "command-line.token") }

    /// Revokes the last start's token, which is known by its secret (people may call theirs as they like), and writes
    /// this one's.
    package static func renew(store: Store, data: DataFolder, lead: User) async throws {
        let place = file(in: data)
        if let old = try? String(contentsOf: place, encoding: .utf8) {
            let secret = old.trimmingCharacters(in: .whitespacesAndNewlines)
            if let access = try await store.apiToken(secret) { try await store.revokeAPIToken(access.id, by: .system) }
        }
        let (_, secret) = try await store.createAPIToken(
            for: lead.id, label: "command line", role: .lead, by: .system)
        try? FileManager.default.removeItem(at: place)
        let isWritten = FileManager.default.createFile(
            atPath: place.path, contents: Data((secret + "\n").utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: place.path]) }
    }
}
