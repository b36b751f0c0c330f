import ObjectStore
import Sealing

/// What a second run did.
public struct PruneSecondRun: Sendable, Hashable, Codable {
    /// Packs that were deleted.
    public internal(set) var deletedPackCount = 0
    /// Their bytes.
    public internal(set) var freedByteCount: UInt64 = 0
    /// Packs on a list that snapshots need again; they stay.
    public internal(set) var keptPackCount = 0
    /// Removal lists that were carried out.
    public internal(set) var listCount = 0
    /// Index files that were replaced.
    public internal(set) var replacedIndexFileCount = 0
}

extension OpenRepository {
    /// Deletes what earlier first runs have listed and what is still without use. Everything is read and every snapshot
    /// followed anew, and only what a list names is deleted: a pack that came later is safe even if nobody refers to it yet.
    ///
    /// The order makes a kill harmless at every point: new index files, then old ones deleted, then packs, then the lists.
    ///
    /// `lock` must be exclusive. Throws `.unsafeToContinue` when something that tells what is in use cannot be read, and
    /// `.lockLost`.
    public func secondRun(under lock: RepositoryLock) async throws -> PruneSecondRun {
        precondition(lock.kind == .exclusive, "the second run of prune needs the repository to itself")
        let basis = try await PruneBasis.read(self)
        let listed = basis.listed
        let table = basis.indexed.table
        let needed = try await Threads.run("prune") {
            Set(
                table.packs.indices.filter { number in
                    listed.contains(table.packs[number])
                        && table.entries(ofPack: number).contains { basis.kept.contains($0) }
                }.map { table.packs[$0] })
        }
        let doomed = listed.subtracting(needed)
        let rewrite = IndexRewrite(basis.indexed, removing: doomed)
        if !rewrite.isEmpty { try await rewrite.run(on: self) { try await lock.prove() } }
        let stored = doomed.filter { basis.packs.byteCounts[$0] != nil }.sorted()
        try await lock.prove()
        try await store.delete(stored.map { Layout.pack($0) })
        try await store.delete(basis.lists.map(\.name))
        var result = PruneSecondRun()
        result.deletedPackCount = stored.count
        result.freedByteCount = stored.reduce(0) { $0 + (basis.packs.byteCounts[$1] ?? 0) }
        result.keptPackCount = needed.count
        result.listCount = basis.lists.count
        result.replacedIndexFileCount = rewrite.replaced.count
        return result
    }
}
