/// Brings a restored data folder forward by the log, to a target, and no further.
///
/// Steps of a restore to a position: `build` of `SourceRestorer`, then `replay`, then `start`.
public protocol LogReplayer: Sendable {
    /// Finds where a replay to `target` ends: reads the log files, changes nothing.
    ///
    /// - Throws: `SourceError`: `checkFailed` when the target lies outside of the log that is given, with what is nearest.
    func locate(_ target: LogTarget, in log: ReplayLog) async throws -> LogStop

    /// Replays `log` from its beginning up to `stop` on the data folder `data`, as `build` left it: a server is started that
    /// nobody can connect to from outside, the events are applied, it is stopped again. Writes no binary log of its own.
    /// Afterwards the folder is as the source was at `stop`.
    ///
    /// - Throws: `SourceError` with the engine's own message when an event cannot be applied.
    func replay(_ log: ReplayLog, to stop: LogStop, data: String, run: String) async throws -> ReplayReport

    /// Makes a restored data folder safe to be written to: a new history that no position of an older one can be mistaken for
    /// (MariaDB: another server id, `gtid_seq_no` above every one of `highest`; PostgreSQL promotes by itself). Gives what the
    /// live server must be configured with, and the name that tells it apart, as `LogState.server` will.
    func beginHistory(data: String, run: String, highest: [String], serverNames: [String]) async throws -> NewHistory

    /// Looks whether a history could begin, before anything is built for it.
    ///
    /// - Throws: `SourceError.invalidSetting` when it is not known where the live server writes its log.
    func requireKnownLog() async throws

    /// The folder that the live server writes its log to when that is not in its data folder; nil when it is. A history that
    /// begins there needs a folder of its own, since the log of the old one must not be taken for its own.
    func logFolder() async throws -> String?

    /// The same, writing the log of a new history to `folder`, which is there and empty.
    func writingLog(to folder: String) -> any LogReplayer

    /// Starts a private server on a folder whose history has begun: what it writes is in the log of that history.
    func start(data: String, run: String, in history: NewHistory) async throws -> any ScratchServer
}

extension LogReplayer {
    /// Known: the log is in the data folder.
    public func requireKnownLog() async throws {}

    /// Nil: the log is in the data folder.
    public func logFolder() async throws -> String? { nil }

    /// Itself.
    public func writingLog(to folder: String) -> any LogReplayer { self }
}

extension LogReplayer where Self: SourceRestorer {
    /// As without a history of its own.
    public func start(data: String, run: String, in history: NewHistory) async throws -> any ScratchServer {
        try await start(data: data, run: run)
    }
}

/// Where a replay shall end.
public enum LogTarget: Sendable, Hashable {
    /// Everything whose time is at or before this moment, seconds since 1970 (PostgreSQL: with fractions).
    case time(Double)
    /// The transaction or record at this position is the last one that is applied.
    case through(String)
    /// It is the first one that is not.
    case before(String)
    /// Everything there is.
    case end
}

/// Log files in a folder of ours, in the log's order.
public struct ReplayLog: Sendable, Hashable {
    /// A file and how much of it counts.
    public struct File: Sendable, Hashable {
        /// The name as the server gave it.
        public var name: String
        /// Where it lies.
        public var path: String
        /// Bytes from its beginning that count; nil for all.
        public var endOffset: UInt64?
        /// Which of our timelines it belongs to.
        public var timeline: UInt32

        /// A file.
        public init(name: String, path: String, endOffset: UInt64? = nil, timeline: UInt32 = 1) {
            self.name = name
            self.path = path
            self.endOffset = endOffset
            self.timeline = timeline
        }
    }

    /// The files, those of a parent timeline first.
    public var files: [File]
    /// Where the base stands, from the backup's own metadata: the first file begins at or before it.
    public var start: SourcePosition

    /// A log.
    public init(files: [File], start: SourcePosition) {
        self.files = files
        self.start = start
    }
}

/// A place where a replay ends: between two transactions.
public struct LogStop: Sendable, Hashable, Codable {
    /// The file in which it ends, its timeline, and the first byte that is not applied.
    public var file: String
    /// See `file`.
    public var timeline: UInt32
    /// See `file`.
    public var offset: UInt64
    /// The position there, in the engine's own words.
    public var position: String
    /// The time of the last transaction that is applied, seconds since 1970; nil when none is.
    public var lastTime: Double?
    /// What is left out first: position and time, for people; nil when there is nothing.
    public var next: String?

    /// A place.
    public init(
        file: String, timeline: UInt32, offset: UInt64, position: String, lastTime: Double? = nil, next: String? = nil
    ) {
        self.file = file
        self.timeline = timeline
        self.offset = offset
        self.position = position
        self.lastTime = lastTime
        self.next = next
    }
}

/// What a replay did.
public struct ReplayReport: Sendable, Hashable, Codable {
    /// Transactions or records applied; nil where the engine does not say.
    public var transactionCount: UInt64?
    /// Bytes of log applied.
    public var byteCount: UInt64
    /// Where the database stands now, as the server itself says.
    public var position: String

    /// A report.
    public init(transactionCount: UInt64?, byteCount: UInt64, position: String) {
        self.transactionCount = transactionCount
        self.byteCount = byteCount
        self.position = position
    }
}

/// What a history begins with.
public struct NewHistory: Sendable, Hashable, Codable {
    /// What tells the server apart from now on.
    public var server: String
    /// Lines for the server's option file, without which it must not be started for writing; empty when none are needed.
    public var optionLines: [String]
    /// The first position it can have.
    public var position: String

    /// A history.
    public init(server: String, optionLines: [String], position: String) {
        self.server = server
        self.optionLines = optionLines
        self.position = position
    }
}
