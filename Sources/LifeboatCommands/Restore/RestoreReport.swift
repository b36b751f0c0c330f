import Repository

/// What a restore did.
struct RestoreReport: Report {
    private let messageType = "summary"
    private let totalFiles: UInt64
    private let filesUnchanged: UInt64
    private let totalBytes: UInt64
    private let bytesWritten: UInt64
    private let directories: UInt64
    private let others: UInt64
    private let deleted: UInt64
    private let verified: UInt64
    private let errors: UInt64
    private let warnings: UInt64
    private let totalDuration: Double
    private let dryRun: Bool
    private let target: String

    enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case totalFiles = "total_files"
        case filesUnchanged = "files_unchanged"
        case totalBytes = "total_bytes"
        case bytesWritten = "bytes_restored"
        case directories, others
        case deleted = "files_deleted"
        case verified = "files_verified"
        case errors, warnings
        case totalDuration = "total_duration"
        case dryRun = "dry_run"
        case target
    }

    init(_ result: RestoreResult, duration: Duration, isDryRun: Bool, target: String) {
        totalFiles = result.fileCount
        filesUnchanged = result.unchangedFileCount
        totalBytes = result.byteCount
        bytesWritten = result.writtenByteCount
        directories = result.directoryCount
        others = result.otherCount
        deleted = result.deletedCount
        verified = result.verifiedFileCount
        errors = result.failureCount
        warnings = result.warningCount
        totalDuration = duration / .seconds(1)
        dryRun = isDryRun
        self.target = target
    }

    var lines: [String] {
        let seconds = Units.decimal(totalDuration, 1)
        var lines = [
            "\(dryRun ? "would restore" : "restored") \(Units.count(totalFiles, "file")), "
                + "\(Units.count(directories, "directory", "directories")) and \(Units.count(others, "other thing")) to \(target)",
            "\(Units.bytes(totalBytes)) looked at, \(Units.bytes(bytesWritten)) "
                + "\(dryRun ? "to write" : "written"), \(Units.count(filesUnchanged, "file")) unchanged, \(seconds) s",
        ]
        if deleted > 0 { lines.append("\(dryRun ? "would remove" : "removed") \(Units.count(deleted, "thing"))") }
        if verified > 0 { lines.append("verified \(Units.count(verified, "file")): equal to the snapshot") }
        if warnings > 0 { lines.append("\(Units.count(warnings, "warning")): some metadata could not be set") }
        if errors > 0 { lines.append("\(Units.count(errors, "error")): some things were not restored") }
        return lines
    }
}
