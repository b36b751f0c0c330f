/// A database whose log of writes can be followed: MariaDB's binary log, PostgreSQL's WAL.
public protocol LogSource: DataSource {
    /// Asks the server where its log stands. Changes nothing.
    ///
    /// - Throws: `SourceError`.
    func logState() async throws -> LogState

    /// Runs the engine's own tool, which writes log files into `folder` as the server writes them, beginning with the file
    /// `first` from its very beginning (nil: the server's current file). `folder` is empty and used by no other run. Returns only
    /// by throwing: the tool ended, whatever it said, or this was cancelled.
    ///
    /// - Throws: `SourceError`: `serverUnreachable`, `accessDenied`, `toolFailed`; `suspectContent` when `first` is not there
    ///   any more (purged); `CancellationError`.
    func follow(first: String?, into folder: String) async throws

    /// The log files in a folder that `follow` writes to, in the log's order. What is not a log file is left out.
    func logFiles(in folder: String) throws -> [LogFile]

    /// A reader of one log file from its beginning. `position` is where the database stood before it; empty when unknown.
    func logReader(file: String, position: String) -> any LogReader
}

/// Where the log of a server stands.
public struct LogState: Sendable, Hashable {
    /// What tells the server apart from others and from itself before a rewind: MariaDB's `server_id`; PostgreSQL's
    /// `<system identifier>/<timeline>`.
    public var server: String
    /// The oldest log file that it still has; nil when it cannot be known.
    public var oldestFile: String?
    /// The first file of the history that the server is on; nil where every file that it has is of that history.
    public var historyFile: String?
    /// The file it writes now.
    public var currentFile: String
    /// How much of it is written, bytes.
    public var currentOffset: UInt64
    /// Where it stands, in the engine's own words.
    public var position: String

    /// A state.
    public init(server: String, oldestFile: String?, currentFile: String, currentOffset: UInt64, position: String) {
        self.server = server
        self.oldestFile = oldestFile
        self.currentFile = currentFile
        self.currentOffset = currentOffset
        self.position = position
    }
}

/// A log file that a tool is writing, or has written, on this machine.
public struct LogFile: Sendable, Hashable {
    /// As the server names it, without `.partial`.
    public var name: String
    /// Where it lies.
    public var path: String
    /// Nothing will be added any more: another file follows.
    public var isComplete: Bool

    /// A file.
    public init(name: String, path: String, isComplete: Bool) {
        self.name = name
        self.path = path
        self.isComplete = isComplete
    }
}

/// Reads a log file as it grows, and knows where the database stands at the end of what it read.
///
/// Used by one thread at a time.
public protocol LogReader {
    /// Takes the bytes that follow those it was given before, and gives how many bytes of the file are valid log by now: for files
    /// that are preallocated (WAL) fewer than were given, and then the next call begins there again.
    ///
    /// - Throws: `SourceError.malformedStream` when it is no such log.
    mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress
}

/// What a reader knows.
public struct LogProgress: Sendable, Hashable {
    /// Bytes of the file, from its beginning, that are valid log.
    public var validOffset: UInt64
    /// Where the database stands after the last event, transaction or record that ends in them.
    public var position: String
    /// Earliest and latest event time among those that ended in the bytes of *this* call, seconds since 1970; nil when none
    /// did, and for engines whose log has no times that are cheap to read.
    public var firstTime: Int64?
    /// See `firstTime`.
    public var lastTime: Int64?

    /// A state of reading.
    public init(validOffset: UInt64, position: String, firstTime: Int64? = nil, lastTime: Int64? = nil) {
        self.validOffset = validOffset
        self.position = position
        self.firstTime = firstTime
        self.lastTime = lastTime
    }
}
