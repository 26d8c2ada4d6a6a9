internal import Foundation
public import Hummingbird
public import Logging
internal import NIOCore

/// Our decoder behind OpenAI-compatible HTTP.
///
/// Requests are begun in the order they come and sampled together, on threads of the server's own: each joins what is in
/// work for its model and leaves it at any token. Response k's seed depends on the request's seed and k alone, and its
/// bits on nothing else in work, so the same request with the same seed gives the same responses.
public struct ModelServerApplication: Sendable {
    private let configuration: ModelServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void
    private let engine: CompletionEngine

    /// - Parameter onListening: is given the real port once connections are taken.
    /// - Throws: `ModelServerError.noPoliciesFolder`.
    public init(
        _ configuration: ModelServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        for folder in [configuration.policiesFolder].compactMap({ $0 }) + configuration.policies.values {
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.resolvingSymlinksInPath().path)
            guard attributes?[.type] as? FileAttributeType == .typeDirectory else {
                throw ModelServerError.noPoliciesFolder(folder.path)
            }
        }
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
        engine = CompletionEngine(
            catalog: ModelCatalog(policiesFolder: configuration.policiesFolder, named: configuration.policies),
            models: LoadedModels(configuration, logger: logger),
            queue: ComputeQueue(limit: configuration.queueLimit))
    }

    /// The application without its run, e.g. for tests.
    public var application: some ApplicationProtocol {
        let router = Router()
        router.middlewares.add(ErrorAnswers(limit: configuration.maximumBodyBytes))
        ModelServerRoutes(
            engine: engine, maximumResponses: configuration.maximumResponses,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: router)
        let onListening = onListening
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "plumb model-server"),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onListening(port) }
            }, logger: logger)
    }

    /// Serves until SIGTERM, SIGINT or the cancellation of the task.
    public func run() async throws {
        defer { stop() }
        try await application.runService()
    }

    /// Ends the compute thread; requests that wait are refused, one that runs is broken off.
    public func stop() { engine.queue.stop() }
}
