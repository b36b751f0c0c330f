import ObjectStore
import Sealing
import Synchronization
import Trees

extension OpenRepository {
    /// Proves that everything a tree refers to can be found: each blob is in an index that is read now, in a pack that the
    /// store lists now and that does not wait for deletion. For a backup that lost its lock while it was stopped.
    ///
    /// Throws `.lockLost`, with the first blob that went.
    func proveReferences(ofTree root: BlobID) async throws {
        let indexed = try await indexed()
        let stored = Set(try await store.list(prefix: Layout.packs).compactMap { Layout.digest(of: $0.name) })
        func prove(_ id: BlobID, _ type: BlobType) throws {
            let isThere = indexed.table.entries(of: id, type).contains { entry in
                let pack = indexed.table.place(of: entry).pack
                return !indexed.table.retired.contains(pack) && stored.contains(indexed.table.packs[pack].digest)
            }
            guard isThere else {
                throw RepositoryError(
                    .lockLost, "our lock was removed while we worked, and \(type.name) blob \(id.short) was deleted meanwhile",
                    subject: location, hint: "nothing that was saved before is lost: run the same command once more")
            }
        }
        var seen: Set<BlobID> = [root]
        var next = [root]
        while let tree = next.popLast() {
            try prove(tree, .tree)
            for decoded in try await indexed.tree(tree) {
                for id in decoded.node.content { try prove(id, .data) }
                if let subtree = decoded.node.subtree, seen.insert(subtree).inserted { next.append(subtree) }
            }
        }
    }
}
