import Foundation
package import Labels
package import Logging
import Runs
import Web

/// How many checkpoints are kept and how much of the disk they may take.
package struct RetentionRule: Sendable {
    /// Policies and reward models, of each kind, that stay besides those in use.
    let keepLast: Int
    /// Bytes that policies, reward models and runs may take together; nil for no limit.
    let quotaBytes: Int64?
    /// Bytes that must stay free for the labels, whatever the quota says.
    let reservedBytes: Int64

    package static let reservedForLabels: Int64 = 256 << 20

    package init(
        keepLast: Int = 8, quotaBytes: Int64? = nil, reservedBytes: Int64 = RetentionRule.reservedForLabels
    ) {
        self.keepLast = keepLast
        self.quotaBytes = quotaBytes
        self.reservedBytes = reservedBytes
    }

    /// Makes room for a run where there is none, by deleting what nobody needs.
    /// - Parameter parents: what the run is to read; it stays.
    /// - Throws: `OperationError` where there is no room even so.
    package func requireRoom(
        for parents: [Parent], in store: Store, data: DataFolder, logger: Logger
    ) async throws {
        guard try refusal(in: data) != nil else { return }
        await prune(store, data: data, keeping: parents, logger: logger)
        if let refusal = try refusal(in: data) { throw refusal }
    }

    /// Why a run would find no room; nil where it would find some.
    private func refusal(in data: DataFolder) throws -> OperationError? {
        let free = try FolderSize.freeBytes(at: data.url)
        guard free > reservedBytes else {
            return OperationError(
                .unavailable,
                "The disk has only \(free >> 20) MiB free; a run needs more, and \(reservedBytes >> 20) MiB are kept for "
                    + "labels. Free some space, then start it again.")
        }
        guard let quotaBytes else { return nil }
        let used = try Self.usedBytes(of: data)
        guard used >= quotaBytes else { return nil }
        return OperationError(
            .unavailable,
            "Checkpoints and runs take \(used >> 20) MiB of the \(quotaBytes >> 20) MiB that --quota-gib allows, and no "
                + "other checkpoint may be deleted. Raise it, or delete old folders in runs/, then start it again.")
    }

    /// Deletes the files of checkpoints that nothing needs any more: never one that is current, a reference, the parent
    /// of anything or used by a run that goes on. With a quota only as many as it takes, the oldest first.
    package func prune(_ store: Store, data: DataFolder, keeping: [Parent] = [], logger: Logger) async {
        do {
            let used = try Self.usedBytes(of: data)
            let report = try await store.retention(
                keepLast: keepLast, quotaBytes: try limit(used: used, in: data), usedBytes: used, keeping: keeping)
            for item in quotaBytes == nil ? report.prunable : report.toPrune {
                do {
                    try await store.markPruned(item, by: .system)
                    logger.info("\(item.name) is deleted: \(report.sentence)")
                } catch {
                    logger.warning("The checkpoint \(item.name) was not deleted: \(error)")
                }
            }
        } catch {
            logger.warning("Old checkpoints could not be deleted: \(error)")
        }
        await removePruned(store, data: data, logger: logger)
    }

    /// Deletes what a server that died had meant to delete, and what is left of runs that have their result.
    package func removeRemains(_ store: Store, data: DataFolder, logger: Logger) async {
        await removePruned(store, data: data, logger: logger)
        do {
            for run in try await store.runs(states: [.succeeded], limit: .max) {
                try RunDirectory(data.url.appending(path: run.directory)).removeRemains(through: run.attempt)
            }
        } catch {
            logger.warning("What is left of finished runs could not be deleted: \(error)")
        }
    }

    /// Deletes the files of everything that is marked as pruned and still there. The mark comes first, so that nothing
    /// starts to use them, and stays, so that a server that dies in between leaves nothing behind for good.
    private func removePruned(_ store: Store, data: DataFolder, logger: Logger) async {
        do {
            for item in try await store.pruned() {
                for place in try await places(of: item, in: store, data: data)
                where FileManager.default.fileExists(atPath: place.path) {
                    do {
                        try FileManager.default.removeItem(at: place)
                        logger.info("Deleted \(place.path).")
                    } catch {
                        logger.warning("\(place.path) could not be deleted: \(error)")
                    }
                }
            }
        } catch {
            logger.warning("The files of deleted checkpoints could not be looked for: \(error)")
        }
    }

    /// The checkpoint's folder, and what the run that made it put out, which holds the same bytes by hard links; the run's
    /// input, metrics and log stay.
    private func places(of item: Prunable, in store: Store, data: DataFolder) async throws -> [URL] {
        let place = data.url.appending(path: item.path)
        guard let maker = try await maker(of: item, in: store) else { return [place] }
        let run = try await store.run(maker)
        let directory = RunDirectory(data.url.appending(path: run.directory))
        // Later attempts are somebody's repetitions by hand.
        let attempts = try directory.attempts().filter { $0 <= run.attempt }
        return [place] + attempts.map { directory.attemptURL($0).appending(path: "output") }
    }

    /// What checkpoints and runs may take: less than the quota, so that a run finds room, and no more than leaves the
    /// labels their reserve.
    private func limit(used: Int64, in data: DataFolder) throws -> Int64? {
        guard let quotaBytes else { return nil }
        let missing = max(0, reservedBytes - (try FolderSize.freeBytes(at: data.url)) + 1)
        return max(0, min(quotaBytes - 1, used - missing))
    }

    private static func usedBytes(of data: DataFolder) throws -> Int64 {
        let used = try data.storage()
        return used.policies + used.rewardModels + used.runs
    }

    private func maker(of item: Prunable, in store: Store) async throws -> RunID? {
        switch item.kind {
        case .policy: try await store.policy(PolicyID(rawValue: item.id)).run
        case .rewardModel: try await store.rewardModel(RewardModelID(rawValue: item.id)).run
        }
    }
}
