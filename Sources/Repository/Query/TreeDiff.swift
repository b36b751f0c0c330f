public import Sealing
public import Trees

/// One difference between two trees.
public struct TreeChange: Sendable, Hashable {
    /// The kinds of difference; raw values are restic's marks.
    public enum Kind: String, Sendable, Codable {
        case added = "+"
        case removed = "-"
        /// The content of a file, the target of a link, or the number of a device.
        case modified = "M"
        /// Only owner, mode, times and the like.
        case metadata = "U"
        /// A file where a directory was, and so on.
        case replaced = "T"
    }

    /// What kind of difference it is.
    public let kind: Kind
    /// Components of the path.
    public let path: [[UInt8]]
    /// The node in the first tree; nil when it was added.
    public let before: Node?
    /// The node in the second tree; nil when it was removed.
    public let after: Node?

    /// Is, or was, it a directory?
    public var isDirectory: Bool { (after ?? before)?.metadata.kind == .directory }
}

/// Sums of a comparison.
public struct DiffReport: Sendable, Hashable, Codable {
    /// What one side has and the other has not.
    public struct Side: Sendable, Hashable, Codable {
        /// Files.
        public internal(set) var fileCount = 0
        /// Directories.
        public internal(set) var directoryCount = 0
        /// Links, devices and so on.
        public internal(set) var otherCount = 0
        /// Data blobs.
        public internal(set) var dataBlobCount = 0
        /// Tree blobs.
        public internal(set) var treeBlobCount = 0
        /// Plain bytes of these blobs.
        public internal(set) var byteCount: UInt64 = 0

        mutating func add(_ node: Node) {
            switch node.metadata.kind {
            case .file: fileCount += 1
            case .directory: directoryCount += 1
            default: otherCount += 1
            }
        }
    }

    /// What the second tree has more.
    public internal(set) var added = Side()
    /// What the first tree has more.
    public internal(set) var removed = Side()
    /// Files and other things whose content differs.
    public internal(set) var modifiedCount = 0
    /// Things of which only metadata differs; counted always, reported when asked for.
    public internal(set) var metadataCount = 0
}

/// Compares two trees name by name; subtrees with the same ID are equal and not looked into.
private struct TreeDiff {
    private struct Frame {
        var before: ArraySlice<Node>
        var after: ArraySlice<Node>
        let path: [[UInt8]]
    }

    private let indexed: IndexedRepository
    private var frames: [Frame] = []
    private(set) var report = DiffReport()

    init(_ indexed: IndexedRepository) { self.indexed = indexed }

    mutating func run(_ before: BlobID, _ after: BlobID, _ stop: StopFlag, _ visit: (TreeChange) throws -> Void) throws
    {
        if before != after { try push(before, after, []) }
        while let top = frames.indices.last {
            try stop.check()
            let (one, other) = takePair(top)
            guard let node = other ?? one else {
                frames.removeLast()
                continue
            }
            let path = frames[top].path + [node.name]
            if let kind = count(one, other) { try visit(TreeChange(kind: kind, path: path, before: one, after: other)) }
            guard one?.subtree != other?.subtree else { continue }
            try push(one?.subtree, other?.subtree, path)
        }
    }

    /// The next name, and what each side has of it.
    private mutating func takePair(_ top: Int) -> (Node?, Node?) {
        guard let one = frames[top].before.first else { return (nil, frames[top].after.popFirst()) }
        guard let other = frames[top].after.first else { return (frames[top].before.popFirst(), nil) }
        let order = RawName.compare(one.name, other.name)
        return (order <= 0 ? frames[top].before.popFirst() : nil, order >= 0 ? frames[top].after.popFirst() : nil)
    }

    private mutating func push(_ before: BlobID?, _ after: BlobID?, _ path: [[UInt8]]) throws {
        guard frames.count < Limits.treeDepth else {
            throw RepositoryError(
                .treeDamaged, "directories lie more than \(Limits.treeDepth) deep", subject: indexed.repository.location
            )
        }
        frames.append(Frame(before: try nodes(before)[...], after: try nodes(after)[...], path: path))
    }

    private func nodes(_ tree: BlobID?) throws -> [Node] {
        guard let tree else { return [] }
        // Sorted already, but for trees that another tool wrote in another order.
        return try indexed.treeNow(tree).nodes.map(\.node).sorted { RawName.isAscending($0.name, $1.name) }
    }

    private mutating func count(_ before: Node?, _ after: Node?) -> TreeChange.Kind? {
        guard let before else {
            after.map { report.added.add($0) }
            return .added
        }
        guard let after else {
            report.removed.add(before)
            return .removed
        }
        if before.metadata.kind != after.metadata.kind {
            report.removed.add(before)
            report.added.add(after)
            return .replaced
        }
        if before.content != after.content || before.details.linkTarget != after.details.linkTarget
            || before.metadata.device != after.metadata.device
        {
            report.modifiedCount += 1
            return .modified
        }
        var same = before.metadata
        same.accessed = after.metadata.accessed
        guard same != after.metadata || before.details != after.details else { return nil }
        report.metadataCount += 1
        return .metadata
    }
}

extension IndexedRepository {
    /// Compares two trees. `visit` is called on a thread of its own with each difference, in the order of paths; differences of
    /// metadata alone only with `includesMetadata`.
    ///
    /// Added and removed blobs are those that one tree needs anywhere and the other nowhere.
    public func diff(
        _ before: BlobID, _ after: BlobID, includesMetadata: Bool = false,
        visit: @escaping @Sendable (TreeChange) throws -> Void
    ) async throws -> DiffReport {
        let flag = StopFlag()
        let uses = (try await demandedUse(before), try await demandedUse(after))
        return try await withTaskCancellationHandler {
            try await Threads.run("diff") {
                var diff = TreeDiff(self)
                try diff.run(before, after, flag) { change in
                    if includesMetadata || change.kind != .metadata { try visit(change) }
                }
                var report = diff.report
                for entry in 0..<self.table.count {
                    let (one, other) = (uses.0.contains(entry), uses.1.contains(entry))
                    if one, !other { self.count(entry, &report.removed) }
                    if other, !one { self.count(entry, &report.added) }
                }
                return report
            }
        } onCancel: {
            flag.raise()
        }
    }

    private func demandedUse(_ tree: BlobID) async throws -> BlobUse {
        let use = try await use(from: [tree])
        if let first = use.unreadable.first { throw first.error }
        return use
    }

    private func count(_ entry: Int, _ side: inout DiffReport.Side) {
        if table.type(of: entry) == .data { side.dataBlobCount += 1 } else { side.treeBlobCount += 1 }
        side.byteCount += UInt64(table.place(of: entry).plainByteCount)
    }
}
