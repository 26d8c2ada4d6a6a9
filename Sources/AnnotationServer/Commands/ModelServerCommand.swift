import ArgumentParser
import Foundation
import LanguageModel
import Logging
import ModelServer
import Runs

/// `plumb model-server`: policies behind OpenAI-compatible HTTP. What `plumb serve` starts; also useful alone.
struct ModelServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model-server", abstract: "Serve policies over OpenAI-compatible HTTP.")

    @Option(help: "Folder whose model folders are served by their names.", completion: .directory)
    var policies: String?
    @Option(help: "One more policy, as name=FOLDER; may be repeated.")
    var policy: [String] = []
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes a free one.") var port = 8081
    @Option(help: "Compute threads; without it one a core.") var threads: Int?
    @Option(help: "How weights are held: f32, bf16 or int8; see docs/performance.md for what each costs.")
    var precision = WeightPrecision.float32
    @Option(help: "Responses of one model that decode together; requests beyond it wait.") var responses = 256
    @Option(name: .customLong("cache"), help: "Memory for keys and values of a model's responses, in MB.")
    var cacheMegabytes = 2_048
    @Option(help: "A file to write the address to, once it answers.", completion: .file()) var announce: String?
    @Option(help: "End when this process is not the parent any more.") var parent: Int32?

    func validate() throws {
        guard policies != nil || !policy.isEmpty else {
            throw ValidationError("Give --policies FOLDER, or --policy name=FOLDER.")
        }
        guard responses >= 1 else { throw ValidationError("--responses must be at least 1, not \(responses).") }
        try Self.checkCache(cacheMegabytes)
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
    }

    static func checkCache(_ megabytes: Int) throws {
        guard (1...1 << 24).contains(megabytes) else {
            throw ValidationError("--cache must be 1 to \(1 << 24) MB, not \(megabytes).")
        }
    }

    func run() async throws {
        if let parent { ParentWatch.endWith(parent) }
        var configuration = ModelServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.threads = threads
        configuration.precision = precision
        configuration.responsesAtOnce = responses
        configuration.cacheBytes = cacheMegabytes << 20
        configuration.policiesFolder = policies.map { URL(filePath: $0, directoryHint: .isDirectory) }
        for pair in policy {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--policy '\(pair)' is not of the form name=FOLDER.") }
            configuration.policies[parts[0]] = URL(filePath: parts[1], directoryHint: .isDirectory)
        }
        let (host, announce) = (host, announce)
        let server = try ModelServerApplication(configuration, logger: Logger(label: "plumb.model-server")) { port in
            let address = "http://\(host):\(port)\n"
            print("Models are served at \(address)", terminator: "")
            fflush(nil)
            guard let announce else { return }
            do { try DurableFile.write(Data(address.utf8), to: URL(filePath: announce)) } catch {
                FileHandle.standardError.write(Data("The address could not be announced: \(error)\n".utf8))
            }
        }
        do { try await server.run() } catch { throw ListeningProblem(error, host: host, port: port) ?? error }
    }
}

/// Ends this process when its parent is gone, so that a killed server leaves no model process behind.
enum ParentWatch {
    static func endWith(_ parent: Int32) {
        let thread = Thread {
            while getppid() == parent { Thread.sleep(forTimeInterval: 0.5) }
            exit(0)
        }
        thread.start()
    }
}
