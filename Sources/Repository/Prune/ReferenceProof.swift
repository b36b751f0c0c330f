import ObjectStore
import Sealing
import Trees

extension OpenRepository {
    /// Proves that everything a tree refers to can be found: each blob is in an index that is read now, in a pack that the
    /// store lists now and that does not wait for deletion. For a backup that lost its lock while it was stopped.
    ///
    /// Throws `.lockLost`, with the first blob that went.
    func proveReferences(ofTree root: BlobID) async throws {
        let indexed = try await indexed()
        let packs = try await store.list(prefix: Layout.packs)
        let proof = ReferenceProof(indexed: indexed, stored: Set(packs.compactMap { Layout.digest(of: $0.name) }))
        var seen: Set<BlobID> = [root]
        var next = [root]
        while let tree = next.popLast() {
            try proof.demand(tree, .tree)
            for subtree in try proof.subtrees(try await indexed.tree(tree)) where seen.insert(subtree).inserted {
                next.append(subtree)
            }
        }
    }
}

/// What is known to be there.
private struct ReferenceProof {
    let indexed: IndexedRepository
    let stored: Set<Digest>

    /// Throws unless the blob is in a pack that is there to stay.
    func demand(_ id: BlobID, _ type: BlobType) throws(RepositoryError) {
        let table = indexed.table
        for entry in table.entries(of: id, type) {
            let pack = table.place(of: entry).pack
            if !table.retired.contains(pack), stored.contains(table.packs[pack].digest) { return }
        }
        throw RepositoryError(
            .lockLost, "our lock was removed while we worked, and \(type.name) blob \(id.short) was deleted meanwhile",
            subject: indexed.repository.location,
            hint: "nothing that was saved before is lost: run the same command once more")
    }

    /// Demands the content of all files of a directory; gives its directories.
    func subtrees(_ nodes: [DecodedNode]) throws(RepositoryError) -> [BlobID] {
        for decoded in nodes {
            for id in decoded.node.content { try demand(id, .data) }
        }
        return nodes.compactMap(\.node.subtree)
    }
}
