public import Foundation
import GRDB

/// The labels and everything around them, in `plumb.sqlite` of a data folder.
///
/// Every write is one transaction on one writer connection in WAL mode with `synchronous = FULL`: when a call returns,
/// what it wrote is on disk. Reads run beside writes and see the last committed state.
public final class Store: Sendable {
    public enum Access: Sendable {
        /// Holds the folder's lock until `close`.
        case writer
        /// Takes no lock and cannot write; works beside a server.
        case reader
    }

    public static let fileName = "plumb.sqlite"

    public let folder: URL
    let configuration: StoreConfiguration
    let pool: DatabasePool
    private let together: GroupCommit
    let leaseLengths = LeaseLengths()
    let passwords: PasswordWorker
    private let lock: StoreLock?

    /// Opens the store, makes it where there is none, and brings its schema up to date.
    /// - Throws: `StoreError.lockedByAnotherProcess` where another writer is at work, `.storage` for a damaged file or
    ///   one from a newer version of Plumb.
    public init(
        folder: URL, access: Access = .writer, configuration: StoreConfiguration = StoreConfiguration()
    ) throws {
        self.folder = folder
        self.configuration = configuration
        passwords = PasswordWorker(cost: configuration.passwordCost)
        let path = folder.appending(path: Store.fileName).path
        do {
            switch access {
            case .writer:
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                lock = try StoreLock(folder: folder)
                pool = try DatabasePool(path: path, configuration: Store.databaseConfiguration(readOnly: false))
                // GRDB's WAL set-up puts NORMAL on the writer after `prepareDatabase`, so FULL comes after it.
                try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
                let migrator = Migrations.migrator()
                if try pool.read(migrator.hasBeenSuperseded) {
                    throw StoreError.storage("\(path) was written by a newer version of Plumb; use that version")
                }
                try migrator.migrate(pool)
            case .reader:
                guard FileManager.default.fileExists(atPath: path) else {
                    throw StoreError.unknown(what: "store", id: path)
                }
                lock = nil
                pool = try DatabasePool(path: path, configuration: Store.databaseConfiguration(readOnly: true))
                if try !pool.read(Migrations.migrator().hasCompletedMigrations) {
                    throw StoreError.storage(
                        "\(path) has another schema than this version of Plumb; open it as a writer once")
                }
            }
            together = GroupCommit(pool: pool)
        } catch {
            throw Store.translated(error)
        }
    }

    /// Ends all connections and gives the lock back.
    public func close() throws {
        do { try pool.close() } catch { throw Store.translated(error) }
        try lock?.release()
    }

    /// Says in `server.lock` where the server listens, for other commands to find it.
    public func announce(address: String) throws {
        guard let lock else { throw StoreError.readOnly }
        try lock.write(LockHolder(pid: ProcessInfo.processInfo.processIdentifier, address: address))
    }

    /// Who writes to the store of this folder now; nil when nobody does.
    public static func lockHolder(folder: URL) -> LockHolder? { StoreLock.holder(folder: folder) }

    /// The level of `PRAGMA synchronous` on the writer; 2 is FULL.
    public func writerSynchronousLevel() async throws -> Int {
        try await pool.writeWithoutTransaction { db in try db.row("PRAGMA synchronous")?[0] ?? -1 }
    }

    private static func databaseConfiguration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 8
        configuration.label = "plumb"
        return configuration
    }

    /// One transaction on the one writer; returns after its commit is on disk.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        guard lock != nil else { throw StoreError.readOnly }
        do { return try await pool.write(body) } catch { throw Store.translated(error) }
    }

    /// For the short writes of people at work, who come at once: shares its transaction with others that wait, and
    /// returns after the commit is on disk. What throws changes nothing, and nothing of the others.
    func writeTogether<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        guard lock != nil else { throw StoreError.readOnly }
        do { return try await together.write(body) } catch { throw Store.translated(error) }
    }

    /// A consistent view of the last committed state.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch { throw Store.translated(error) }
    }

    /// Now, cut to the milliseconds that the store keeps.
    var now: Date { Date(milliseconds: configuration.now().milliseconds) }

    static func translated(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        if error.resultCode == .SQLITE_FULL { return StoreError.diskFull }
        return StoreError.storage(error.message ?? "code \(error.extendedResultCode.rawValue)")
    }
}
