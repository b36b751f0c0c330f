/// How the log of a source is archived.
public struct JournalSettings: Sendable, Hashable {
    /// What was written is on its way to the store after this time at the latest.
    public var flush: Duration = .seconds(1)
    /// Or earlier, once there is so much, bytes.
    public var segmentByteCount: UInt64 = 1 << 20
    /// How much may wait on this machine while the store is away, bytes. Then the tool is stopped until half of it is stored: the
    /// server keeps its log for so long as it keeps it.
    public var spoolLimit: UInt64 = 4 << 30
    /// Log files that the server has closed become a snapshot after this time at the latest.
    public var closeEvery: Duration = .seconds(3600)
    /// Or earlier, once there is so much of them, bytes.
    public var closeByteCount: UInt64 = 256 << 20
    /// The server id that the tool says it has, MariaDB only; no other client may use it. Nil for one made of the source's name.
    public var serverID: UInt32?

    /// The defaults.
    public init() {}
}

/// How often the journal looks, and how patient it is.
struct JournalPace: Sendable {
    /// Between two looks at the files of the tool.
    var poll: Duration = .milliseconds(100)
    /// Before the first new attempt of whatever failed; each is twice as long.
    var firstPause: Duration = .milliseconds(200)
    /// At most.
    var longestPause: Duration = .seconds(30)
    /// Between two questions where the server stands.
    var listen: Duration = .seconds(10)
    /// How long the last bytes may take to be stored after the journal was told to end.
    var farewell: Duration = .seconds(30)

    /// The pause before attempt `count` after failures.
    func pause(after count: Int) -> Duration { min(longestPause, firstPause * (1 << min(max(count - 1, 0), 20))) }
}
