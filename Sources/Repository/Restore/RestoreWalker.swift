import Sealing
import Trees

/// Walks the tree on one thread: makes directories, links and devices, removes what does not belong, and gives the workers
/// batches of files. Directories get their metadata at the very end, deepest first, when nothing is written into them any more.
final class RestoreWalker: @unchecked Sendable {  // used by one thread at a time: `walk`, and `finish` after it
    private struct HardLink: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private struct Frame {
        let path: [[UInt8]]
        let nodes: [DecodedNode]
        var next = 0
    }

    private let run: RestoreRun
    private var frames: [Frame] = []
    private var directories: [(path: [[UInt8]], node: Node)] = []
    private var linked: [HardLink: RestoreFile] = [:]
    private var links: [(path: [[UInt8]], target: RestoreFile)] = []
    private var batch: [RestoreSegment] = []
    private var batchByteCount = 0

    init(run: RestoreRun) { self.run = run }

    private var isQuiet: Bool { run.isVerifying || run.settings.isDryRun }

    /// Walks everything and hands out all files.
    func walk(_ root: BlobID) throws {
        try enter(root, path: [], isSelected: true)
        while let top = frames.last {
            try run.flag.check()
            if top.next == top.nodes.count {
                frames.removeLast()
            } else {
                frames[frames.count - 1].next += 1
                try visit(top.nodes[top.next].node, in: top.path)
            }
        }
        flush()
    }

    private func enter(_ tree: BlobID, path: [[UInt8]], isSelected: Bool) throws {
        guard frames.count < Limits.treeDepth else {
            return try run.fail(TreeError(.unsupported, "the tree is too deep", subject: RawPath.printable(path)))
        }
        do {
            let nodes = try run.indexed.treeNow(tree).nodes
            frames.append(Frame(path: path, nodes: nodes))
            if run.settings.deletes, isSelected, !run.isVerifying { try removeOthers(nodes, path) }
        } catch {
            try run.fail(error)
        }
    }

    private func visit(_ node: Node, in parent: [[UInt8]]) throws {
        guard node.hasSafeName else {
            guard !run.isVerifying else { return }
            return try run.fail(
                TreeError(
                    .unsafeName, "the name `\(RawName.printable(node.name))` cannot be restored",
                    subject: RawPath.printable(parent), hint: "the repository holds a name that no file can have"))
        }
        let path = parent + [node.name]
        let (isSelected, childMayBe) = run.settings.selects(path)
        if node.metadata.kind == .directory {
            guard childMayBe || isSelected, let subtree = node.subtree else { return }
            if try makeDirectory(path, node, isSelected: isSelected) {
                try enter(subtree, path: path, isSelected: isSelected)
            }
        } else if isSelected {
            try restore(node, path)
        }
    }

    private func makeDirectory(_ path: [[UInt8]], _ node: Node, isSelected: Bool) throws -> Bool {
        guard !run.isVerifying else { return true }
        do throws(TreeError) {
            if !run.settings.isDryRun { try run.sink.makeDirectory(path) }
        } catch {
            try run.fail(error)
            return false
        }
        run.progress.update { $0.directoryCount += 1 }
        // A directory that is only on the way to something selected gets its metadata too, as in restic.
        directories.append((path, node))
        return true
    }

    private func restore(_ node: Node, _ path: [[UInt8]]) throws {
        switch node.metadata.kind {
        case .file: addFile(node, path)
        case .socket, .directory: return
        default:
            guard !run.isVerifying else { return }
            run.progress.update { $0.otherCount += 1 }
            guard !run.settings.isDryRun else { return }
            do throws(TreeError) {
                run.warn(try run.sink.makeSpecial(path, node))
            } catch {
                try run.fail(error)
            }
        }
    }

    // MARK: Files

    private func addFile(_ node: Node, _ path: [[UInt8]]) {
        if let first = firstName(of: node) {
            links.append((path, first))
            if !run.isVerifying { run.progress.update { $0.otherCount += 1 } }
            return
        }
        let segments = cut(node, path)
        if !run.isVerifying {
            run.progress.update { result in
                result.fileCount += 1
                result.byteCount += node.metadata.byteCount
            }
        }
        if node.metadata.linkCount > 1, let file = segments.first?.file {
            linked[HardLink(device: node.metadata.deviceID, inode: node.metadata.inode)] = file
        }
        for segment in segments {
            batch.append(segment)
            batchByteCount += segment.byteCount
            if batchByteCount >= RestoreSegment.byteCountLimit || batch.count >= RestoreSegment.countLimit { flush() }
        }
    }

