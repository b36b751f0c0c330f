import GRDB
import Glibc
import ObjectStore

/// The local read model of the ledger: SQLite, WAL. It may be deleted at any time; `update` makes it anew.
public final class Catalog: Sendable {
    /// The file.
    public let path: String
    let database: DatabaseQueue
    /// SQLite blocks.
    let lane = BlockingLane(name: "catalog", threadCount: 1)

    /// The file's name in the state folder.
    public static let fileName = "catalog.sqlite"

    /// Opens the catalog at `path`, or makes one. The folder must be there.
    ///
    /// - Throws: `CatalogError`: `catalogUnusable`, `catalogTooNew`.
    public static func open(at path: String) async throws -> Catalog {
        let lane = BlockingLane(name: "catalog-open", threadCount: 1)
        return try await lane.run { try Catalog(path) }
    }

    /// Removes the catalog at `path`, with what SQLite keeps beside it. A file that is not there is fine.
    ///
    /// - Throws: `catalogUnusable`.
    public static func remove(at path: String) throws {
        for name in [path + "-shm", path + "-wal", path] where unlink(name) != 0 && errno != ENOENT {
            throw CatalogError(
                .catalogUnusable, "cannot be removed: \(String(cString: strerror(errno)).lowercased())", subject: name)
        }
    }

    private init(_ path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(60)
        configuration.label = "lifeboat-catalog"
        // What is lost with the power is read from the ledger again.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        do {
            // Who did what is for those who may read the repository.
            let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            if file >= 0 { close(file) }
            database = try DatabaseQueue(path: path, configuration: configuration)
            if try database.read(Migrations.migrator.hasBeenSuperseded) {
                throw CatalogError(
                    .catalogTooNew, "a newer release made the catalog", subject: path,
                    hint: "`lifeboat catalog rebuild` makes it anew")
            }
            try Migrations.migrator.migrate(database)
        } catch let error as DatabaseError {
            throw Catalog.failure(error, path)
        }
    }

    /// Reads.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await lane.run { [database, path] in
            do { return try database.read(body) } catch let error as DatabaseError {
                throw Catalog.failure(error, path)
            }
        }
    }

    /// Writes in one transaction, which others wait for.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await lane.run { [database, path] in
            do {
                return try database.writeWithoutTransaction { connection in
                    var result: T?
                    try connection.inTransaction(.immediate) {
                        result = try body(connection)
                        return .commit
                    }
                    guard let result else { preconditionFailure("a transaction that was committed has a result") }
                    return result
                }
            } catch let error as DatabaseError { throw Catalog.failure(error, path) }
        }
    }

    private static func failure(_ error: DatabaseError, _ path: String) -> CatalogError {
        CatalogError(
            .catalogUnusable, "the catalog cannot be used: \(error.message ?? "\(error.resultCode)")", subject: path,
            hint: error.resultCode == .SQLITE_BUSY
                ? "another process writes to it; try again" : "`lifeboat catalog rebuild` makes it anew", cause: error)
    }
}
