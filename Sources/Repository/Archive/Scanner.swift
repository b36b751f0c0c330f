import Sealing
import Synchronization
import Trees

/// What the scanner hands to the workers.
enum ArchiveWork: Sendable {
    /// A buffer with pieces of files to store.
    case pieces(ReadBuffer, [Piece])
    /// A directory of which everything is known.
    case directory(DirectoryJob)
}

/// A run of bytes in a buffer that is to become a blob of a file.
struct Piece: Sendable {
    let range: Range<Int>
    let file: FileJob
    let slot: Int
}

/// Walks the source depth first on one thread: compares with the parent snapshot, reads what is new, cuts it, and hands the
/// pieces on. Everything that costs more per byte is the workers' part.
final class Scanner {
    /// A directory that is being walked.
    private struct Frame {
        let directory: any SourceDirectory
        let entries: [SourceEntry]
        var next = 0
        let job: DirectoryJob
        var parent: ParentTree?
    }

    private let run: ArchiveRun
    private let source: any TreeSource
    private let reader: FileReader
    private var frames: [Frame] = []

    init(run: ArchiveRun, source: any TreeSource) {
        self.run = run
        self.source = source
        reader = FileReader(run: run)
    }

    /// Walks everything. Throws only what ends the backup; what cannot be read is reported and left out.
    func scan() throws {
        let root = DirectoryJob(parent: nil, slot: 0, node: nil, before: nil)
        let parent = run.settings.parent.flatMap { loadParent($0.tree) }
        try enter(try source.root(), root, parent: parent)
        while !frames.isEmpty {
            try run.flag.check()
            try step()
        }
        try reader.flush()
    }

    /// Handles the next entry of the innermost directory, or leaves it.
    private func step() throws {
        let top = frames.count - 1
        guard frames[top].next < frames[top].entries.count else {
            let frame = frames.removeLast()
            if frame.job.listed() { run.push(.directory(frame.job)) }
            return
        }
        let slot = frames[top].next
        frames[top].next += 1
        let entry = frames[top].entries[slot]
        let before = frames[top].parent?.find(entry.name)
        let raw = before.flatMap { frames[top].parent?.raw($0) }
        switch entry.metadata.kind {
        case .directory: try visitDirectory(entry, slot, before: before, raw: raw)
        case .file: try visitFile(entry, slot, before: before, raw: raw)
        default: visitOther(entry, slot, before: before, raw: raw)
        }
    }

    // MARK: Directories

    private func visitDirectory(_ entry: SourceEntry, _ slot: Int, before: DecodedNode?, raw: ArraySlice<UInt8>?) throws
    {
        let frame = frames[frames.count - 1]
        do throws(TreeError) {
            let node = try self.node(entry, before: before)
            let parent = before?.node.subtree.flatMap { loadParent($0) }
            var known: DirectoryJob.Before?
            if let parent, let raw {
                known = DirectoryJob.Before(tree: parent.id, nodeCount: parent.nodeCount, raw: raw)
            }
            let job = DirectoryJob(parent: frame.job, slot: slot, node: node, before: known)
            try enter(try frame.directory.directory(entry), job, parent: parent)
        } catch {
            leaveOut(slot, of: frame.job, error)
        }
    }

    private func enter(_ directory: any SourceDirectory, _ job: DirectoryJob, parent: ParentTree?) throws(TreeError) {
        let listing = try directory.entries()
        for failure in listing.failures { run.fail(failure) }
        job.expect(listing.entries.count)
        frames.append(Frame(directory: directory, entries: listing.entries, job: job, parent: parent))
    }

    /// The parent's listing of a directory; without it, when it cannot be read, everything below is read anew.
    private func loadParent(_ id: BlobID) -> ParentTree? {
        do {
            let tree = try run.indexed.treeNow(id)
            return ParentTree(id: id, bytes: tree.bytes, nodes: tree.nodes)
        } catch {
            return nil  // right to lose: `check` tells of it, and the backup heals it by storing the tree again
        }
    }

    // MARK: Files and others

    private func visitFile(_ entry: SourceEntry, _ slot: Int, before: DecodedNode?, raw: ArraySlice<UInt8>?) throws {
        let frame = frames[frames.count - 1]
        if let before, let raw, before.node.metadata.hasSameContent(as: entry.metadata), holdsAll(before.node) {
            run.progress.addBytes(Int(clamping: entry.metadata.byteCount))
            run.progress.addFile(.unchanged)
            takeOver(entry, slot, frame, before: before, raw: raw)
            return
        }
        let job: FileJob
        let file: any SourceFile
        do throws(TreeError) {
            let node = try self.node(entry, before: before)
            job = FileJob(directory: frame.job, slot: slot, node: node, isNew: before == nil)
            file = try frame.directory.open(entry)
        } catch {
            leaveOut(slot, of: frame.job, error)
            return
        }
        try reader.read(file, entry, into: job)
    }

    /// Is all of the file's content there, as many bytes as its node says? A node that promises more is damaged, and its file
    /// is read again.
    private func holdsAll(_ node: Node) -> Bool {
        let table = run.indexed.table
        var byteCount: UInt64 = 0
        for id in node.content {
            guard table.holds(id, .data), let entry = table.find(id, .data) else { return false }
            byteCount += UInt64(table.place(of: entry).plainByteCount)
        }
        return byteCount == node.metadata.byteCount
    }

    private func visitOther(_ entry: SourceEntry, _ slot: Int, before: DecodedNode?, raw: ArraySlice<UInt8>?) {
        let frame = frames[frames.count - 1]
        if let before, let raw, before.node.metadata.isSame(as: entry.metadata), !before.node.mayBeLossy {
            takeOver(entry, slot, frame, before: before, raw: raw)
            return
        }
        do throws(TreeError) {
            let node = try self.node(entry, before: before)
            run.complete(frame.job, slot, node)
        } catch {
            leaveOut(slot, of: frame.job, error)
        }
    }

    /// Takes a node over from the parent: byte for byte when all of its metadata is the same, else with its content only.
    private func takeOver(
        _ entry: SourceEntry, _ slot: Int, _ frame: Frame, before: DecodedNode, raw: ArraySlice<UInt8>
    ) {
        if before.node.metadata.isSame(as: entry.metadata), !run.settings.keepsAccessTimes, !before.node.mayBeLossy {
            if frame.job.complete(slot, raw, isReused: true) { run.push(.directory(frame.job)) }
            return
        }
        do throws(TreeError) {
            var node = try self.node(entry, before: nil)
            node.content = before.node.content
            run.complete(frame.job, slot, node)
        } catch {
            leaveOut(slot, of: frame.job, error)
        }
    }

    /// The entry's node without content; details come from the parent when nothing of it has changed.
    private func node(_ entry: SourceEntry, before: DecodedNode?) throws(TreeError) -> Node {
        let top = frames[frames.count - 1]
        var metadata = entry.metadata
        if !run.settings.keepsAccessTimes { metadata.accessed = metadata.modified }
        let details: NodeDetails
        if let before, before.node.metadata.isSame(as: entry.metadata), !before.node.mayBeLossy {
            details = before.node.details
        } else {
            details = try top.directory.details(of: entry)
        }
        return Node(name: entry.name, metadata: metadata, details: details)
    }

    private func leaveOut(_ slot: Int, of job: DirectoryJob, _ error: TreeError) {
        run.fail(error)
        if job.complete(slot, nil) { run.push(.directory(job)) }
    }
}
