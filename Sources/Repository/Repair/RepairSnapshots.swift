import ObjectStore
import Sealing
import Trees

/// What became of one snapshot that needed a repair. IDs are in hexadecimal form.
public struct SnapshotRepair: Sendable, Hashable, Codable {
    /// A change in it.
    public struct Change: Sendable, Hashable, Codable {
        /// The path, printable.
        public let path: String
        /// What was wrong and what became of it.
        public let message: String
    }

    /// The snapshot.
    public let snapshot: String
    /// The snapshot that takes its place; nil when its tree cannot be read at all, and in a dry run.
    public internal(set) var replacement: String?
    /// Can nothing of it be read?
    public internal(set) var isLost = false
    /// Was the old one removed?
    public internal(set) var isForgotten = false
    /// What was changed. Directories that earlier snapshots of the same run had in common are named there only.
    public internal(set) var changes: [Change] = []
}

extension OpenRepository {
    /// The tag that repaired snapshots get.
    public static let repairedTag = "repaired"

    /// Writes snapshots anew without what cannot be read: files lose blobs that are in no index, directories that cannot be
    /// read become empty, as with restic. A new snapshot names the old one as its `original` and has the tag `repaired`. With
    /// `forgets` the old ones are removed, also those of which nothing can be read; without, all stay.
    ///
    /// Gives what was done to each snapshot that needed it. `lock` must be exclusive unless `isDryRun`.
    public func repairSnapshots(
        filter: SnapshotFilter = SnapshotFilter(), forgets: Bool = false, isDryRun: Bool = false,
        under lock: RepositoryLock
    ) async throws -> [SnapshotRepair] {
        precondition(isDryRun || lock.kind == .exclusive, "a repair needs the repository to itself")
        let entries = try await snapshots().entries.filter { filter.matches($0.snapshot) }
        let indexed = try await self.indexed()
        let writer = BlobWriter(indexed, settings: WriterSettings(), isDryRun: isDryRun, lock: lock)
        let rewritten: [(SnapshotRepair, SnapshotEntry, BlobID?)]
        do {
            rewritten = try await Threads.run("repair") { try OpenRepository.rewrite(entries, indexed, writer) }
            _ = try await writer.finish()
        } catch {
            await writer.abort()
            throw error
        }
        if isDryRun { return rewritten.map(\.0) }
        try await lock.prove()
        var repairs = [SnapshotRepair]()
        for (repair, entry, tree) in rewritten {
            repairs.append(try await replace(entry, by: tree, repair, forgets: forgets))
        }
        return repairs
    }

    private static func rewrite(
        _ entries: [SnapshotEntry], _ indexed: IndexedRepository, _ writer: BlobWriter
    ) throws -> [(SnapshotRepair, SnapshotEntry, BlobID?)] {
        var changes = [SnapshotRepair.Change]()
        let rewriter = TreeRewriter(indexed, writer) { path, message in
            changes.append(SnapshotRepair.Change(path: RawPath.printable(path), message: message))
        }
        return try entries.compactMap { entry in
            changes = []
            let tree = try rewriter.rewrite(entry.tree)
            guard tree != entry.tree else { return nil }
            var repair = SnapshotRepair(snapshot: entry.id.hex)
            repair.isLost = tree == nil
            repair.changes = changes
            return (repair, entry, tree)
        }
    }

    private func replace(
        _ entry: SnapshotEntry, by tree: BlobID?, _ repair: SnapshotRepair, forgets: Bool
    ) async throws -> SnapshotRepair {
        var repair = repair
        if let tree {
            var snapshot = entry.snapshot
            snapshot.tree = tree.hex
            snapshot.original = entry.id.hex
            let tags = snapshot.tags ?? []
            if !tags.contains(OpenRepository.repairedTag) { snapshot.tags = tags + [OpenRepository.repairedTag] }
            let id = try await save(snapshot)
            // Read back before the old one may go.
            _ = try await self.snapshot(id)
            repair.replacement = id.hex
        }
        if forgets {
            try await forget([entry.id])
            repair.isForgotten = true
        }
        return repair
    }
}
