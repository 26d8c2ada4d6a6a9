import Foundation
package import Labels
package import Logging
import Runs
import Web

/// How many checkpoints are kept and how much of the disk they may take.
package struct RetentionRule: Sendable {
    /// Policies and reward models, of each kind, that stay besides those in use.
    var keepLast = 8
    /// Bytes that policies, reward models and runs may take together; nil for no limit.
    var quotaBytes: Int64?
    /// Bytes that must stay free for the labels, whatever the quota says.
    var reservedBytes: Int64 = 256 << 20

    package init(keepLast: Int = 8, quotaBytes: Int64? = nil) {
        self.keepLast = keepLast
        self.quotaBytes = quotaBytes
    }

    /// Refuses to start a run that would find no room.
    package func requireRoom(in data: DataFolder) throws {
        let free = try FolderSize.freeBytes(at: data.url)
        guard free > reservedBytes else {
            throw OperationError(
                .unavailable,
                "The disk has only \(free >> 20) MiB free; a run needs more, and \(reservedBytes >> 20) MiB are kept for "
                    + "labels. Free some space, then start it again.")
        }
        guard let quotaBytes else { return }
        let used = try Self.usedBytes(of: data)
        guard used < quotaBytes else {
            throw OperationError(
                .unavailable,
                "Checkpoints and runs take \(used >> 20) MiB of the \(quotaBytes >> 20) MiB that --quota-gib allows. "
                    + "Raise it, or delete old folders in runs/, then start it again.")
        }
    }

    /// Deletes the files of checkpoints that nothing needs any more: never one that is current, a reference, the parent
    /// of anything or used by a run that goes on. With a quota only as many as it takes, the oldest first.
    package func prune(_ store: Store, data: DataFolder, logger: Logger) async {
        do {
            let report = try await store.retention(
                keepLast: keepLast, quotaBytes: quotaBytes, usedBytes: try Self.usedBytes(of: data))
            for item in quotaBytes == nil ? report.prunable : report.toPrune {
                try await store.markPruned(item, by: .system)
                try FileManager.default.removeItem(at: data.url.appending(path: item.path))
                // The run that made it holds the same bytes by hard links; its input, metrics and log stay.
                if let run = try await maker(of: item, in: store) {
                    let directory = RunDirectory(data.url.appending(path: try await store.run(run).directory))
                    for attempt in try directory.attempts() {
                        try? FileManager.default.removeItem(at: directory.attemptURL(attempt).appending(path: "output"))
                    }
                }
                logger.info("Deleted the files of \(item.name): \(report.sentence)")
            }
        } catch {
            logger.warning("Old checkpoints could not be deleted: \(error)")
        }
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
