public import Sealing
public import Trees

/// What a backup shall do.
public struct ArchiveSettings: Sendable {
    /// How blobs are written.
    public var writer = WriterSettings()
    /// Use restic's cut, so that files saved by restic before deduplicate against ours.
    public var usesRabin = false
    /// The snapshot that unchanged files are taken over from; nil reads everything.
    public var parent: SnapshotEntry?
    /// Store `atime`; off by default, so that reading a file does not change its node.
    public var keepsAccessTimes = false
    /// Read, cut and compare, and store nothing.
    public var isDryRun = false
    /// For messages: what a stream source is called.
    public var streamName = ""
    /// The time of directories that a stream source does not name.
    public var streamTime = Timestamp(seconds: 0, nanoseconds: 0)
    /// Called, from any thread, with what could not be read; the backup goes on without it.
    public var report: @Sendable (TreeError) -> Void = { _ in }

    /// The defaults.
    public init() {}
}

/// What a backup made.
public struct ArchiveResult: Sendable {
    /// The tree above everything.
    public let tree: BlobID
    /// Figures for the snapshot and the report.
    public let summary: SnapshotSummary
    /// What the writer stored.
    public let totals: WriterTotals
    /// Things that could not be read.
    public let failureCount: UInt64
}
