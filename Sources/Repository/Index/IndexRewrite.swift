import ObjectStore
import Sealing

/// Replaces index files: new ones are written and read back before the first old one is deleted, so that at any moment every
/// blob that is to stay is named by some index file.
struct IndexRewrite: Sendable {
    /// Index files with fewer blobs than this are worth joining.
    private static let smallBlobCount = 10_000
    /// So many small files are joined even when there is no other reason to write.
    private static let joinedCount = 4

    /// Index files that are deleted in the end.
    let replaced: [Digest]
    /// What the new ones list.
    let packs: [PackRecord]

    var isEmpty: Bool { replaced.isEmpty && packs.isEmpty }

    init(replaced: [Digest], packs: [PackRecord]) {
        self.replaced = replaced
        self.packs = packs
    }

    /// Takes packs out of an index, and joins small files on the way.
    init(_ indexed: IndexedRepository, removing removed: Set<PackID>) {
        let table = indexed.table
        let numbers = Dictionary(table.packs.enumerated().map { ($1, $0) }) { first, _ in first }
        func blobCount(_ packs: [PackID]) -> Int {
            packs.reduce(0) { $0 + (numbers[$1].map { table.entries(ofPack: $0).count } ?? 0) }
        }
        var replaced = [Digest]()
        var small = [Digest]()
        for (file, packs) in indexed.indexFiles.sorted(by: { $0.key < $1.key }) {
            if packs.isEmpty || packs.contains(where: { removed.contains($0) || indexed.repeatedPacks.contains($0) }) {
                replaced.append(file)
            } else if blobCount(packs) < IndexRewrite.smallBlobCount {
                small.append(file)
            }
        }
        if small.count >= IndexRewrite.joinedCount || !replaced.isEmpty && small.count > 1 { replaced += small }
        let staying = Set(replaced)
        let named = Set(indexed.indexFiles.filter { !staying.contains($0.key) }.flatMap(\.value))
        let rest = Set(replaced.flatMap { indexed.indexFiles[$0] ?? [] }).subtracting(removed).subtracting(named)
        self.replaced = replaced
        packs = rest.compactMap { numbers[$0] }.sorted().map { table.record(ofPack: $0) }
    }

    /// Writes, reads back, asks `prove` (which throws when the lock is lost), and deletes.
    func run(on repository: OpenRepository, prove: () async throws -> Void) async throws {
        try await prove()
        for group in groups {
            let json = try await Threads.run("index") { IndexFile.json(group) }
            let digest = try await repository.save(Layout.indexes, json: json)
            guard try await repository.load(Layout.indexes, digest) == json else {
                throw RepositoryError(
                    .objectDamaged, "an index file that was just written reads back as something else",
                    subject: repository.describe(Layout.object(Layout.indexes, digest)),
                    hint: "do not trust this store before you know why; nothing was deleted")
            }
        }
        guard !replaced.isEmpty else { return }
        try await prove()
        try await repository.store.delete(replaced.map { Layout.object(Layout.indexes, $0) })
    }

    /// Packs put together to files of up to restic's 50 000 blobs.
    private var groups: [[PackRecord]] {
        var groups = [[PackRecord]]()
        var count = 0
        for pack in packs {
            if groups.isEmpty || count + pack.blobs.count > Sizes.blobsPerIndex {
                groups.append([])
                count = 0
            }
            groups[groups.count - 1].append(pack)
            count += pack.blobs.count
        }
        return groups
    }
}
