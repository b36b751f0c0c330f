import Sealing
import Trees

/// Rewrites trees without what cannot be read, on one thread. As restic's `repair snapshots` does it:
///
/// - a file loses the blobs that are in no index, and its size becomes the sum of those that are left;
/// - a directory whose tree cannot be read becomes empty;
/// - and beyond restic: in a tree with a bad entry the others are kept, names come into order, unsafe and double ones go.
final class TreeRewriter {
    private enum Outcome {
        case same
        case changed(BlobID)
        case unreadable
    }

    private struct Frame {
        let id: BlobID
        let path: [[UInt8]]
        let salvage: TreeSalvage
        var isChanged: Bool
        var next = 0
        var builder = TreeBuilder()
        /// Waits for the tree of this node.
        var pending: TreeSalvage.Item?
    }

    private let indexed: IndexedRepository
    private let writer: BlobWriter
    private let tools: WriterTools
    private let report: ([[UInt8]], String) -> Void
    private var known: [BlobID: Outcome] = [:]
    private var frames: [Frame] = []

    /// `report` is called with a path and what is changed there.
    init(_ indexed: IndexedRepository, _ writer: BlobWriter, report: @escaping ([[UInt8]], String) -> Void) {
        self.indexed = indexed
        self.writer = writer
        self.report = report
        tools = writer.tools()
    }

    /// The tree to use in place of `root`, which may be itself; nil when it cannot be read at all.
    func rewrite(_ root: BlobID) throws -> BlobID? {
        if known[root] == nil { try enter(root, []) }
        while !frames.isEmpty { try step() }
        switch known[root] {
        case .same?: return root
        case .changed(let id)?: return id
        case .unreadable?, nil: return nil
        }
    }

    private func enter(_ id: BlobID, _ path: [[UInt8]]) throws {
        let bytes: [UInt8]
        do {
            guard frames.count < Limits.treeDepth else { throw indexed.missing(id, .tree) }
            bytes = try indexed.blobNow(id, .tree)
        } catch {
            // What is damaged is left out; a store that cannot be reached is no damage.
            guard error is RepositoryError || error is SealingError || isNotFound(error) else { throw error }
            known[id] = .unreadable
            return
        }
        let salvage = TreeSalvage(bytes)
        for loss in salvage.losses { report(path, loss) }
        frames.append(Frame(id: id, path: path, salvage: salvage, isChanged: !salvage.isWhole))
    }

    private func step() throws {
        let top = frames.count - 1
        if let item = frames[top].pending {
            frames[top].pending = nil
            return try finish(item, top)
        }
        guard frames[top].next < frames[top].salvage.items.count else { return try leave() }
        let item = frames[top].salvage.items[frames[top].next]
        frames[top].next += 1
        if let subtree = item.node.subtree {
            frames[top].pending = item
            if known[subtree] == nil { try enter(subtree, frames[top].path + [item.node.name]) }
        } else {
            append(item, changed: item.node.metadata.kind == .file ? repaired(item.node, top) : nil, top)
        }
    }

    /// A directory's own tree is known now.
    private func finish(_ item: TreeSalvage.Item, _ top: Int) throws {
        guard let subtree = item.node.subtree else { return }
        var node = item.node
        switch known[subtree] {
        case .same?: return append(item, changed: nil, top)
        case .changed(let id)?: node.subtree = id
        case .unreadable?, nil:
            report(frames[top].path + [item.node.name], "the directory cannot be read and becomes empty")
            var empty = TreeBuilder()
            node.subtree = try store(empty.finish())
        }
        append(item, changed: node, top)
    }

    private func append(_ item: TreeSalvage.Item, changed: Node?, _ top: Int) {
        if let changed {
            frames[top].isChanged = true
            frames[top].builder.append(changed)
        } else {
            frames[top].builder.append(raw: item.raw, name: item.node.name)
        }
    }

    /// The file without the blobs that are gone; nil when nothing is wrong with it.
    private func repaired(_ file: Node, _ top: Int) -> Node? {
        var node = file
        node.metadata.byteCount = 0
        node.content = file.content.filter { id in
            guard let entry = indexed.table.find(id, .data) else { return false }
            node.metadata.byteCount += UInt64(indexed.table.place(of: entry).plainByteCount)
            return true
        }
        let lost = file.content.count - node.content.count
        guard lost > 0 || node.metadata.byteCount != file.metadata.byteCount else { return nil }
        let sizes = "\(node.metadata.byteCount) of \(file.metadata.byteCount) bytes"
        report(
            frames[top].path + [file.name],
            lost > 0
                ? "\(lost) of \(file.content.count) blobs are gone; \(sizes) are left"
                : "the size is put right: \(sizes)")
        return node
    }

    private func leave() throws {
        var frame = frames.removeLast()
        guard frame.isChanged else {
            known[frame.id] = .same
            return
        }
        known[frame.id] = .changed(try store(frame.builder.finish()))
    }

    private func store(_ tree: [UInt8]) throws -> BlobID {
        try unsafe tree.withUnsafeBytes { try unsafe writer.store($0, .tree, tools: tools).id }
    }
}
