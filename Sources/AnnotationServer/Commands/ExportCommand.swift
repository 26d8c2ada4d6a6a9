import ArgumentParser
import Foundation
import Labels
import Preferences

/// `plumb export`: the labels of a project as a file. Reads beside a running server.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the labels of a project to a file or to standard output.")

    @Option(help: "The server's data folder.")
    var data = "data"
    @Option(help: ProjectLookup.help)
    var project: String
    @Option(help: "One of: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = ExportFormat.native.rawValue
    @Option(help: "Only the labels of this snapshot, by its number.")
    var snapshot: Int64?
    @Option(help: "How grades become margins: \(MarginScale.allCases.map(\.rawValue).joined(separator: ", ")).")
    var margin = MarginScale.small.rawValue
    @Flag(help: "Late extras too. (The native form has them always, marked as such.)")
    var extras = false
    @Flag(name: .customLong("every-revision"), help: "Native form: superseded and taken-back answers too.")
    var everyRevision = false
    @Option(help: "The file to write; without it standard output.", completion: .file())
    var output: String?

    func validate() throws {
        guard MarginScale(rawValue: margin) != nil else {
            throw ValidationError(
                "--margin '\(margin)' is not one of \(MarginScale.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard !everyRevision || format == ExportFormat.native.rawValue else {
            throw ValidationError("--every-revision belongs to the native form; other forms have one answer a label.")
        }
        guard ExportFormat(rawValue: format) != nil else {
            throw ValidationError(
                "--format '\(format)' is not one of \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    private var options: ExportOptions {
        ExportOptions(
            includeExtras: extras ? true : nil, everyRevision: everyRevision,
            marginScale: MarginScale(rawValue: margin) ?? .small, snapshot: snapshot.map(SnapshotID.init(rawValue:)))
    }

    func run() async throws {
        guard let format = ExportFormat(rawValue: format) else { return }
        let store = try Store(folder: DataFolder(path: data).url, access: .reader)
        defer { try? store.close() }
        let project = try await ProjectLookup(store: store).find(project)
        let summary: ExportSummary
        if let output {
            summary = try await store.writeExport(project.id, as: format, options, to: URL(filePath: output))
        } else {
            var last: ExportSummary?
            for try await chunk in store.export(project.id, as: format, options) {
                try FileHandle.standardOutput.write(contentsOf: Data(chunk.bytes))
                last = chunk.summary
            }
            if let last {
                summary = last
            } else {
                summary = try await store.exportSummary(project.id, as: format, options)
            }
        }
        try FileHandle.standardError.write(contentsOf: Data((summary.sentence + "\n").utf8))
    }
}

/// Finds a project by the name or number that a person typed.
package struct ProjectLookup: Sendable {
    /// What commands say of the option.
    static let help: ArgumentHelp = "The project: its number, or its name (small or capital letters alike)."

    let store: Store

    struct NotFound: Error, CustomStringConvertible {
        let name: String
        let known: [String]
        var description: String {
            "There is no project '\(name)'. The projects are: \(known.isEmpty ? "none yet" : known.joined(separator: ", "))."
        }
    }

    func find(_ name: String) async throws -> Project {
        let all = try await store.projects()
        guard let found = Self.place(of: name, in: all.map { ($0.id.description, $0.name) }) else {
            throw NotFound(name: name, known: all.map(\.name))
        }
        return all[found]
    }

    /// The one rule: digits are a project's number where there is such a project; anything else is its whole name,
    /// without regard to case.
    package static func place(of typed: String, in projects: [(id: String, name: String)]) -> Int? {
        let isNumber = !typed.isEmpty && typed.utf8.allSatisfy { (0x30...0x39).contains($0) }
        if isNumber, let found = projects.firstIndex(where: { $0.id == typed }) { return found }
        return projects.firstIndex { $0.name.lowercased() == typed.lowercased() }
    }
}
