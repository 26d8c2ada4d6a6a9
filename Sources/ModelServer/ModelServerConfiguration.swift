public import Foundation

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
    /// Compute threads; nil takes the environment variable PLUMB_THREADS, or the number of cores.
    public var threads: Int?

    public init(
        host: String = "127.0.0.1", port: Int = 8081, policiesFolder: URL? = nil, policies: [String: URL] = [:],
        loadedModels: Int = 4, queueLimit: Int = 64, maximumResponses: Int = 256, maximumBodyBytes: Int = 8 << 20,
        threads: Int? = nil
    ) {
        (self.host, self.port, self.policiesFolder, self.policies) = (host, port, policiesFolder, policies)
        (self.loadedModels, self.queueLimit, self.threads) = (loadedModels, queueLimit, threads)
        (self.maximumResponses, self.maximumBodyBytes) = (maximumResponses, maximumBodyBytes)
    }
}
