import ArgumentParser
import Foundation
import Labels

/// `plumb export`: the labels of a project as a file. Reads beside a running server.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the labels of a project to a file or to standard output.")

    @Option(help: "The server's data folder.")
    var data = "data"
    @Option(help: "Name or number of the project.")
    var project: String
    @Option(help: "One of: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = ExportFormat.native.rawValue
    @Option(help: "The file to write; without it standard output.", completion: .file())
    var output: String?

    func validate() throws {
        guard ExportFormat(rawValue: format) != nil else {
            throw ValidationError(
                "--format '\(format)' is not one of \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        guard let format = ExportFormat(rawValue: format) else { return }
        let store = try Store(folder: DataFolder(path: data).url, access: .reader)
        defer { try? store.close() }
        let project = try await ProjectLookup(store: store).find(project)
        let summary: ExportSummary
        if let output {
            summary = try await store.writeExport(project.id, as: format, ExportOptions(), to: URL(filePath: output))
        } else {
            var last: ExportSummary?
            for try await chunk in store.export(project.id, as: format, ExportOptions()) {
                try FileHandle.standardOutput.write(contentsOf: Data(chunk.bytes))
                last = chunk.summary
            }
            if let last {
                summary = last
            } else {
                summary = try await store.exportSummary(project.id, as: format, ExportOptions())
            }
        }
        try FileHandle.standardError.write(contentsOf: Data((summary.sentence + "\n").utf8))
    }
}

/// Finds a project by the name or number that a person typed.
struct ProjectLookup: Sendable {
    let store: Store

    struct NotFound: Error, CustomStringConvertible {
        let name: String
        let known: [String]
        var description: String {
            "There is no project '\(name)'. The projects are: \(known.isEmpty ? "none yet" : known.joined(separator: ", "))."
        }
    }

    func find(_ name: String) async throws -> Project {
        if let found = try await store.project(named: name) { return found }
        let all = try await store.projects()
        if let id = ProjectID(name), let found = all.first(where: { $0.id == id }) { return found }
        throw NotFound(name: name, known: all.map(\.name))
    }
}
