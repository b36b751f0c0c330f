import Repository
import Sealing
import Trees

/// A snapshot's tree, to be looked at by path.
struct SnapshotTree {
    let indexed: IndexedRepository
    let entry: SnapshotEntry

    /// The node at a path; nil for the root, which has none. Throws `.pathMissing`.
    func node(at path: [[UInt8]]) async throws -> Node? { try await indexed.node(at: path, in: entry.tree) }

    /// Calls `visit`, which may wait for the store, with everything below a directory, a directory before what is in it, in the
    /// order of names. It says
    /// whether to go into a directory.
    func walk(
        _ tree: BlobID, at path: [[UInt8]], _ visit: (Node, [[UInt8]]) async throws -> Bool
    ) async throws {
        // A stack of its own: trees may be deeper than a thread's.
        var open: [(nodes: ArraySlice<DecodedNode>, path: [[UInt8]])] = [(try await indexed.tree(tree)[...], path)]
        while let top = open.indices.last {
            guard let next = open[top].nodes.popFirst()?.node else {
                open.removeLast()
                continue
            }
            try Task.checkCancellation()
            let path = open[top].path + [next.name]
            let goesOn = try await visit(next, path)
            guard goesOn, next.metadata.kind == .directory, let subtree = next.subtree else { continue }
            guard open.count < 10_000 else {
                throw RepositoryError(
                    .treeDamaged, "directories lie too deep in each other", subject: RawPath.printable(path))
            }
            open.append((try await indexed.tree(subtree)[...], path))
        }
    }
}

extension String {
    /// The components of a path as people write it.
    var pathComponents: [[UInt8]] { RawPath.clean(Array(("/" + self).utf8)) }
}
