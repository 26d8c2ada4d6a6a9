import ArgumentParser
import Foundation
import Labels
import Web

/// `plumb link`: a fresh one-time sign-in link for the lead, e.g. after the first one was used or lost.
struct LinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Make a one-time sign-in link for the lead.")

    @Option(help: "The server's data folder.")
    var data = "data"
    @Option(name: .customLong("public-url"), help: "The address people type.")
    var publicURL = "http://127.0.0.1:8080"

    func run() async throws {
        if let server = try RunningServer(data: DataFolder(path: data)) {
            print(try await server.leadLink())
            return
        }
        let store = try Store(folder: DataFolder(path: data).url)
        defer { try? store.close() }
        print(try await LeadLink(store: store).make(address: publicURL))
    }
}

/// One-time links for the first active lead, who is made where there is none.
struct LeadLink: Sendable {
    let store: Store

    /// - Returns: the whole address of the link; it works once, for a day.
    func make(address: String) async throws -> String {
        let lead = try await lead()
        let secret = try await store.createLink(.signIn(lead.id), validFor: .seconds(86_400), by: .commandLine)
        return address + Path.invitation(secret)
    }

    func lead() async throws -> User {
        if let existing = try await store.users().first(where: { $0.role == .lead && $0.active }) { return existing }
        return try await store.addUser(name: "lead", role: .lead, by: .commandLine)
    }
}
