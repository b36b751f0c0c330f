public import Sealing
import Synchronization
import Trees

/// Which blobs snapshots refer to.
public struct BlobUse: Sendable {
    private let entries: BitSet
    /// Data blobs that files refer to and that are in no index.
    public let missing: Set<BlobID>
    /// Trees that could not be read, with the reason.
    public let unreadable: [(id: BlobID, error: any Error)]

    fileprivate init(entries: BitSet, missing: Set<BlobID>, unreadable: [(id: BlobID, error: any Error)]) {
        self.entries = entries
        self.missing = missing
        self.unreadable = unreadable
    }

    /// Number of different blobs that are used.
    public var count: Int { entries.count }

    /// Is the blob used whose entry `find` gives? For a blob in several packs only that entry is marked.
    public func contains(_ entry: Int) -> Bool { entries.contains(entry) }
}

/// Gathers marks from the threads of a walk.
final class UseMarks: Sendable {
    private struct State {
        var entries: BitSet
        var missing: Set<BlobID> = []
        var unreadable: [(id: BlobID, error: any Error)] = []
    }

    private let table: BlobTable
    private let state: Mutex<State>

    init(_ table: BlobTable) {
        self.table = table
        state = Mutex(State(entries: BitSet(limit: table.count)))
    }

    /// Marks a tree and the data blobs of its files; gives those that no index has.
    @discardableResult
    func mark(_ visit: TreeVisit) -> [BlobID] {
        var found = [visit.entry]
        var missing = [BlobID]()
        for decoded in visit.nodes {
            for id in decoded.node.content {
                if let entry = table.find(id, .data) { found.append(entry) } else { missing.append(id) }
            }
        }
        state.withLock { state in
            for entry in found { state.entries.insert(entry) }
            state.missing.formUnion(missing)
        }
        return missing
    }

    func note(_ id: BlobID, _ error: any Error) {
        state.withLock { $0.unreadable.append((id, error)) }
    }

    var use: BlobUse {
        state.withLock { BlobUse(entries: $0.entries, missing: $0.missing, unreadable: $0.unreadable) }
    }
}

extension IndexedRepository {
    /// Walks from `roots` and gives which blobs they need. Trees that cannot be read are listed in the result; what lies below
    /// them is not known.
    public func use(from roots: [BlobID]) async throws -> BlobUse {
        let marks = UseMarks(table)
        try await TreeWalk(self).run(
            roots, visit: { marks.mark($0) }, unreadable: { id, _, error in marks.note(id, error) })
        return marks.use
    }
}
