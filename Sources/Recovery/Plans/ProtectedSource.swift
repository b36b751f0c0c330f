public import DataSources

/// A source as the configuration describes it: how it is read, what is promised for it, how it is questioned and restored.
public struct ProtectedSource: Sendable {
    /// Its name: small letters, digits, `-`.
    public var name: String
    /// How it is read.
    public var settings: SourceSettings
    /// What is promised.
    public var objective = Objective()
    /// Questions that a restored copy must answer with yes.
    public var assertions: [Assertion] = []
    /// What is pinned after a physical base.
    public var pins = PinSettings()
    /// How rows and files are compared; for databases.
    public var reconcile: ReconcileSettings?
    /// How its log is archived; nil when it is not.
    public var journal: JournalSettings?
    /// Shell command that stops the live service for an exchange in place, for example `systemctl stop mariadb`.
    public var stop: String?
    /// Shell command that starts it again.
    public var start: String?
    /// When it comes back in a restore of several sources.
    public var restoreClass = RestoreClass.rest
    /// File that the live server reads its options from, and in which a rewind writes what the new history needs.
    public var optionFile: String?

    /// A source with nothing promised.
    public init(name: String, settings: SourceSettings) {
        self.name = name
        self.settings = settings
    }

    /// What kind it is.
    public var kind: SourceKind {
        switch settings {
        case .files: .files
        case .mariadb: .mariadb
        case .postgresql: .postgresql
        case .redis: .redis
        case .sqlite: .sqlite
        }
    }
}

/// The settings of one kind of source.
public enum SourceSettings: Sendable {
    case files(FileSettings)
    case mariadb(MariaDBSettings)
    case postgresql(PostgreSQLSettings)
    case redis(RedisSettings)
    case sqlite(SQLiteSettings)
}

/// What an owner accepts to lose, and how long a restore may take.
public struct Objective: Sendable, Hashable {
    /// Longest span of data that may be lost.
    public var rpo: Duration?
    /// Longest time to restored service.
    public var rto: Duration?

    /// Nothing promised.
    public init(rpo: Duration? = nil, rto: Duration? = nil) {
        self.rpo = rpo
        self.rto = rto
    }
}

/// A question to a restored database: the first column of the first row must be neither NULL, nor 0, nor `f`, nor empty.
public struct Assertion: Sendable, Hashable {
    /// What is claimed: `every file has an owner`.
    public var name: String
    /// The query.
    public var sql: String
    /// The database it is asked in; nil for the engine's default.
    public var database: String?

    /// Claims something.
    public init(name: String, sql: String, database: String? = nil) {
        self.name = name
        self.sql = sql
        self.database = database
    }
}

/// What is pinned: counted and hashed on the live server, in one consistent-snapshot transaction.
public struct PinSettings: Sendable, Hashable {
    /// Take pins at all.
    public var isOn = true
    /// `database.table`; empty for all tables, smallest first.
    public var tables: [String] = []
    /// How long it may take; tables that were not reached are named in the record.
    public var budget: Duration = .seconds(60)

    /// All tables within a minute.
    public init() {}
}

/// How rows and files are compared.
public struct ReconcileSettings: Sendable, Hashable {
    /// Database that is asked.
    public var database: String?
    /// Gives one row a file: its path below `root`, and, where wanted, its size in bytes and its SHA-256 as hex.
    public var query: String
    /// Name of the source of kind `files` that has them.
    public var files: String
    /// Folder that the paths are relative to, as in that source.
    public var root: String

    /// Compares what `query` names with `files`.
    public init(query: String, files: String, root: String, database: String? = nil) {
        self.query = query
        self.files = files
        self.root = root
        self.database = database
    }
}
