import Synchronization

/// Counters of a running backup or restore; read at any time, from any thread.
public final class ArchiveProgress: Sendable {
    private let files = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)
    private let filesNew = Atomic<UInt64>(0)
    private let filesChanged = Atomic<UInt64>(0)
    private let directoriesNew = Atomic<UInt64>(0)
    private let directoriesChanged = Atomic<UInt64>(0)
    private let directoriesUnchanged = Atomic<UInt64>(0)

    /// All zero.
    public init() {}

    /// Files done.
    public var fileCount: UInt64 { files.load(ordering: .relaxed) }
    /// Bytes of files done, read or known to be unchanged.
    public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
    /// Things that could not be read.
    public var failureCount: UInt64 { failures.load(ordering: .relaxed) }

    enum Change { case new, changed, unchanged }

    func addBytes(_ count: Int) { bytes.add(UInt64(count), ordering: .relaxed) }

    func addFile(_ change: Change) {
        files.add(1, ordering: .relaxed)
        switch change {
        case .new: filesNew.add(1, ordering: .relaxed)
        case .changed: filesChanged.add(1, ordering: .relaxed)
        case .unchanged: break
        }
    }

    func addDirectory(_ change: Change) {
        switch change {
        case .new: directoriesNew.add(1, ordering: .relaxed)
        case .changed: directoriesChanged.add(1, ordering: .relaxed)
        case .unchanged: directoriesUnchanged.add(1, ordering: .relaxed)
        }
    }

    func addFailure() { failures.add(1, ordering: .relaxed) }

    func summary(_ totals: WriterTotals) -> SnapshotSummary {
        var summary = SnapshotSummary()
        summary.filesNew = filesNew.load(ordering: .relaxed)
        summary.filesChanged = filesChanged.load(ordering: .relaxed)
        summary.filesUnmodified = fileCount - summary.filesNew - summary.filesChanged
        summary.dirsNew = directoriesNew.load(ordering: .relaxed)
        summary.dirsChanged = directoriesChanged.load(ordering: .relaxed)
        summary.dirsUnmodified = directoriesUnchanged.load(ordering: .relaxed)
        summary.dataBlobs = totals.dataBlobs
        summary.treeBlobs = totals.treeBlobs
        summary.dataAdded = totals.plainByteCount
        summary.dataAddedPacked = totals.storedByteCount
        summary.totalFilesProcessed = fileCount
        summary.totalBytesProcessed = byteCount
        return summary
    }
}
