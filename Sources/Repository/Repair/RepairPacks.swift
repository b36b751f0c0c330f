import ObjectStore
public import Sealing

/// What became of one pack that was repaired.
public struct PackRepair: Sendable, Hashable, Codable {
    /// Its name, in hexadecimal form.
    public let pack: String
    /// Was there anything to read?
    public internal(set) var isMissing = false
    /// Blobs that were whole and are stored in other packs now.
    public internal(set) var savedBlobCount = 0
    /// Blobs that could not be saved and that no other pack holds, in hexadecimal form.
    public internal(set) var lostBlobs: [String] = []
}

extension OpenRepository {
    /// Saves every blob of damaged packs that opens and is what its ID promises into new packs; then takes the damaged ones
    /// out of the index and deletes them. Where the index states a wrong length, the right one is found out.
    ///
    /// What is lost after that shows in `check`; `repairSnapshots` goes on without it.
    ///
    /// `lock` must be exclusive unless `isDryRun`. Throws `.unsafeToContinue` while the index itself needs a repair, and
    /// `.lockLost`.
    public func repairPacks(
        _ ids: [PackID], isDryRun: Bool = false, under lock: RepositoryLock
    ) async throws -> [PackRepair] {
        precondition(isDryRun || lock.kind == .exclusive, "a repair needs the repository to itself")
        let indexed = try await soundIndex()
        let packs = try await StoredPacks.list(of: self)
        let writer = BlobWriter(indexed, settings: WriterSettings(), isDryRun: isDryRun, lock: lock)
        var repairs = [PackRepair]()
        do {
            for id in Set(ids).sorted() {
                repairs.append(try await save(id, byteCount: packs.byteCounts[id], indexed, writer, among: Set(ids)))
            }
            _ = try await writer.finish()
        } catch {
            await writer.abort()
            throw error
        }
        if isDryRun { return repairs }
        // Read anew: the index has to name the new packs before the old ones go.
        let rewrite = IndexRewrite(try await soundIndex(), removing: Set(ids))
        try await rewrite.run(on: self) { try await lock.prove() }
        try await lock.prove()
        try await store.delete(Set(ids).filter { packs.byteCounts[$0] != nil }.map { Layout.pack($0) })
        return repairs
    }

    private func soundIndex() async throws -> IndexedRepository {
        let indexed = try await self.indexed(skippingDamaged: true)
        guard indexed.damagedIndexFiles.isEmpty, indexed.conflictingPacks.isEmpty else {
            throw RepositoryError(
                .unsafeToContinue, "the index itself is damaged", subject: location,
                hint: "run `lifeboat repair index` first")
        }
        return indexed
    }

    private func save(
        _ id: PackID, byteCount: UInt64?, _ indexed: IndexedRepository, _ writer: BlobWriter, among ids: Set<PackID>
    ) async throws -> PackRepair {
        let salvage = PackSalvage(id, indexed, writer, among: ids)
        guard let byteCount else { return try await Threads.run("repair") { salvage.missing() } }
        var header: PackRecord?
        do {
            header = try await self.header(ofPack: id, byteCount: byteCount)
        } catch {
            guard error is RepositoryError else { throw error }  // a header that makes no sense is why we are here
        }
        let found = header
        return try await Threads.run("repair") { try salvage.run(byteCount, header: found) }
    }
}

/// Saves what is whole in one pack.
private struct PackSalvage: Sendable {
    private struct Key: Hashable {
        let id: BlobID
        let type: BlobType
    }

    private let pack: PackID
    private let indexed: IndexedRepository
    private let writer: BlobWriter
    private let damaged: Set<PackID>

    init(_ pack: PackID, _ indexed: IndexedRepository, _ writer: BlobWriter, among damaged: Set<PackID>) {
        self.pack = pack
        self.indexed = indexed
        self.writer = writer
        self.damaged = damaged
    }

    /// What the index says of the pack.
    private var indexedBlobs: [PackRecord.Blob] {
        indexed.table.packs.firstIndex(of: pack).map { indexed.table.record(ofPack: $0).blobs } ?? []
    }

    func missing() -> PackRepair {
        var repair = PackRepair(pack: pack.hex)
        repair.isMissing = true
        repair.lostBlobs = lost(Set(indexedBlobs.map { Key(id: $0.id, type: $0.type) }))
        return repair
    }

    func run(_ byteCount: UInt64, header: PackRecord?) throws -> PackRepair {
        let tools = writer.tools()
        let opener = BlobOpener(key: indexed.repository.key)
        let stream = PackStream(pack, byteCount: byteCount, of: indexed.repository, isHashing: false)
        // Places in order, so that one pass reads them all; index and header may give a blob different ones.
        let places = Set(indexedBlobs + (header?.blobs ?? [])).sorted {
            ($0.offset, $0.byteCount, $0.compressedFrom) < ($1.offset, $1.byteCount, $1.compressedFrom)
        }
        var saved = Set<Key>()
        for blob in places where blob.range.upperBound <= byteCount {
            let key = Key(id: blob.id, type: blob.type)
            guard !saved.contains(key), try save(blob, stream, opener, tools) else { continue }
            saved.insert(key)
        }
        var repair = PackRepair(pack: pack.hex)
        repair.savedBlobCount = saved.count
        repair.lostBlobs = lost(Set(places.map { Key(id: $0.id, type: $0.type) }).subtracting(saved))
        return repair
    }

    private func save(
        _ blob: PackRecord.Blob, _ stream: PackStream, _ opener: BlobOpener, _ tools: WriterTools
    ) throws -> Bool {
        try unsafe stream.withBytes(blob.range) { sealed in
            guard let length = unsafe opener.trueLength(sealed, blob.id) else { return false }
            let right = PackRecord.Blob(
                id: blob.id, type: blob.type, offset: blob.offset, byteCount: blob.byteCount, compressedFrom: length)
            try unsafe writer.copy(right, sealed: sealed, tools: tools)
            return true
        }
    }

    /// Blobs that no pack holds which is not being repaired itself.
    private func lost(_ blobs: Set<Key>) -> [String] {
        blobs.filter { key in
            !indexed.table.entries(of: key.id, key.type).contains { entry in
                !damaged.contains(indexed.table.packs[indexed.table.place(of: entry).pack])
            }
        }.map(\.id.hex).sorted()
    }
}
