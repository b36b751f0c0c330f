import Sealing
import Synchronization
import Trees

/// Looks for different files that look like one file with several names.
///
/// Readers take files of one snapshot with the same inode and device, and more than one link, for the same file, whatever
/// their content says: the second is restored as a link to the first. Across snapshots the same inode may well have different
/// content, so each snapshot is looked at by itself, though only where it has such files at all.
final class LinkCheck: Sendable {
    private struct LinkedFile: Sendable {
        let identity: Identity
        let content: Digest
        let name: [UInt8]
    }

    private struct Identity: Hashable, Sendable {
        let inode: UInt64
        let device: UInt64
    }

    /// Trees are known by their entry numbers: a repository may have millions of them.
    private struct State: Sendable {
        /// For each tree with subdirectories, where these stand in `edges`.
        var children: [UInt32: Range<Int>] = [:]
        var edges: [UInt32] = []
        var linked: [UInt32: [LinkedFile]] = [:]
    }

    private let indexed: IndexedRepository
    private let snapshots: [SnapshotEntry]
    private let state = Mutex(State())

    init(_ indexed: IndexedRepository, _ snapshots: [SnapshotEntry]) {
        self.indexed = indexed
        self.snapshots = snapshots
    }

    /// Keeps what is needed of a tree.
    func note(_ visit: TreeVisit) {
        var edges = [UInt32]()
        var linked = [LinkedFile]()
        for decoded in visit.nodes {
            let node = decoded.node
            if let subtree = node.subtree, let entry = indexed.table.find(subtree, .tree) {
                edges.append(UInt32(entry))
            }
            guard node.metadata.kind == .file, node.metadata.linkCount > 1 else { continue }
            let identity = Identity(inode: node.metadata.inode, device: node.metadata.deviceID)
            linked.append(
                LinkedFile(identity: identity, content: LinkCheck.digest(node.content), name: node.name))
        }
        guard !edges.isEmpty || !linked.isEmpty else { return }
        state.withLock { state in
            if !edges.isEmpty {
                state.children[UInt32(visit.entry)] = state.edges.count..<state.edges.count + edges.count
                state.edges += edges
            }
            if !linked.isEmpty { state.linked[UInt32(visit.entry)] = linked }
        }
    }

    private static func digest(_ content: [BlobID]) -> Digest {
        var bytes = [UInt8]()
        for id in content { id.digest.append(to: &bytes) }
        return SHA256.digest(bytes)
    }

    /// Compares the files of each snapshot; each different root once.
    func check(_ run: CheckRun) {
        let state = state.withLock { $0 }
        guard !state.linked.isEmpty else { return }
        let leading = LinkCheck.leading(state)
        var roots = Set<BlobID>()
        var reported = Set<Identity>()
        for snapshot in snapshots where roots.insert(snapshot.tree).inserted {
            guard let root = indexed.table.find(snapshot.tree, .tree), leading.contains(UInt32(root)) else { continue }
            compare(snapshot, UInt32(root), state, leading, &reported, run)
        }
    }

    /// Trees that have linked files somewhere below them.
    private static func leading(_ state: State) -> Set<UInt32> {
        var parents = [UInt32: [UInt32]]()
        for (tree, range) in state.children {
            for child in state.edges[range] { parents[child, default: []].append(tree) }
        }
        var leading = Set(state.linked.keys)
        var next = Array(leading)
        while let tree = next.popLast() {
            for parent in parents[tree] ?? [] where leading.insert(parent).inserted { next.append(parent) }
        }
        return leading
    }

    /// A directory on the way through a snapshot, and the one above it.
    private struct Step {
        let tree: UInt32
        let above: Int?
    }

    private func compare(
        _ snapshot: SnapshotEntry, _ root: UInt32, _ state: State, _ leading: Set<UInt32>,
        _ reported: inout Set<Identity>, _ run: CheckRun
    ) {
        var first = [Identity: (content: Digest, step: Int, name: [UInt8])]()
        var steps = [Step(tree: root, above: nil)]
        var index = 0
        while index < steps.count {
            let tree = steps[index].tree
            for file in state.linked[tree] ?? [] {
                guard let other = first[file.identity] else {
                    first[file.identity] = (file.content, index, file.name)
                    continue
                }
                guard other.content != file.content, reported.insert(file.identity).inserted else { continue }
                report(snapshot, path(steps, other.step, other.name), path(steps, index, file.name), run)
            }
            for child in state.children[tree].map({ state.edges[$0] }) ?? [] where leading.contains(child) {
                steps.append(Step(tree: child, above: index))
            }
            index += 1
        }
    }

    /// The path of a file, put together by reading the directories above it once more: this is for a message only.
    private func path(_ steps: [Step], _ index: Int, _ name: [UInt8]) -> String {
        var names = [name]
        var step = steps[index]
        while let above = step.above {
            let child = indexed.table.blob(of: Int(step.tree))
            step = steps[above]
            // Losing the error is right: a path with a gap still tells more than no finding.
            let nodes = (try? indexed.treeNow(indexed.table.blob(of: Int(step.tree))))?.nodes ?? []
            names.append(nodes.first { $0.node.subtree == child }?.node.name ?? [UInt8(ascii: "?")])
        }
        return names.reversed().map { "/" + RawName.printable($0) }.joined()
    }

    private func report(_ snapshot: SnapshotEntry, _ one: String, _ other: String, _ run: CheckRun) {
        run.find(
            .error, .falseHardLink,
            "`\(one)` and `\(other)` differ, and say that they are one file with several names: "
                + "restic restores one in place of the other",
            subject: "snapshot \(snapshot.id.short) of \(indexed.repository.location)",
            hint: "restore them one by one; a new backup of the source heals later snapshots")
    }
}