    /// An earlier name of the same file: same inode and device, more than one link, and the same content, which restic does
    /// not ask for and so may link what only looks alike.
    private func firstName(of node: Node) -> RestoreFile? {
        guard node.metadata.linkCount > 1 else { return nil }
        let key = HardLink(device: node.metadata.deviceID, inode: node.metadata.inode)
        guard let first = linked[key], first.node.content == node.content else { return nil }
        return first
    }

    /// Cuts a file into segments; a file that needs no blob is one segment without blobs. Blobs that are in no index have
    /// unknown length: the worker reports them.
    private func cut(_ node: Node, _ path: [[UInt8]]) -> [RestoreSegment] {
        let table = run.indexed.table
        var ranges: [(blobs: Range<Int>, offset: UInt64, byteCount: Int)] = []
        var start = 0
        var offset: UInt64 = 0
        var byteCount = 0
        for (number, id) in node.content.enumerated() {
            byteCount += table.find(id, .data).map { table.place(of: $0).plainByteCount } ?? 0
            if byteCount >= RestoreSegment.byteCountLimit {
                ranges.append((start..<number + 1, offset, byteCount))
                offset += UInt64(byteCount)
                start = number + 1
                byteCount = 0
            }
        }
        if start < node.content.count || ranges.isEmpty {
            ranges.append((start..<node.content.count, offset, byteCount))
        }
        let file = RestoreFile(
            path: path, node: sized(node, path, offset + UInt64(byteCount)), segmentCount: ranges.count)
        return ranges.map { RestoreSegment(file: file, blobs: $0.blobs, offset: $0.offset, byteCount: $0.byteCount) }
    }

    /// The content decides on the size. restic pads or cuts to what the node says, without a word.
    private func sized(_ node: Node, _ path: [[UInt8]], _ byteCount: UInt64) -> Node {
        let isKnown = node.content.allSatisfy { run.indexed.table.find($0, .data) != nil }
        guard isKnown, node.metadata.byteCount != byteCount else { return node }
        var sized = node
        sized.metadata.byteCount = byteCount
        run.warn([
            TreeError(
                .malformedTree,
                "the snapshot gives the file \(node.metadata.byteCount) bytes and its content has \(byteCount), which were taken",
                subject: RawPath.printable(path), hint: "run `lifeboat check`")
        ])
        return sized
    }

    private func flush() {
        if !batch.isEmpty { run.push(batch) }
        batch = []
        batchByteCount = 0
    }

    // MARK: What the snapshot does not have

    private func removeOthers(_ nodes: [DecodedNode], _ path: [[UInt8]]) throws {
        let wanted = Set(nodes.map(\.node.name))
        do throws(TreeError) {
            // In a dry run the directory may not be there yet.
            let there = path.isEmpty ? nil : try run.sink.existing(path)
            guard path.isEmpty || there?.kind == .directory else { return }
            for name in try run.sink.list(path) where !wanted.contains(name) { try removeOther(path + [name]) }
        } catch {
            try run.fail(error)
        }
    }

    private func removeOther(_ path: [[UInt8]]) throws(TreeError) {
        guard run.settings.selects(path).isSelected else { return }
        if !run.settings.isDryRun { try run.sink.remove(path) }
        run.progress.update { $0.deletedCount += 1 }
    }

    // MARK: After all files

    /// Makes the further names of files with several links, then gives directories their metadata, deepest first.
    func finish() throws {
        guard !isQuiet else { return }
        for (path, target) in links {
            do throws(TreeError) {
                try run.sink.makeHardLink(path, to: target.path)
            } catch {
                try run.fail(error)
            }
        }
        for (path, node) in directories.reversed() {
            do throws(TreeError) {
                run.warn(try run.sink.finish(path, node))
            } catch {
                try run.fail(error)
            }
        }
    }
}
