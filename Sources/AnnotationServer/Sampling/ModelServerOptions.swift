package import Foundation
package import LanguageModel

/// What whoever starts the server asks of the model process; nil leaves its own default.
package struct ModelServerOptions: Sendable {
    package var precision: WeightPrecision?
    package var cacheMegabytes: Int?

    package init(precision: WeightPrecision? = nil, cacheMegabytes: Int? = nil) {
        self.precision = precision
        self.cacheMegabytes = cacheMegabytes
    }

    /// The process's arguments.
    /// - Parameters:
    ///   - policies: folder whose model folders it serves.
    ///   - announcement: file that it writes its address to.
    ///   - parent: process with which it ends.
    package func command(policies: URL, announcement: URL, parent: Int32) -> [String] {
        var command = [
            "model-server", "--policies", policies.path, "--port", "0", "--announce", announcement.path, "--parent",
            "\(parent)",
        ]
        if let precision { command += ["--precision", precision.rawValue] }
        if let cacheMegabytes { command += ["--cache", "\(cacheMegabytes)"] }
        return command
    }
}
