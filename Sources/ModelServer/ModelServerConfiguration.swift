public import Foundation
public import LanguageModel

/// What a model server serves, and how much of it at once.
public struct ModelServerConfiguration: Sendable {
    public var host: String
    /// 0 takes any free port, which `onListening` tells.
    public var port: Int
    /// Every model folder directly in it is served under the folder's name, also one that appears later.
    public var policiesFolder: URL?
    /// Folders by names of their own; these go before folders of the same name.
    public var policies: [String: URL]
    /// Models kept in memory; one more, and the one used longest ago goes.
    public var loadedModels: Int
    /// Requests that may wait; one more is answered 429.
    public var queueLimit: Int
    /// Responses that one request may ask for, over all its prompts.
    public var maximumResponses: Int
    public var maximumBodyBytes: Int
    /// How the weights that write text are held; log-probabilities that are asked for are float32 always.
    public var precision: WeightPrecision
    /// Responses of one model that decode together; a request that finds no room waits.
    public var responsesAtOnce: Int
    /// What the keys and values of a model's responses may come to; a request that finds no room waits, one that could
    /// alone exceed it is refused.
    public var cacheBytes: Int
    /// Compute threads; nil takes the environment variable PLUMB_THREADS, or the number of cores.
    public var threads: Int?

    public init(
        host: String = "127.0.0.1", port: Int = 8081, policiesFolder: URL? = nil, policies: [String: URL] = [:],
        loadedModels: Int = 4, queueLimit: Int = 64, maximumResponses: Int = 256, maximumBodyBytes: Int = 8 << 20,
        precision: WeightPrecision = .float32, responsesAtOnce: Int = 256, cacheBytes: Int = 2 << 30,
        threads: Int? = nil
    ) {
        (self.host, self.port, self.policiesFolder, self.policies) = (host, port, policiesFolder, policies)
        (self.loadedModels, self.queueLimit, self.threads) = (loadedModels, queueLimit, threads)
        (self.maximumResponses, self.maximumBodyBytes) = (maximumResponses, maximumBodyBytes)
        (self.precision, self.responsesAtOnce, self.cacheBytes) = (precision, responsesAtOnce, cacheBytes)
    }
}
