import Foundation
import Labels
import Logging
import Web

/// How many checkpoints are kept and how much of the disk they may take.
struct RetentionRule: Sendable {
    /// Policies and reward models, of each kind, that stay besides those in use.
    var keepLast = 8
    /// Bytes that policies, reward models and runs may take together; nil for no limit.
    var quotaBytes: Int64?
    /// Bytes that must stay free for the labels, whatever the quota says.
    var reservedBytes: Int64 = 256 << 20

    /// Refuses to start a run that would find no room.
    func requireRoom(in data: DataFolder) throws {
        let free = try FolderSize.freeBytes(at: data.url)
        guard free > reservedBytes else {
            throw OperationError(
                .unavailable,
                "The disk has only \(free >> 20) MiB free; a run needs more, and \(reservedBytes >> 20) MiB are kept for labels. Free some space, then start it again."
            )
        }
    }

    /// Deletes the files of checkpoints that nothing needs any more: never one that is current, a reference, the parent
    /// of anything or used by a run that goes on.
    func prune(_ store: Store, data: DataFolder, logger: Logger) async {
        do {
            let report = try await store.retention(keepLast: keepLast, quotaBytes: quotaBytes)
            for item in report.prunable {
                try await store.markPruned(item, by: .system)
                try FileManager.default.removeItem(at: data.url.appending(path: item.path))
                logger.info("Deleted the files of \(item.name): \(report.sentence)")
            }
        } catch {
            logger.warning("Old checkpoints could not be deleted: \(error)")
        }
    }
}
