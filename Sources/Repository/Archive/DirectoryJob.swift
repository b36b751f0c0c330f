import Sealing
import Synchronization
import Trees

/// A directory whose listing is being put together. It is finished by whoever completes its last entry.
final class DirectoryJob: Sendable {
    private struct State {
        var nodes: [ArraySlice<UInt8>?] = []
        var remaining = 1  // the scanner itself, until `listed`
        var reusedCount = 0
        /// Of a stream's directory, whose entries come in any order; else empty.
        var names: [[UInt8]] = []
        var described: Metadata?
    }

    /// The directory above and the place in it; nil for the root.
    let parent: DirectoryJob?
    let slot: Int
    private let givenNode: Node?
    /// The same directory in the parent snapshot: the tree's ID, the number of its nodes, and its node's bytes.
    let before: Before?
    private let state = Mutex(State())

    struct Before: Sendable {
        let tree: BlobID
        let nodeCount: Int
        let raw: ArraySlice<UInt8>
    }

    init(parent: DirectoryJob?, slot: Int, node: Node?, before: Before?) {
        self.parent = parent
        self.slot = slot
        givenNode = node
        self.before = before
    }

    /// Makes room for the entries that the scanner found. Called once, before any of them is completed.
    func expect(_ count: Int) {
        state.withLock { state in
            state.nodes = [ArraySlice<UInt8>?](repeating: nil, count: count)
            state.remaining += count
        }
    }

    /// Its own node, without the subtree; nil for the root.
    var node: Node? {
        guard var node = givenNode else { return nil }
        if let described = state.withLock({ $0.described }) { node.metadata = described }
        return node
    }

    /// Makes room for one more entry of a stream's directory; gives its place.
    func expect(_ name: [UInt8]) -> Int {
        state.withLock { state in
            state.nodes.append(nil)
            state.names.append(name)
            state.remaining += 1
            return state.nodes.count - 1
        }
    }

    /// The stream says more of the directory than that it is one.
    func describe(_ metadata: Metadata) { state.withLock { $0.described = metadata } }

    /// Puts an entry's bytes in its place, or leaves it out (nil). True when that was the last thing missing.
    func complete(_ slot: Int, _ raw: ArraySlice<UInt8>?, isReused: Bool = false) -> Bool {
        state.withLock { state in
            state.nodes[slot] = raw
            state.remaining -= 1
            if isReused { state.reusedCount += 1 }
            return state.remaining == 0
        }
    }

    /// The scanner is done with it. True when nothing is missing any more.
    func listed() -> Bool {
        state.withLock { state in
            state.remaining -= 1
            return state.remaining == 0
        }
    }

    /// The tree of the parent snapshot, when every entry was taken over from it and none is missing.
    var unchangedTree: BlobID? {
        guard let before else { return nil }
        return state.withLock { $0.reusedCount == $0.nodes.count && $0.nodes.count == before.nodeCount }
            ? before.tree : nil
    }

    /// The bytes of the tree blob. Frees the entries.
    func takeTree() -> [UInt8] {
        let nodes = state.withLock { state in
            defer { state.nodes = [] }
            guard !state.names.isEmpty else { return state.nodes }
            let order = state.names.indices.sorted { state.names[$0].lexicographicallyPrecedes(state.names[$1]) }
            return order.map { state.nodes[$0] }
        }
        var builder = TreeBuilder()
        for case let raw? in nodes { builder.append(sortedRaw: raw) }
        return builder.finish()
    }
}
