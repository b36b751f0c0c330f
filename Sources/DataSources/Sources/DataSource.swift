public import Trees

/// What kind of thing a source is; the words of the configuration.
public enum SourceKind: String, Sendable, Codable, CaseIterable {
    case files
    case mariadb
    case postgresql
    case redis
    case sqlite
}

/// One thing that is protected: how it is looked at and read. How it is brought back is a `SourceRestorer`.
public protocol DataSource: Sendable {
    /// The name in the configuration: small letters, digits, `-`. Also the first component of every path in its snapshots.
    var name: String { get }
    /// What it is.
    var kind: SourceKind { get }

    /// Looks at the server and at this machine, and says what stands in the way of a backup or of a promised objective. Never
    /// throws: that nothing could be asked is a finding too. Changes nothing.
    func examine() async -> [Finding]

    /// Reads the source once: calls `archive` with its content exactly once, and when that has returned says what was read.
    ///
    /// Throws, `SourceError` above all, when the content is no backup, however much of it was archived: a tool failed, was
    /// killed, ended early, or said less than its success line. `archive` is cancelled then, or its result thrown away.
    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading
}

/// What a source gives to the archiver. All paths begin with the source's name, but for trees of files, which keep theirs.
public enum SourceContent: Sendable {
    /// Files that are asked for one by one. `paths` is what the snapshot names as saved.
    case tree(any TreeSource, paths: [String])
    /// Files that are pushed.
    case stream(any StreamSource)
}

/// What is known of a source's content once it is read.
public struct SourceReading: Sendable, Hashable, Codable {
    /// `physical`, `logical`, `replication`, `online-backup`, `btrfs-snapshot` or `walk`.
    public var method: String
    /// Where the database stood; nil for files.
    public var position: SourcePosition?
    /// The content is as it was at one moment not before this, RFC 3339.
    public var consistentFrom: String
    /// … and not after this, RFC 3339; files that were walked changed in between.
    public var consistentTo: String
    /// What the server says it is, for example `10.11.19-MariaDB`.
    public var serverVersion: String?
    /// What the tool says it is.
    public var toolVersion: String?
    /// What the content was, one entry a table, taken from the very bytes of a logical backup; empty for others.
    public var pins: [TablePin] = []
    /// Things to know that are no failure.
    public var warnings: [String] = []

    /// Describes a reading.
    public init(method: String, position: SourcePosition? = nil, consistentFrom: String, consistentTo: String) {
        self.method = method
        self.position = position
        self.consistentFrom = consistentFrom
        self.consistentTo = consistentTo
    }
}

/// Where a database stands; never a clock time. Only the fields of its engine are set.
public struct SourcePosition: Sendable, Hashable, Codable {
    /// MariaDB: `gtid_binlog_pos`, domains separated by commas: `0-1-4711`. Empty before the first transaction.
    public var gtid: String?
    /// MariaDB: binlog file and offset.
    public var binlogFile: String?
    /// Offset in that file, bytes.
    public var binlogOffset: UInt64?
    /// PostgreSQL: where the base begins, `0/3000028`.
    public var startLSN: String?
    /// PostgreSQL: from where on the base is consistent.
    public var endLSN: String?
    /// PostgreSQL: timeline.
    public var timeline: UInt32?
    /// PostgreSQL: the cluster's identifier; equal on every physical copy of it.
    public var systemIdentifier: String?
    /// Redis: replication ID and offset.
    public var replicationID: String?
    /// Redis: offset in that history, bytes.
    public var replicationOffset: UInt64?

    enum CodingKeys: String, CodingKey {
        case gtid
        case binlogFile = "binlog_file"
        case binlogOffset = "binlog_offset"
        case startLSN = "start_lsn"
        case endLSN = "end_lsn"
        case timeline
        case systemIdentifier = "system_identifier"
        case replicationID = "replication_id"
        case replicationOffset = "replication_offset"
    }

    /// Nothing known.
    public init() {}
}

/// What a table was at a position.
public struct TablePin: Sendable, Hashable, Codable {
    /// Database; for PostgreSQL database and schema: `app.public`.
    public var database: String
    /// Table.
    public var table: String
    /// Rows.
    public var rowCount: UInt64
    /// What the content was, as `method` counts it.
    public var hash: String
    /// `dump-sha256`: of the table's part of the dump, which a new dump of the restored table must equal byte for byte;
    /// `rows`: a sum of row hashes, which the same query gives again.
    public var method: String

    enum CodingKeys: String, CodingKey {
        case database, table, hash, method
        case rowCount = "row_count"
    }

    /// Pins a table.
    public init(database: String, table: String, rowCount: UInt64, hash: String, method: String) {
        self.database = database
        self.table = table
        self.rowCount = rowCount
        self.hash = hash
        self.method = method
    }
}
