import Sealing

/// What a repair of the index did, or would do. Packs and index files are in hexadecimal form.
public struct IndexRepair: Sendable, Hashable, Codable {
    /// Index files that could not be read; they are replaced.
    public internal(set) var damagedIndexFiles: [String] = []
    /// Packs that an index names and that are not there; they are forgotten.
    public internal(set) var missingPacks: [String] = []
    /// Packs that no readable index names; what they hold is taken in from their headers.
    public internal(set) var addedPacks: [String] = []
    /// Packs of which the index said something else than they do themselves.
    public internal(set) var correctedPacks: [String] = []
    /// Packs whose headers cannot be read. What an index says of them stays, for `repair packs` to save what can be saved.
    public internal(set) var unreadablePacks: [String] = []
    /// Index files that are replaced by new ones.
    public internal(set) var replacedIndexFileCount = 0

    /// Nothing to repair.
    public var isEmpty: Bool {
        damagedIndexFiles.isEmpty && missingPacks.isEmpty && addedPacks.isEmpty && correctedPacks.isEmpty
    }
}

extension OpenRepository {
    private static let headersAtOnce = 8

    /// Brings the index in line with the packs that are there: forgets packs that are gone, takes in packs that no index
    /// names, asks packs of which index files disagree or whose size is not as listed, and replaces damaged index files.
    /// With `readsAllPacks` every pack is asked for its header.
    ///
    /// `lock` must be exclusive unless `isDryRun`. Throws `.lockLost`.
    public func repairIndex(
        readsAllPacks: Bool = false, isDryRun: Bool = false, under lock: RepositoryLock,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> IndexRepair {
        precondition(isDryRun || lock.kind == .exclusive, "a repair needs the repository to itself")
        let indexed = try await self.indexed(skippingDamaged: true)
        let packs = try await StoredPacks.list(of: self)
        let state = IndexState(indexed)
        let asked = packs.byteCounts.filter { readsAllPacks || state.isDoubtful($0.key, byteCount: $0.value) }
        let headers = try await headers(of: asked, progress)
        let (repair, rewrite) = try await Threads.run("repair") {
            state.repair(packs, headers, unreadable: Set(asked.keys.filter { headers[$0] == nil }))
        }
        if !isDryRun, !repair.isEmpty { try await rewrite.run(on: self) { try await lock.prove() } }
        return repair
    }

    /// Headers of packs, those that make no sense left out.
    private func headers(
        of packs: [PackID: UInt64], _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> [PackID: PackRecord] {
        var found = [PackID: PackRecord]()
        var count = 0
        try await withThrowingTaskGroup(of: PackRecord?.self) { group in
            func collect(_ record: PackRecord?) {
                if let record { found[record.id] = record }
                count += 1
                progress(count, packs.count)
            }
            for (number, pack) in packs.enumerated() {
                if number >= OpenRepository.headersAtOnce, let result = try await group.next() { collect(result) }
                group.addTask { try await self.readableHeader(ofPack: pack.key, byteCount: pack.value) }
            }
            for try await record in group { collect(record) }
        }
        return found
    }

    /// nil when the header makes no sense; what the store itself fails at is thrown.
    private func readableHeader(ofPack pack: PackID, byteCount: UInt64) async throws -> PackRecord? {
        do {
            return try await header(ofPack: pack, byteCount: byteCount)
        } catch {
            guard error is RepositoryError else { throw error }
            return nil
        }
    }
}

/// What the index says at present, and what is to become of it.
private struct IndexState: Sendable {
    private let indexed: IndexedRepository
    private let numbers: [PackID: Int]
    /// Packs that a readable index file names. A file that broke off may have left others in the table.
    private let named: Set<PackID>

    init(_ indexed: IndexedRepository) {
        self.indexed = indexed
        numbers = Dictionary(indexed.table.packs.enumerated().map { ($1, $0) }) { first, _ in first }
        named = Set(indexed.indexFiles.values.joined())
    }

    /// Has the pack to be asked what it holds?
    func isDoubtful(_ pack: PackID, byteCount: UInt64) -> Bool {
        guard named.contains(pack), let number = numbers[pack] else { return true }
        return indexed.conflictingPacks.contains(pack) || indexed.table.record(ofPack: number).byteCount != byteCount
    }

    func repair(
        _ packs: StoredPacks, _ headers: [PackID: PackRecord], unreadable: Set<PackID>
    ) -> (IndexRepair, IndexRewrite) {
        let missing = named.filter { packs.byteCounts[$0] == nil }
        let added = headers.values.filter { !named.contains($0.id) }
        let corrected = headers.values.filter { header in
            guard named.contains(header.id), let number = numbers[header.id] else { return false }
            return indexed.conflictingPacks.contains(header.id) || indexed.table.record(ofPack: number) != header
        }
        let changed = missing.union(corrected.map(\.id))
        let files = indexed.indexFiles.filter { $0.value.contains { changed.contains($0) } }
        let staying = Set(indexed.indexFiles.filter { files[$0.key] == nil }.values.joined())
        let kept = Set(files.values.joined()).subtracting(changed).subtracting(staying)
        let records = kept.compactMap { numbers[$0] }.map { indexed.table.record(ofPack: $0) } + corrected + added
        let replaced = files.keys + indexed.damagedIndexFiles.map(\.digest)
        var repair = IndexRepair()
        repair.damagedIndexFiles = indexed.damagedIndexFiles.map(\.digest.hex).sorted()
        repair.missingPacks = missing.map(\.hex).sorted()
        repair.addedPacks = added.map(\.id.hex).sorted()
        repair.correctedPacks = corrected.map(\.id.hex).sorted()
        repair.unreadablePacks = unreadable.map(\.hex).sorted()
        repair.replacedIndexFileCount = replaced.count
        return (repair, IndexRewrite(replaced: replaced.sorted(), packs: records.sorted { $0.id < $1.id }))
    }
}
