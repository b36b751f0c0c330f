import Sealing
import Trees

/// A tree as it was read.
struct LoadedTree: Sendable {
    let id: BlobID
    let bytes: [UInt8]
    let nodes: [DecodedNode]
}

extension IndexedRepository {
    /// Reads a blob on a thread of ours: at once when it lies in a window, else by waiting for the store.
    func blobNow(_ id: BlobID, _ type: BlobType) throws -> [UInt8] {
        if let entry = table.find(id, type) {
            let place = table.place(of: entry)
            if let sealed = windows.held(place, of: table.packs[place.pack]) {
                // Losing the error is right: the call below comes upon it again, and tries the blob's other places.
                if let plain = try? open(sealed, id, place) { return plain }
            }
        }
        return try Threads.wait { try await self.blob(id, type) }
    }

    /// Reads and decodes a tree on a thread of ours.
    func treeNow(_ id: BlobID) throws -> LoadedTree {
        let bytes = try blobNow(id, .tree)
        return LoadedTree(id: id, bytes: bytes, nodes: try decodeTree(bytes, id))
    }

    /// Reads and decodes a tree from one place and no other: for prune, which may delete the others.
    func treeNow(at entry: Int) throws -> LoadedTree {
        let id = table.blob(of: entry)
        let place = table.place(of: entry)
        let pack = table.packs[place.pack]
        let sealed =
            try windows.held(place, of: pack)
            ?? Threads.wait { try await self.windows.read(place, of: pack, from: self.repository.store) }
        let bytes = try open(sealed, id, place)
        return LoadedTree(id: id, bytes: bytes, nodes: try decodeTree(bytes, id))
    }
}
