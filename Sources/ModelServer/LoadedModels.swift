internal import Foundation
internal import LanguageModel
internal import Logging
internal import Policy
internal import Synchronization

/// The models in memory, the ones used longest ago dropped first. Models are loaded on the compute thread only.
final class LoadedModels: Sendable {
    private struct Entry {
        var name: String
        /// Of every folder that the model is made of.
        var fingerprint: [FolderFingerprint]
        var sampler: PolicySampler
    }

    let pool: WorkerPool
    private let limit: Int
    private let precision: WeightPrecision
    private let maximumRows: Int
    let maximumCacheBytes: Int
    private let logger: Logger
    /// Most recently used last.
    private let entries = Mutex<[Entry]>([])

    init(_ configuration: ModelServerConfiguration, logger: Logger) {
        limit = max(1, configuration.loadedModels)
        precision = configuration.precision
        maximumRows = configuration.responsesAtOnce
        maximumCacheBytes = configuration.cacheBytes
        self.logger = logger
        pool = WorkerPool(threads: configuration.threads)
    }

    var names: [String] { entries.withLock { $0.map(\.name).sorted() } }

    /// The sampler of a folder's weights as they are now: a model whose files have changed since is loaded anew.
    /// - Throws: `ModelServerError.unusableModel`.
    func sampler(named name: String, folder: URL) throws -> PolicySampler {
        do {
            let fingerprint = try Self.fingerprint(of: folder)
            if let sampler = use(name, fingerprint) { return sampler }
            let started = ContinuousClock.now
            let sampler = try PolicySampler(
                folder: folder, pool: pool, precision: precision, maximumRows: maximumRows,
                maximumCacheBytes: maximumCacheBytes)
            guard try Self.fingerprint(of: folder) == fingerprint else {
                throw ModelServerError.unusableModel(
                    name, reason: "its files changed while they were read; try again when they are complete")
            }
            keep(Entry(name: name, fingerprint: fingerprint, sampler: sampler))
            logger.info("Loaded the model \(name) in \(started.duration(to: .now)).")
            return sampler
        } catch let error as ModelServerError {
            throw error
        } catch {
            throw ModelServerError.unusableModel(name, reason: "\(error)")
        }
    }

    /// An adapter's weights are its base's too.
    private static func fingerprint(of folder: URL) throws -> [FolderFingerprint] {
        try AdapterFolder.folders(of: folder).map { try FolderFingerprint(of: $0) }
    }

    private func use(_ name: String, _ fingerprint: [FolderFingerprint]) -> PolicySampler? {
        entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.name == name }) else { return nil }
            let entry = entries.remove(at: place)
            guard entry.fingerprint == fingerprint else { return nil }
            entries.append(entry)
            return entry.sampler
        }
    }

    private func keep(_ entry: Entry) {
        entries.withLock { entries in
            entries.append(entry)
            if entries.count > limit { entries.removeFirst(entries.count - limit) }
        }
    }
}
