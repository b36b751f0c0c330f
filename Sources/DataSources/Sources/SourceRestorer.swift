/// Brings back one source from the files of its snapshot. The files lie in a folder that is ours: it may be changed, moved
/// from and used up.
///
/// Steps, in this order: `build` makes what the engine can open (a data folder, a database file, a tree); `start` runs a
/// private server on it; what that server says is asked of the `ScratchServer`. Kinds without a server (`files`, `sqlite`) give
/// a `ScratchServer` that is a process-less reader where they can be queried, and throw `invalidSetting` where they cannot.
public protocol SourceRestorer: Sendable {
    /// What it brings back.
    var kind: SourceKind { get }

    /// Makes `data` out of the snapshot's files in `files` (the folder that holds `RESTORE.md`). `data` must not exist or be
    /// empty; both should be on one file system, so that physical files are moved, not copied. `run` is a short folder of ours
    /// for sockets and logs. When it returns, everything is owned as the server needs it, is flushed to disk, and no process
    /// of ours runs any more.
    ///
    /// - Throws: `SourceError` with the engine's own message.
    func build(files: String, data: String, run: String) async throws

    /// Starts a private server on `data`: its socket in `run`, listening on loopback on a free port, no event scheduler, no
    /// replication, nothing sent anywhere. `account` names whom the answers of `howToConnect` are for.
    func start(data: String, run: String) async throws -> any ScratchServer

    /// The engine's own checks of `data` that want no server (`pg_verifybackup`, `redis-check-rdb`), before `start`.
    /// `files` is where the snapshot's files were restored; called before `build` uses them up.
    func checkFiles(_ files: String) async throws -> [CheckOutcome]

    /// Loads the files of a logical backup into a server that is there already, and is empty.
    ///
    /// - Throws: `targetOccupied` when it holds a database or table; `invalidSetting` when the backup is not logical.
    func load(files: String, into target: ServerTarget) async throws

    /// The server that `load` loads into, to be asked before and afterwards.
    ///
    /// - Throws: `invalidSetting` for kinds that are not loaded; what the server says.
    func connect(to target: ServerTarget, files: String) async throws -> TargetServer
}

/// A server to load into: `--into HOST:PORT`.
public struct ServerTarget: Sendable {
    /// Host name or address.
    public var host: String
    /// TCP port.
    public var port: Int
    /// Account that may create everything.
    public var user: String
    /// Its password; nil when none is wanted.
    public var password: SecretSource?

    /// Names a server.
    public init(host: String, port: Int, user: String, password: SecretSource?) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }
}

/// A private server on restored data. Whoever starts it stops it.
public protocol ScratchServer: Sendable {
    /// The server's process; 0 when the kind has none.
    var processID: Int32 { get }
    /// Lines that tell a person how to connect: a command to paste first.
    var howToConnect: [String] { get }

    /// Runs a query and gives its rows, NULL as nil. `database` is the one to use; nil for the engine's default.
    func query(_ sql: String, database: String?) async throws -> [[String?]]

    /// The engine's own checks that want a running server: `mariadb-check`, `pg_amcheck`, `PRAGMA integrity_check`.
    func check() async throws -> [CheckOutcome]

    /// What the tables are now, counted by the same methods as `expected`, for exactly these tables.
    func pins(like expected: [TablePin]) async throws -> [TablePin]

    /// Stops it cleanly; everything is on disk when this returns.
    func stop() async throws
}

/// What one check of an engine said.
public struct CheckOutcome: Sendable, Hashable, Codable {
    /// The check: `mariadb-check`, `pg_amcheck`.
    public var name: String
    /// Whether the data is sound.
    public var isSound: Bool
    /// The engine's own words when it is not; else a summary such as `42 tables`.
    public var message: String

    /// Tells what a check said.
    public init(name: String, isSound: Bool, message: String) {
        self.name = name
        self.isSound = isSound
        self.message = message
    }
}
