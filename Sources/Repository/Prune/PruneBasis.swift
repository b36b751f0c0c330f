import Sealing

/// Everything that prune decides by, read at one moment: indexes, packs, removal lists, and which place of each used blob is
/// the one to keep.
struct PruneBasis: Sendable {
    let indexed: IndexedRepository
    let packs: StoredPacks
    let lists: [RemovalList]
    let snapshotCount: Int
    /// Entries that must not go: one for each used blob.
    let kept: BitSet

    /// Packs on removal lists.
    var listed: Set<PackID> { lists.reduce(into: []) { $0.formUnion($1.packs) } }

    /// Reads everything and follows every snapshot.
    ///
    /// Throws `.unsafeToContinue` when anything that tells what is in use cannot be read: a damaged index file, snapshot or
    /// tree, a used blob that is in no index or in no pack that is there.
    static func read(_ repository: OpenRepository) async throws -> PruneBasis {
        // Snapshots before the index: what a snapshot needs was indexed before it was written.
        let lists = try await Removals.lists(of: repository).lists
        let snapshots = try await repository.snapshots()
        if let damaged = snapshots.damaged.first {
            throw refusal(
                "snapshot \(damaged.id.short) cannot be read", repository, cause: damaged.error,
                hint: "run `lifeboat check`; remove the snapshot by its ID with `lifeboat forget` if it is lost")
        }
        let indexed = try await loadIndex(repository)
        let packs = try await StoredPacks.list(of: repository)
        let marks = UseMarks(indexed.table)
        var walk = TreeWalk(indexed)
        walk.isStrict = true
        try await walk.run(snapshots.entries.map(\.tree)) { visit in
            if let missing = marks.mark(visit).first {
                throw refusal("data blob \(missing.short), which files need, is in no index", repository)
            }
        } unreadable: { id, _, error in
            throw refusal("tree \(id.short) cannot be read", repository, cause: error)
        }
        let kept = try await Threads.run("prune") { try PruneChoice(indexed, packs, marks.use).kept() }
        return PruneBasis(
            indexed: indexed, packs: packs, lists: lists, snapshotCount: snapshots.entries.count, kept: kept)
    }

    private static func loadIndex(_ repository: OpenRepository) async throws -> IndexedRepository {
        let indexed: IndexedRepository
        do {
            indexed = try await repository.indexed()
        } catch let error as RepositoryError {
            throw refusal("an index file cannot be read", repository, cause: error, hint: "run `lifeboat repair index`")
        }
        if let pack = indexed.conflictingPacks.min() {
            throw refusal(
                "index files say different things of pack \(pack.short)", repository,
                hint: "run `lifeboat repair index`, which asks the pack itself")
        }
        return indexed
    }

    static func refusal(
        _ message: String, _ repository: OpenRepository, cause: (any Error)? = nil,
        hint: String = "run `lifeboat check` to see how much is damaged"
    ) -> RepositoryError {
        let reason = cause.map { ": \(BlobReader.reason($0))" } ?? ""
        return RepositoryError(
            .unsafeToContinue, "nothing is pruned, since \(message)\(reason)", subject: repository.location, hint: hint,
            cause: cause)
    }

    /// What lies in one pack.
    struct Content {
        var usedBlobCount = 0
        var unusedBlobCount = 0
        var usedByteCount: UInt64 = 0
        var types: Set<BlobType> = []
        var hasPlainTrees = false
        var hasPlainData = false
    }

    func content(ofPack number: Int) -> Content {
        var content = Content()
        let table = indexed.table
        for entry in table.entries(ofPack: number) {
            let place = table.place(of: entry)
            let type = table.type(of: entry)
            content.types.insert(type)
            if place.compressedFrom == 0, place.plainByteCount > 0 {
                if type == .tree { content.hasPlainTrees = true } else { content.hasPlainData = true }
            }
            if kept.contains(entry) {
                content.usedBlobCount += 1
                content.usedByteCount += UInt64(place.byteCount)
            } else {
                content.unusedBlobCount += 1
            }
        }
        return content
    }
}

/// Picks, for each used blob, the one place that stays.
struct PruneChoice {
    private let indexed: IndexedRepository
    private let packs: StoredPacks
    private let use: BlobUse
    /// For each pack: is it there, with the size that its index entries add up to?
    private let isWhole: [Bool]
    private var table: BlobTable { indexed.table }

    init(_ indexed: IndexedRepository, _ packs: StoredPacks, _ use: BlobUse) {
        self.indexed = indexed
        self.packs = packs
        self.use = use
        let table = indexed.table
        isWhole = table.packs.indices.map { pack in
            let byteCount = table.entries(ofPack: pack).reduce(UInt64(PackHeader.fixedByteCount)) { sum, entry in
                let place = table.place(of: entry)
                let header = PackHeader.entryByteCount(isCompressed: place.compressedFrom > 0)
                return sum + UInt64(place.byteCount) + UInt64(header)
            }
            return packs.byteCounts[table.packs[pack]] == byteCount
        }
    }

    /// One entry of each used blob. Copies are kept where the pack stays anyway, so that whole packs become free.
    ///
    /// Throws `.unsafeToContinue` when a used blob has no place in a pack that is there in full.
    func kept() throws -> BitSet {
        var kept = BitSet(limit: table.count)
        var needed = BitSet(limit: table.packs.count)
        var copies = [Int: [Int]]()
        for entry in 0..<table.count {
            let first = table.find(table.blob(of: entry), table.type(of: entry)) ?? entry
            if first != entry, use.contains(first) { copies[first, default: [first]].append(entry) }
        }
        for entry in 0..<table.count where use.contains(entry) && copies[entry] == nil {
            try demand(entry)
            kept.insert(entry)
            needed.insert(table.place(of: entry).pack)
        }
        for entries in copies.sorted(by: { $0.key < $1.key }).map(\.value) {
            let best = entries.min { rank($0, needed) < rank($1, needed) } ?? entries[0]
            try demand(best)
            kept.insert(best)
            needed.insert(table.place(of: best).pack)
            // The walk has read each tree where `find` finds it; another copy must be as good before it may be the only one.
            if table.type(of: best) == .tree, best != entries[0] { try demandTree(best) }
        }
        return kept
    }

    private func rank(_ entry: Int, _ needed: BitSet) -> (Int, Int, Int, Int) {
        let pack = table.place(of: entry).pack
        return (isWhole[pack] ? 0 : 1, table.retired.contains(pack) ? 1 : 0, needed.contains(pack) ? 0 : 1, entry)
    }

    private func demandTree(_ entry: Int) throws {
        do {
            _ = try indexed.treeNow(at: entry)
        } catch {
            throw PruneBasis.refusal(
                "tree \(table.blob(of: entry).short) cannot be read", indexed.repository, cause: error)
        }
    }

    private func demand(_ entry: Int) throws {
        let pack = table.place(of: entry).pack
        guard !isWhole[pack] else { return }
        let id = table.packs[pack]
        let state = packs.byteCounts[id] == nil ? "is not there" : "has another size than its index says"
        throw PruneBasis.refusal("pack \(id.hex), which holds blobs in use, \(state)", indexed.repository)
    }
}
