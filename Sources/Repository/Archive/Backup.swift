import ObjectStore
public import Sealing
public import Trees

/// What a backup is called and how it is made.
public struct BackupSettings: Sendable {
    /// Which snapshot unchanged files are taken over from.
    public enum Parent: Sendable, Hashable {
        /// The newest with the same host and the same paths.
        case newest
        /// None: everything is read.
        case none
        /// This one.
        case snapshot(SnapshotEntry)
    }

    /// What is backed up, as the snapshot shall name it.
    public var paths: [String]
    /// The machine's name.
    public var hostname: String
    /// The user's name.
    public var username = ""
    /// The user's number.
    public var uid: UInt32 = 0
    /// The group's number.
    public var gid: UInt32 = 0
    /// Tags.
    public var tags: [String] = []
    /// Patterns that were left out, for the record.
    public var excludes: [String] = []
    /// The snapshot's time.
    public var time: Timestamp
    /// Wall time, for the figures of the summary.
    public var now: @Sendable () -> Timestamp
    /// `lifeboat 0.1.0`.
    public var programVersion = ""
    /// Where unchanged files come from.
    public var parent = Parent.newest
    /// How the tree is archived; `parent` in it is set by the backup.
    public var archive = ArchiveSettings()

    /// Settings with the defaults.
    public init(paths: [String], hostname: String, now: @escaping @Sendable () -> Timestamp) {
        self.paths = paths
        self.hostname = hostname
        self.now = now
        time = now()
    }
}

/// What a backup made.
public struct BackupResult: Sendable {
    /// The snapshot's ID; nil after a dry run.
    public let id: SnapshotID?
    /// The snapshot.
    public let snapshot: Snapshot
    /// Its parent.
    public let parent: SnapshotID?
    /// Bytes handed to the store.
    public let uploadedByteCount: UInt64
    /// Things that could not be read and are not in the snapshot.
    public let failureCount: UInt64
}

extension OpenRepository {
    /// Backs up a source as one snapshot, under a shared lock.
    ///
    /// What cannot be read is reported, counted and left out. The snapshot is written last, after everything it needs is
    /// stored and listed, and only while the lock still protects that.
    ///
    /// Throws `.sourceFailed` when there is nothing at all to save.
    public func backup(
        _ source: any TreeSource, _ settings: BackupSettings, locks: LockSettings,
        progress: ArchiveProgress = ArchiveProgress()
    ) async throws -> BackupResult {
        try await backup(.tree(source), settings, locks: locks, progress: progress)
    }

    /// Backs up a source that pushes its files, as one snapshot, under a shared lock. When the source throws, nothing is
    /// saved. Unchanged content is known by its blobs; no parent is looked at.
    public func backup(
        _ source: any StreamSource, _ settings: BackupSettings, locks: LockSettings,
        progress: ArchiveProgress = ArchiveProgress()
    ) async throws -> BackupResult {
        var settings = settings
        settings.archive.streamName = settings.paths.first ?? ""
        settings.archive.streamTime = settings.time
        return try await backup(.stream(source), settings, locks: locks, progress: progress)
    }

    private func backup(
        _ source: ArchiveInput, _ settings: BackupSettings, locks: LockSettings, progress: ArchiveProgress
    ) async throws -> BackupResult {
        if settings.archive.isDryRun {
            return try await archive(source, settings, progress, under: nil) { _, _ in nil }
        }
        return try await locked(.shared, locks) { lock in
            try await archive(source, settings, progress, under: lock) { snapshot, tree in
                var saved: SnapshotID?
                do {
                    try await lock.prove()
                    saved = try await self.save(snapshot)
                    // Once more: a process that was stopped just before saving would not know.
                    try await lock.prove()
                    return saved
                } catch let error as RepositoryError where error.code == .lockLost {
                    return try await self.saveAgainstOdds(snapshot, tree, saved, locks)
                }
            }
        }
    }

    /// Our lock was lost, so prune may have run: nothing is believed that was known before. Under a new lock, and with the
    /// index read anew, every blob of the snapshot must be there; when one is not, no snapshot may say otherwise.
    private func saveAgainstOdds(
        _ snapshot: Snapshot, _ tree: BlobID, _ saved: SnapshotID?, _ locks: LockSettings
    ) async throws -> SnapshotID {
        try await locked(.shared, locks) { _ in
            do {
                try await self.proveReferences(ofTree: tree)
            } catch {
                if let saved { try await self.store.delete(Layout.object(Layout.snapshots, saved.digest)) }
                throw error
            }
            if let saved { return saved }
            return try await self.save(snapshot)
        }
    }

    private func archive(
        _ source: ArchiveInput, _ settings: BackupSettings, _ progress: ArchiveProgress, under lock: RepositoryLock?,
        save: (Snapshot, BlobID) async throws -> SnapshotID?
    ) async throws -> BackupResult {
        let begin = settings.now()
        let indexed = try await indexed()
        var archive = settings.archive
        archive.parent = try await parent(settings)
        let result = try await ArchiveRun(source, indexed, archive, progress, under: lock).run()
        var snapshot = Snapshot(time: settings.time.rfc3339, tree: result.tree, paths: settings.paths)
        snapshot.parent = archive.parent?.id.hex
        snapshot.hostname = settings.hostname
        snapshot.username = settings.username
        snapshot.uid = settings.uid == 0 ? nil : settings.uid
        snapshot.gid = settings.gid == 0 ? nil : settings.gid
        snapshot.tags = settings.tags.isEmpty ? nil : settings.tags
        snapshot.excludes = settings.excludes.isEmpty ? nil : settings.excludes
        snapshot.programVersion = settings.programVersion
        var summary = result.summary
        summary.backupStart = begin.rfc3339
        summary.backupEnd = settings.now().rfc3339
        snapshot.summary = summary
        let id = try await save(snapshot, result.tree)
        return BackupResult(
            id: id, snapshot: snapshot, parent: archive.parent?.id, uploadedByteCount: result.totals.uploadedByteCount,
            failureCount: result.failureCount)
    }

    private func parent(_ settings: BackupSettings) async throws -> SnapshotEntry? {
        switch settings.parent {
        case .none: return nil
        case .snapshot(let entry): return entry
        case .newest:
            let paths = Set(settings.paths)
            return try await snapshots().entries.last { entry in
                entry.snapshot.hostname == settings.hostname && Set(entry.snapshot.paths ?? []) == paths
            }
        }
    }
}
