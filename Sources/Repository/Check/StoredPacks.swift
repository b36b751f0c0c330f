import ObjectStore
import Sealing

/// The packs that the store lists, with their sizes.
struct StoredPacks: Sendable {
    /// Bytes of each pack.
    let byteCounts: [PackID: UInt64]
    /// Objects under `data/` that are named like packs and lie where none belongs. restic on S3 takes them for packs, and its
    /// prune deletes others instead.
    let misplaced: [String]

    /// Lists `data/`. Names that are no digest are not ours.
    static func list(of repository: OpenRepository) async throws -> StoredPacks {
        var byteCounts = [PackID: UInt64]()
        var misplaced = [String]()
        for info in try await repository.store.list(prefix: Layout.packs) {
            guard let digest = Layout.digest(of: info.name) else { continue }
            let id = PackID(digest)
            if info.name == Layout.pack(id) {
                byteCounts[id] = info.byteCount
            } else {
                misplaced.append(info.name)
            }
        }
        return StoredPacks(byteCounts: byteCounts, misplaced: misplaced)
    }
}
