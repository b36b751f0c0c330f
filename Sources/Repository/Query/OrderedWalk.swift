public import Sealing
public import Trees

/// Goes through one tree in the order of its listings, a directory before what is in it, on one thread of ours.
struct OrderedWalk {
    private let indexed: IndexedRepository
    private var frames: [(nodes: ArraySlice<DecodedNode>, path: [[UInt8]])] = []

    init(_ indexed: IndexedRepository) { self.indexed = indexed }

    /// `visit` is called with each node and its path, and says whether to go into a directory. A directory that it cannot be
    /// gone into because its tree cannot be read ends the walk with what is wrong.
    mutating func run(
        _ root: BlobID, at path: [[UInt8]] = [], stop: StopFlag? = nil, _ visit: ([[UInt8]], Node) throws -> Bool
    ) throws {
        frames = [(try indexed.treeNow(root).nodes[...], path)]
        while let top = frames.indices.last {
            try stop?.check()
            guard let node = frames[top].nodes.popFirst()?.node else {
                frames.removeLast()
                continue
            }
            let path = frames[top].path + [node.name]
            guard try visit(path, node), let subtree = node.subtree else { continue }
            guard frames.count < Limits.treeDepth else {
                throw RepositoryError(
                    .treeDamaged, "directories lie more than \(Limits.treeDepth) deep",
                    subject: indexed.repository.location)
            }
            frames.append((try indexed.treeNow(subtree).nodes[...], path))
        }
    }
}

extension IndexedRepository {
    /// Goes through a tree in the order of names, a directory before what is in it.
    ///
    /// `visit` is called on a thread of its own with the components of each path, which begin with `path`, and says whether to
    /// go into a directory. Throws what `visit` throws, and when a tree cannot be read.
    public func walk(
        _ tree: BlobID, at path: [[UInt8]] = [], visit: @escaping @Sendable ([[UInt8]], Node) throws -> Bool
    ) async throws {
        let flag = StopFlag()
        try await withTaskCancellationHandler {
            try await Threads.run("walk") {
                var walk = OrderedWalk(self)
                try walk.run(tree, at: path, stop: flag, visit)
            }
        } onCancel: {
            flag.raise()
        }
    }

    /// The node at a path, given as components, below a tree; nil for the tree itself, which has no node.
    ///
    /// Throws `.pathMissing`.
    public func node(at path: [[UInt8]], in tree: BlobID) async throws -> Node? {
        var next: BlobID? = tree
        var node: Node?
        for name in path {
            guard let here = next, let found = try await self.tree(here).first(where: { $0.node.name == name }) else {
                throw RepositoryError(
                    .pathMissing, "there is no \(RawPath.printable(path)) in the snapshot",
                    subject: repository.location, hint: "`lifeboat ls` lists what there is")
            }
            node = found.node
            next = found.node.subtree
        }
        return node
    }
}
