/// Looks through a log for transactions that somebody may want to undo.
public protocol EventFinder: Sendable {
    /// Transactions in `log` that fit, in the log's order, at most `limit`.
    ///
    /// - Throws: `SourceError.malformedStream` when a file is no log.
    func find(_ question: EventQuestion, in log: ReplayLog, limit: Int) async throws -> [FoundTransaction]
}

/// What is looked for; everything that is set must fit.
public struct EventQuestion: Sendable, Hashable {
    /// What a transaction does.
    public enum Action: String, Sendable, Codable, CaseIterable {
        case drop, truncate, alter, create, insert, update, delete, other
    }

    /// One of these; empty for any.
    public var actions: Set<Action> = []
    /// `database.table` or `table`; nil for any.
    public var table: String?
    /// Seconds since 1970.
    public var from: Double?
    /// Seconds since 1970.
    public var to: Double?
    /// At least so many rows.
    public var minimumRowCount: UInt64 = 0

    /// Everything.
    public init() {}
}

/// A transaction in the log.
public struct FoundTransaction: Sendable, Hashable, Codable {
    /// What it did to one table.
    public struct Change: Sendable, Hashable, Codable {
        /// What was done: a word of `EventQuestion.Action`.
        public var action: String
        /// `database.table`; empty where the log does not say.
        public var table: String
        /// Rows; nil for statements.
        public var rowCount: UInt64?
        /// The statement, cut at 200 characters; nil for rows.
        public var statement: String?

        enum CodingKeys: String, CodingKey {
            case action, table, statement
            case rowCount = "row_count"
        }

        /// PostgreSQL: nobody knows the table's name, and `table` is the path of its file.
        public var isNameless: Bool { table.hasPrefix("base/") || table.hasPrefix("pg_tblspc/") }

        /// A change.
        public init(action: String, table: String, rowCount: UInt64?, statement: String?) {
            self.action = action
            self.table = table
            self.rowCount = rowCount
            self.statement = statement
        }
    }

    /// Where it begins.
    public var file: String
    /// See `file`.
    public var offset: UInt64
    /// Our timeline.
    public var timeline: UInt32
    /// Its own position, for `--at-position` and `--before-position`: GTID, or LSN of its commit.
    public var position: String
    /// Its time, seconds since 1970.
    public var time: Double
    /// What it did.
    public var changes: [Change]

    /// A transaction.
    public init(
        file: String, offset: UInt64, timeline: UInt32, position: String, time: Double, changes: [Change]
    ) {
        self.file = file
        self.offset = offset
        self.timeline = timeline
        self.position = position
        self.time = time
        self.changes = changes
    }
}
