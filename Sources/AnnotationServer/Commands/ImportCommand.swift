import ArgumentParser
import AsyncHTTPClient
import Foundation
import Labels

/// `plumb import`: prompts, ready-made groups, labels or instructions from a file: all of it, or nothing where one line is wrong.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import prompts, response groups, labels or an instruction set from a file.",
        discussion: """
            Instructions are a JSON array or one object a line: instruction, input and output (Alpaca); messages; prompt \
            with response or completion. Supervised runs learn their answers. While a server holds the data folder, the \
            file goes through that server.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case prompts, groups, labels, instructions

        /// Of the API, below a project.
        var path: String { self == .instructions ? "instruction-sets" : rawValue }
    }

    @Argument(help: "What the file holds: prompts, groups, labels or instructions.") var kind: Kind
    @Argument(help: "The file.", completion: .file()) var file: String
    @Option(help: ProjectLookup.help) var project: String
    @Option(help: "The server's data folder.") var data = "data"
    @Option(help: "For prompts: what they are used for: supervised, ranking, ppo or held_out.") var use: String?
    @Option(help: "For prompts: text (one a line), jsonl or messages.") var format = "text"
    @Flag(help: "For prompts: tag them all as being about safety.") var aboutSafety = false

    func validate() throws {
        guard kind == .prompts else {
            if aboutSafety { throw ValidationError("--about-safety is for prompts.") }
            return
        }
        let uses = PromptUse.allCases.map(\.rawValue)
        guard let use, PromptUse(rawValue: use) != nil else {
            throw ValidationError("Prompts need --use with one of \(uses.joined(separator: ", ")).")
        }
        guard PromptFormat(rawValue: format) != nil else {
            throw ValidationError("--format '\(format)' is not one of text, jsonl, messages.")
        }
    }

    func run() async throws {
        let folder = DataFolder(path: data)
        let url = URL(filePath: file)
        guard FileManager.default.isReadableFile(atPath: url.path) else {
            throw ValidationError("\(file) cannot be read; is the path right?")
        }
        if let server = try RunningServer(data: folder) {
            let path = "/api/v1/projects/\(try await server.projectID(named: project))/\(kind.path)"
            var query = ["name": url.lastPathComponent]
            if kind == .prompts {
                query["use"] = use
                query["format"] = format
                if aboutSafety { query["about_safety"] = "true" }
            }
            print(try await server.post(file: url, to: path, query: query))
            return
        }
        let store = try Store(folder: folder.url)
        defer { try? store.close() }
        let project = try await ProjectLookup(store: store).find(project).id
        print(try await report(store, project: project, file: url).sentence)
    }

    private func report(_ store: Store, project: ProjectID, file: URL) async throws -> ImportReport {
        switch kind {
        case .groups: return try await store.importGroups(project, from: .file(file), by: .commandLine)
        case .instructions: return try await store.importInstructions(project, from: .file(file), by: .commandLine)
        case .labels: return try await store.importLabels(project, from: .file(file), by: .commandLine)
        case .prompts:
            guard let use = use.flatMap(PromptUse.init), let format = PromptFormat(rawValue: format) else {
                throw ValidationError("Prompts need --use and --format.")
            }
            return try await store.importPrompts(
                project, use: use, format: format, areAboutSafety: aboutSafety, from: .file(file), by: .commandLine)
        }
    }
}
