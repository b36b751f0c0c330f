import Repository
import Sealing

/// What a backup did; restic's fields in JSON.
struct BackupReport: Report {
    private let messageType = "summary"
    private let filesNew: UInt64
    private let filesChanged: UInt64
    private let filesUnmodified: UInt64
    private let dirsNew: UInt64
    private let dirsChanged: UInt64
    private let dirsUnmodified: UInt64
    private let dataBlobs: UInt64
    private let treeBlobs: UInt64
    private let dataAdded: UInt64
    private let dataAddedPacked: UInt64
    private let totalFilesProcessed: UInt64
    private let totalBytesProcessed: UInt64
    private let totalDuration: Double
    private let snapshotID: String?
    private let parent: String?
    private let errors: UInt64
    private let dryRun: Bool

    enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case filesNew = "files_new"
        case filesChanged = "files_changed"
        case filesUnmodified = "files_unmodified"
        case dirsNew = "dirs_new"
        case dirsChanged = "dirs_changed"
        case dirsUnmodified = "dirs_unmodified"
        case dataBlobs = "data_blobs"
        case treeBlobs = "tree_blobs"
        case dataAdded = "data_added"
        case dataAddedPacked = "data_added_packed"
        case totalFilesProcessed = "total_files_processed"
        case totalBytesProcessed = "total_bytes_processed"
        case totalDuration = "total_duration"
        case snapshotID = "snapshot_id"
        case parent, errors
        case dryRun = "dry_run"
    }

    init(_ result: BackupResult, duration: Duration, isDryRun: Bool) {
        let summary = result.snapshot.summary ?? SnapshotSummary()
        filesNew = summary.filesNew
        filesChanged = summary.filesChanged
        filesUnmodified = summary.filesUnmodified
        dirsNew = summary.dirsNew
        dirsChanged = summary.dirsChanged
        dirsUnmodified = summary.dirsUnmodified
        dataBlobs = summary.dataBlobs
        treeBlobs = summary.treeBlobs
        dataAdded = summary.dataAdded
        dataAddedPacked = summary.dataAddedPacked
        totalFilesProcessed = summary.totalFilesProcessed
        totalBytesProcessed = summary.totalBytesProcessed
        totalDuration = duration / .seconds(1)
        snapshotID = result.id?.hex
        parent = result.parent?.hex
        errors = result.failureCount
        dryRun = isDryRun
    }

    var lines: [String] {
        let seconds = Units.decimal(totalDuration, 1)
        let stored = dryRun ? "" : ", \(Units.bytes(dataAddedPacked)) stored"
        return [
            parent.map { "parent snapshot \($0.prefix(8))" } ?? "no parent snapshot, all files were read",
            "files:       \(filesNew) new, \(filesChanged) changed, \(filesUnmodified) unchanged",
            "directories: \(dirsNew) new, \(dirsChanged) changed, \(dirsUnmodified) unchanged",
            "\(Units.bytes(totalBytesProcessed)) in \(Units.count(totalFilesProcessed, "file")), "
                + "\(Units.bytes(dataAdded)) of it new\(stored), \(seconds) s",
            snapshotID.map { "snapshot \($0.prefix(8)) saved" } ?? "nothing was stored, since this was a dry run",
        ]
    }
}
