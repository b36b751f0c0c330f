/// Where a server is: a socket's path, or a host and a port.
public struct ServerAddress: Sendable, Hashable {
    /// Path of a Unix socket (for PostgreSQL the folder it is in); nil when it is reached by `host`.
    public var socket: String?
    /// Host name or address.
    public var host = "127.0.0.1"
    /// TCP port; nil for the engine's own.
    public var port: Int?

    /// The engine's own place.
    public init(socket: String? = nil, host: String = "127.0.0.1", port: Int? = nil) {
        self.socket = socket
        self.host = host
        self.port = port
    }
}

/// How a database is read.
public enum DatabaseMethod: String, Sendable, CaseIterable {
    /// Its table files, by the engine's own tool; fast to restore.
    case physical
    /// Its rows, as SQL; portable, and little is stored after a change.
    case logical
}

/// A MariaDB server.
public struct MariaDBSettings: Sendable {
    /// Where it is.
    public var server = ServerAddress(socket: "/run/mysqld/mysqld.sock")
    /// The backup account.
    public var user = "lifeboat"
    /// Its password; nil for `unix_socket` authentication.
    public var password: SecretSource?
    /// How it is read.
    public var method = DatabaseMethod.physical
    /// Databases of a logical backup; empty for all but the system's own.
    public var databases: [String] = []
    /// Cut table files in 16 KiB blocks instead of 64 KiB.
    public var usesSmallBlocks = false
    /// The live data folder; for restores in place.
    public var dataFolder = "/var/lib/mysql"
    /// The account its files belong to after a restore.
    public var systemUser = "mysql"
    /// Folder of the tools, when they are not in `PATH`.
    public var toolFolder: String?
    /// A journal of it is wanted: `examine` looks at what that needs too.
    public var followsLog = false
    /// The live server's `log_bin`, as its option files say it; nil asks `my_print_defaults`.
    public var logBin: String?
    /// The server id that the follower of its binary log says it has; nil for one that is made of the source's name.
    public var followerID: UInt32?

    /// The defaults.
    public init() {}
}

/// A PostgreSQL cluster.
public struct PostgreSQLSettings: Sendable {
    /// Where it is; the socket is the folder that the socket is in.
    public var server = ServerAddress(socket: "/run/postgresql")
    /// The backup account: REPLICATION, and pg_read_all_data for logical backups and pins.
    public var user = "lifeboat"
    /// Its password; nil for peer authentication.
    public var password: SecretSource?
    /// How it is read.
    public var method = DatabaseMethod.physical
    /// Databases of a logical backup; empty for all but templates.
    public var databases: [String] = []
    /// The database to connect to when any will do.
    public var maintenanceDatabase = "postgres"
    /// Cut table files in 16 KiB blocks instead of 64 KiB.
    public var usesSmallBlocks = false
    /// The live data folder; for restores in place.
    public var dataFolder = "/var/lib/postgresql/15/main"
    /// The account its files belong to after a restore.
    public var systemUser = "postgres"
    /// Folder of the tools (`/usr/lib/postgresql/15/bin`); nil looks below `/usr/lib/postgresql` for the server's version.
    public var toolFolder: String?

    /// The defaults.
    public init() {}
}

/// What a Redis is for, which decides what a backup and a rewind mean (DESIGN 5).
public enum RedisRole: String, Sendable, CaseIterable {
    /// Not backed up, started empty.
    case cache
    /// Backed up, started empty after a rewind.
    case sessions
    /// Backed up, restored paused.
    case queue
    /// Backed up and restored; the skew is stated.
    case store
}

/// A Redis server.
public struct RedisSettings: Sendable {
    /// Where it is.
    public var server = ServerAddress(host: "127.0.0.1", port: 6379)
    /// ACL user; nil for the default user.
    public var user: String?
    /// Its password; nil when none is wanted.
    public var password: SecretSource?
    /// What it is for.
    public var role = RedisRole.sessions
    /// The live dump file; for restores in place.
    public var dumpFile = "/var/lib/redis/dump.rdb"
    /// The account its files belong to after a restore.
    public var systemUser = "redis"

    /// The defaults.
    public init() {}
}

/// An SQLite database file.
public struct SQLiteSettings: Sendable {
    /// Its path.
    public var file: String

    /// A database at `file`.
    public init(file: String) { self.file = file }
}

/// How a moment of a file tree is held while it is read.
public enum FileSnapshotMethod: String, Sendable, CaseIterable {
    /// btrfs where every path is in a subvolume, else none.
    case auto
    /// A read-only btrfs snapshot; fails where there is none.
    case btrfs
    /// The live tree is walked.
    case none
}

/// File trees.
public struct FileSettings: Sendable {
    /// What is saved; absolute paths.
    public var paths: [String]
    /// What is left out; patterns of `PatternList`.
    public var excludes: [String] = []
    /// Leave out what is in directories that a CACHEDIR.TAG marks.
    public var excludesCaches = false
    /// Do not go into other file systems.
    public var staysOnFileSystem = false
    /// Paths that must be mount points, else the source has failed.
    public var mounts: [String] = []
    /// Run before reading, in order, with `sh -c`; one that fails fails the source.
    public var before: [String] = []
    /// Run after reading, in order, whatever happened.
    public var after: [String] = []
    /// How a moment is held.
    public var snapshot = FileSnapshotMethod.auto
    /// A snapshot with fewer files than this is suspect.
    public var minimumFileCount: UInt64 = 1
    /// A snapshot that lost more than this share of the files of the last one is suspect: 0 ... 1.
    public var maximumShrinkage = 0.5
    /// What comes back before the rest of the trees; patterns of `PatternList`.
    public var restoreFirst: [String] = []

    /// Trees at `paths`.
    public init(paths: [String]) { self.paths = paths }
}
