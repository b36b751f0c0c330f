import ObjectStore
public import Sealing
import Synchronization

/// A repository whose index is loaded: every blob can be found and read.
public final class IndexedRepository: Sendable {
    /// The repository beneath.
    public let repository: OpenRepository
    /// Where every blob lies, as the index files said when they were loaded.
    public let table: BlobTable
    /// The index files that were read, and the packs each of them names.
    public let indexFiles: [Digest: [PackID]]
    /// Packs that several index files name alike.
    public let repeatedPacks: Set<PackID>
    /// Packs of which index files say different things; the table has one pack for each of them, of the same name.
    public let conflictingPacks: Set<PackID>
    /// Index files that could not be used, with the reason. Empty unless loading was told to go on.
    public let damagedIndexFiles: [(digest: Digest, error: any Error)]
    let windows = PackWindows()

    init(
        repository: OpenRepository, table: BlobTable, indexFiles: [Digest: [PackID]], known: KnownPacks,
        damaged: [(digest: Digest, error: any Error)]
    ) {
        self.repository = repository
        self.table = table
        self.indexFiles = indexFiles
        repeatedPacks = known.repeated
        conflictingPacks = known.conflicting
        damagedIndexFiles = damaged
    }
}

extension OpenRepository {
    /// Loads every index file.
    ///
    /// A damaged index file ends it with `.indexDamaged`, unless `skippingDamaged`: then it is noted and left out, which is
    /// for `check` and `repair` only.
    public func indexed(skippingDamaged: Bool = false) async throws -> IndexedRepository {
        let loader = IndexLoader(repository: self, skippingDamaged: skippingDamaged)
        let retired = try await Removals.packs(of: self)
        return try await loader.load(retired: retired)
    }
}

/// Reads all index files, several at once, into one table.
private final class IndexLoader: Sendable {
    private struct State {
        var known = KnownPacks()
        var files: [Digest: [PackID]] = [:]
        var damaged: [(digest: Digest, error: any Error)] = []
    }

    private static let readsAtOnce = 8
    private let repository: OpenRepository
    private let skippingDamaged: Bool
    private let table = BlobTable()
    private let state = Mutex(State())  // held also while `table` is filled
    private let lane = BlockingLane(name: "index", threadCount: 1)

    init(repository: OpenRepository, skippingDamaged: Bool) {
        self.repository = repository
        self.skippingDamaged = skippingDamaged
    }

    func load(retired: Set<PackID>) async throws -> IndexedRepository {
        let names = try await repository.list(Layout.indexes).sorted()
        await repository.trimCache(Layout.indexes, to: names)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, digest) in names.enumerated() {
                if number >= IndexLoader.readsAtOnce { try await group.next() }
                group.addTask { try await self.loadFile(digest) }
            }
            try await group.waitForAll()
        }
        table.retire(retired)
        let state = state.withLock { $0 }
        return IndexedRepository(
            repository: repository, table: table, indexFiles: state.files, known: state.known, damaged: state.damaged)
    }

    private func loadFile(_ digest: Digest) async throws {
        do {
            let json = try await repository.load(Layout.indexes, digest)
            let subject = repository.describe(Layout.object(Layout.indexes, digest))
            // Parsing a large index takes a while: on a thread of its own, in turn.
            try await lane.run { () throws(RepositoryError) in try self.read(json, digest, subject) }
        } catch let error as StoreError where error.code == .notFound {
            return  // another process replaced it by a newer one since it was listed
        } catch let error as RepositoryError where skippingDamaged {
            state.withLock { $0.damaged.append((digest, error)) }
        }
    }

    private func read(_ json: [UInt8], _ digest: Digest, _ subject: String) throws(RepositoryError) {
        try state.withLock { (state) throws(RepositoryError) in
            state.files[digest] = try IndexFile.read(json, into: table, known: &state.known, subject: subject)
        }
    }
}
