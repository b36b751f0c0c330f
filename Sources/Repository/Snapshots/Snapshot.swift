import FoundationEssentials
public import Sealing
public import Trees

/// What a snapshot file says: which tree was saved, of which paths, when and where. Field names and order are restic's.
public struct Snapshot: Sendable, Hashable, Codable {
    /// When the backup began, RFC 3339 with nanoseconds.
    public var time: String
    /// The snapshot that unchanged files were taken over from; may be gone by now.
    public var parent: String?
    /// The tree above everything.
    public var tree: String
    /// What was backed up, as the user wrote it, made absolute.
    public var paths: [String]?
    /// The machine.
    public var hostname: String?
    /// The user who ran the backup.
    public var username: String?
    /// Their numeric id.
    public var uid: UInt32?
    /// Their numeric group.
    public var gid: UInt32?
    /// Patterns that were left out.
    public var excludes: [String]?
    /// Tags.
    public var tags: [String]?
    /// The snapshot this one replaces.
    public var original: String?
    /// The program that wrote it.
    public var programVersion: String?
    /// What the backup did.
    public var summary: SnapshotSummary?

    enum CodingKeys: String, CodingKey {
        case time, parent, tree, paths, hostname, username, uid, gid, excludes, tags, original
        case programVersion = "program_version"
        case summary
    }

    /// Makes a snapshot of a tree; set what else is known.
    public init(time: String, tree: BlobID, paths: [String]) {
        self.time = time
        self.tree = tree.hex
        self.paths = paths
    }

    /// The tree's ID; nil when the file held none, or one that is no ID.
    public var treeID: BlobID? { BlobID(hex: tree) }

    /// `time` as a moment; nil when it cannot be read.
    public var moment: Timestamp? { Timestamp(rfc3339: time) }

    init(json: [UInt8], subject: String) throws(RepositoryError) {
        do {
            self = try JSONDecoder().decode(Snapshot.self, from: Data(json))
        } catch {
            throw Snapshot.damaged("the snapshot cannot be understood", subject, cause: error)
        }
        guard treeID != nil else { throw Snapshot.damaged("the snapshot names no tree", subject) }
        guard moment != nil else { throw Snapshot.damaged("the snapshot's time `\(time)` cannot be read", subject) }
    }

    private static func damaged(_ message: String, _ subject: String, cause: (any Error)? = nil) -> RepositoryError {
        RepositoryError(
            .snapshotDamaged, message, subject: subject,
            hint: "other snapshots are not affected; `lifeboat repair snapshots` moves on without it", cause: cause)
    }

    /// The JSON to store.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return Array(try encoder.encode(self))
    }
}

/// Figures of the backup that made a snapshot; restic has shown them since 0.17.
public struct SnapshotSummary: Sendable, Hashable, Codable {
    /// When it began, RFC 3339.
    public var backupStart = ""
    /// When it ended, RFC 3339.
    public var backupEnd = ""
    /// Files that the parent does not have.
    public var filesNew: UInt64 = 0
    /// Files that differ from the parent's.
    public var filesChanged: UInt64 = 0
    /// Files taken over from the parent.
    public var filesUnmodified: UInt64 = 0
    /// Directories that the parent does not have.
    public var dirsNew: UInt64 = 0
    /// Directories that differ from the parent's, in what is in them or in their own metadata.
    public var dirsChanged: UInt64 = 0
    /// Directories that are the parent's in everything.
    public var dirsUnmodified: UInt64 = 0
    /// Data blobs that were new to the repository.
    public var dataBlobs: UInt64 = 0
    /// Tree blobs that were new to the repository.
    public var treeBlobs: UInt64 = 0
    /// Plain bytes of new blobs.
    public var dataAdded: UInt64 = 0
    /// Stored bytes of new blobs.
    public var dataAddedPacked: UInt64 = 0
    /// Files looked at.
    public var totalFilesProcessed: UInt64 = 0
    /// Bytes of all files looked at: the size of the snapshot.
    public var totalBytesProcessed: UInt64 = 0

    enum CodingKeys: String, CodingKey {
        case backupStart = "backup_start"
        case backupEnd = "backup_end"
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
    }

    /// All zero.
    public init() {}
}
