import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Labels
import LanguageModel
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals
import Web

/// `plumb serve`: the pages, the API, the jobs and the model process over one data folder.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve annotators and leads in their browsers.")

    @Option(help: "Folder of the database, policies and runs; made if it does not exist.")
    var data = "data"
    @Option(help: "Address to listen on. Use 0.0.0.0 to let other computers in, best behind a TLS proxy.")
    var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 8080
    @Option(
        name: .customLong("public-url"),
        help: "The address people type, such as https://labels.example.org. With https, cookies are Secure.")
    var publicURL: String?
    @Flag(help: "Where there is no project yet, create a demo project on the embedded policy.")
    var demo = false
    @Option(
        name: .customLong("model-server"),
        help: "Sample from this OpenAI-compatible server instead of starting our own, e.g. http://127.0.0.1:8000.")
    var modelServer: String?
    @Option(
        name: .customLong("model-server-key-variable"),
        help: "Environment variable that holds the bearer token of --model-server.")
    var modelServerKeyVariable: String?
    @Option(
        help: "How our model server holds weights: f32 (without this), bf16 or int8; docs/performance.md has the cost.")
    var precision: WeightPrecision?
    @Option(
        name: .customLong("cache"),
        help: "Memory for keys and values of a model's responses, in MB (2048 without this).")
    var cacheMegabytes: Int?
    @Option(name: .customLong("quota-gib"), help: "GiB that checkpoints and runs may take together.")
    var quotaGiB: Double?
    @Option(name: .customLong("keep-checkpoints"), help: "Policies and reward models kept besides those in use.")
    var keepCheckpoints = 8

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
        guard keepCheckpoints >= 1 else { throw ValidationError("--keep-checkpoints must be at least 1.") }
        if let quotaGiB {
            // Also not for "nan", which is within no range.
            guard quotaGiB > 0, quotaGiB <= 1_000_000_000 else {
                throw ValidationError("--quota-gib must be above 0 and at most 1000000000, not \(quotaGiB).")
            }
        }
        if let cacheMegabytes { try ModelServerCommand.checkCache(cacheMegabytes) }
        if modelServer != nil, precision != nil || cacheMegabytes != nil {
            throw ValidationError(
                "--precision and --cache are for the model server that plumb starts; leave them out with --model-server."
            )
        }
        if let publicURL, !publicURL.hasPrefix("http://"), !publicURL.hasPrefix("https://") {
            throw ValidationError("--public-url must start with http:// or https://, not '\(publicURL)'.")
        }
        if let modelServerKeyVariable {
            guard modelServer != nil else {
                throw ValidationError("--model-server-key-variable needs --model-server, whose key it names.")
            }
            guard modelServerKey?.isEmpty == false else {
                throw ValidationError(
                    "There is no environment variable \(modelServerKeyVariable), which --model-server-key-variable names."
                )
            }
        }
    }

    private var modelServerKey: String? {
        modelServerKeyVariable.flatMap { ProcessInfo.processInfo.environment[$0] }
    }

    /// The address for links that leads give to people, where it is known before the server listens.
    private var plainAddress: String? {
        port == 0 || host == "0.0.0.0" || host == "::" ? nil : Self.address(host: host, port: port)
    }

    /// Of a host name or a number; one of IPv6 stands in brackets in an address (RFC 3986, 3.2.2).
    static func address(host: String, port: Int) -> String {
        host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    }

    func run() async throws {
        let logger = Logger(label: "plumb")
        let share = try ShareFolder.find()
        let data = DataFolder(path: data)
        try data.create()
        let store = try Store(folder: data.url)
        defer { try? store.close() }
        if demo { try await DemoProject(store: store, data: data, share: share).createUnlessProjectsExist() }

        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let parts = ServerParts(
            store: store, data: data, http: http, foreignModelServer: modelServer, modelServerKey: modelServerKey,
            modelServerOptions: ModelServerOptions(precision: precision, cacheMegabytes: cacheMegabytes),
            retention: RetentionRule(keepLast: keepCheckpoints, quotaBytes: quotaGiB.map { Int64($0 * 0x1p30) }),
            logger: logger)
        let services = try WebServices(
            store: store, operations: parts.operations,
            settings: WebSettings(staticFolder: share.staticFiles, publicURL: publicURL ?? plainAddress))
        let greeting = Greeting(store: store, host: host, publicURL: publicURL)
        let application = Application(
            router: WebApplication.router(services),
            // Laptops that fall asleep never close theirs. Answers under way, such as a run's live page, are not idle.
            server: .http1(configuration: .init(idleTimeout: .seconds(180))),
            configuration: .init(address: .hostname(host, port: port), serverName: "plumb"),
            onServerRunning: { channel in await greeting.say(port: channel.localAddress?.port) },
            logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: parts.services.map { .init(service: $0) } + [.init(service: application)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do { try await group.run() } catch {
            try? await http.shutdown()
            throw ListeningProblem(error, host: host, port: port) ?? error
        }
        try await http.shutdown()
    }
}

/// The long-running parts of a server and the operations over them.
struct ServerParts {
    let services: [any Service]
    let operations: LiveServerOperations

    init(
        store: Store, data: DataFolder, http: HTTPClient, foreignModelServer: String?, modelServerKey: String?,
        modelServerOptions: ModelServerOptions, retention: RetentionRule, logger: Logger
    ) {
        let models = ModelServerSupervisor(
            data: data, http: http, foreign: foreignModelServer, key: modelServerKey, options: modelServerOptions,
            logger: logger)
        let supervisor = RunSupervisor(
            store: store, data: data, runner: ChildProcessRunner(), retention: retention, logger: logger)
        let sampler = TaskSampler(
            store: store, data: data, models: models, http: CompletionClientFactory(http: http), logger: logger)
        services = [models, supervisor, sampler]
        operations = LiveServerOperations(
            store: store, data: data, supervisor: supervisor, sampler: sampler, models: models, retention: retention,
            conversations: ConversationAnswers(store: store, sampler: sampler, logger: logger), logger: logger)
    }
}

/// What the terminal shows once the server answers: the address and a one-time link for the lead.
struct Greeting: Sendable {
    let store: Store
    let host: String
    let publicURL: String?

    func say(port: Int?) async {
        let reachable = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        let local = ServeCommand.address(host: reachable, port: port ?? 0)
        let address = publicURL ?? local
        do {
            let leads = LeadLink(store: store)
            try await CommandLineToken.renew(store: store, data: DataFolder(store.folder), lead: leads.lead())
            try store.announce(address: local)
            let link = try await leads.make(address: address)
            print(
                """

                Plumb is ready at \(address)
                Sign in as lead (works once): \(link)
                Another link: \(ShareFolder.programAsTyped) link --data \(store.folder.path)
                Stop: Ctrl-C

                """)
        } catch {
            print("Plumb is ready at \(address), but no sign-in link could be made: \(error)")
        }
        fflush(nil)
    }
}
