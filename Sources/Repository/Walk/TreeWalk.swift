public import Sealing
public import Trees

/// A tree on a walk.
public struct TreeVisit: Sendable {
    /// The tree's ID.
    public let id: BlobID
    /// Number of its entry in the blob table: the one that `find` gives.
    public let entry: Int
    /// Where the walk came upon it first.
    public let place: TreePlace
    /// The bytes of the blob.
    public let bytes: [UInt8]
    /// Its nodes.
    public let nodes: [DecodedNode]
}

/// Visits every tree that can be reached from some roots, each once, in no particular order, on a few threads of its own.
///
/// Memory: one bit for each entry of the index, a list of directories seen and not yet read, and one tree for each thread.
/// A tree cannot contain itself, since its ID is a digest; depth is bounded all the same.
public struct TreeWalk: Sendable {
    /// Threads that read trees; they wait for the store most of the time.
    public var threadCount = 4
    /// Reads each tree from the place that `find` gives and no other, so that damage shows even where a copy would do.
    public var isStrict = false
    private let indexed: IndexedRepository

    /// Makes a walk through a repository.
    public init(_ indexed: IndexedRepository) { self.indexed = indexed }

    /// Walks from `roots`. Both closures are called from several threads at once; what one of them throws ends the walk.
    ///
    /// `unreadable` is told once of each tree that is in no index, cannot be read, or is too deep.
    public func run(
        _ roots: [BlobID], visit: @escaping @Sendable (TreeVisit) throws -> Void,
        unreadable: @escaping @Sendable (BlobID, TreePlace, any Error) throws -> Void
    ) async throws {
        let walk = RunningWalk(indexed, isStrict: isStrict, visit, unreadable)
        try await withTaskCancellationHandler {
            try walk.start(roots)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<max(1, threadCount) {
                    group.addTask { try await Threads.run("walk-\(number)") { walk.work() } }
                }
                try await group.waitForAll()
            }
        } onCancel: {
            walk.fail(CancellationError())
        }
        try walk.result()
    }
}

private final class RunningWalk: Sendable {
    private struct Step: Sendable {
        let id: BlobID
        let entry: Int
        let place: TreePlace
    }

    private struct State: Sendable {
        var steps: [Step] = []
        var seen: BitSet
        var missing: Set<BlobID> = []
        var busyCount = 0
        var failure: (any Error)?
    }

    private let indexed: IndexedRepository
    private let isStrict: Bool
    private let visit: @Sendable (TreeVisit) throws -> Void
    private let unreadable: @Sendable (BlobID, TreePlace, any Error) throws -> Void
    private let state: Monitor<State>

    init(
        _ indexed: IndexedRepository, isStrict: Bool, _ visit: @escaping @Sendable (TreeVisit) throws -> Void,
        _ unreadable: @escaping @Sendable (BlobID, TreePlace, any Error) throws -> Void
    ) {
        self.indexed = indexed
        self.isStrict = isStrict
        self.visit = visit
        self.unreadable = unreadable
        state = Monitor(State(seen: BitSet(limit: indexed.table.count)))
    }

    func start(_ roots: [BlobID]) throws {
        try push(roots.enumerated().map { ($1, TreePlace(root: $0)) })
    }

    func result() throws {
        if let failure = state.read({ $0.failure }) { throw failure }
    }

    func fail(_ error: any Error) {
        state.update { $0.failure = $0.failure ?? error }
    }

    func work() {
        while let step = next() {
            do {
                try take(step)
            } catch {
                fail(error)
            }
            state.update { $0.busyCount -= 1 }
        }
    }

    /// The directory seen last, which bounds the list; nil when nothing is left or the walk has failed.
    private func next() -> Step? {
        state.wait { state -> Step?? in
            if state.failure != nil { return .some(nil) }
            if let step = state.steps.popLast() {
                state.busyCount += 1
                return step
            }
            return state.busyCount == 0 ? .some(nil) : nil
        } ?? nil
    }

    private func take(_ step: Step) throws {
        let tree: LoadedTree
        do {
            guard step.place.depth <= Limits.treeDepth else { throw tooDeep(step) }
            tree = try isStrict ? indexed.treeNow(at: step.entry) : indexed.treeNow(step.id)
        } catch {
            return try unreadable(step.id, step.place, error)
        }
        try visit(TreeVisit(id: step.id, entry: step.entry, place: step.place, bytes: tree.bytes, nodes: tree.nodes))
        try push(
            tree.nodes.compactMap { decoded in
                decoded.node.subtree.map { ($0, TreePlace(decoded.node.name, in: step.place)) }
            })
    }

    /// Puts the trees that were not seen before on the list.
    private func push(_ trees: [(id: BlobID, place: TreePlace)]) throws {
        let found = trees.reversed().map { (tree: $0, entry: indexed.table.find($0.id, .tree)) }
        var missing = [(id: BlobID, place: TreePlace)]()
        state.update { state in
            for (tree, entry) in found {
                if let entry {
                    if state.seen.insert(entry) {
                        state.steps.append(Step(id: tree.id, entry: entry, place: tree.place))
                    }
                } else if state.missing.insert(tree.id).inserted {
                    missing.append(tree)
                }
            }
        }
        for tree in missing { try unreadable(tree.id, tree.place, indexed.missing(tree.id, .tree)) }
    }

    private func tooDeep(_ step: Step) -> RepositoryError {
        RepositoryError(
            .treeDamaged, "tree \(step.id.short) lies below more than \(Limits.treeDepth) directories",
            subject: indexed.repository.location)
    }
}
