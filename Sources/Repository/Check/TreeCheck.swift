import Sealing
import Trees

/// Walks all snapshots and looks at every node.
struct TreeCheck: Sendable {
    private let indexed: IndexedRepository
    private let snapshots: [SnapshotEntry]
    private let run: CheckRun
    private let marks: UseMarks
    private let links: LinkCheck
    private let treeCount = SharedCounter()

    init(_ indexed: IndexedRepository, _ snapshots: [SnapshotEntry], _ run: CheckRun) {
        self.indexed = indexed
        self.snapshots = snapshots
        self.run = run
        marks = UseMarks(indexed.table)
        links = LinkCheck(indexed, snapshots)
    }

    func check() async throws {
        try await TreeWalk(indexed).run(snapshots.map(\.tree)) { visit in
            check(visit)
        } unreadable: { id, place, error in
            report(id, place, error)
        }
        try await Threads.run("check-links") { links.check(run) }
        let use = marks.use
        run.update { report in
            report.treeCount = treeCount.value
            report.usedBlobCount = use.count
        }
        run.advance(.trees, treeCount.value, of: treeCount.value)
    }

    private func report(_ id: BlobID, _ place: TreePlace, _ error: any Error) {
        let code: CheckFinding.Code = (error as? RepositoryError)?.code == .blobMissing ? .blobMissing : .treeDamaged
        run.find(
            .error, code, BlobReader.reason(error), subject: describe(place),
            hint: "run `lifeboat repair snapshots`, which goes on without what cannot be read")
    }

    private func check(_ visit: TreeVisit) {
        run.advance(.trees, treeCount.add(1), of: nil)
        let missing = Set(marks.mark(visit))
        for problem in TreeProblem.find(in: visit.nodes) { report(problem, visit) }
        for decoded in visit.nodes {
            checkTimes(decoded.node, visit)
            if decoded.node.metadata.kind == .file { checkFile(decoded.node, missing, visit) }
        }
        links.note(visit)
    }

    private func checkFile(_ node: Node, _ missing: Set<BlobID>, _ visit: TreeVisit) {
        let lost = missing.isEmpty ? [] : node.content.filter { missing.contains($0) }
        if let first = lost.first {
            return run.find(
                .error, .blobMissing,
                "\(lost.count) of the file's \(node.content.count) blobs are in no index, the first is \(first.hex)",
                subject: describe(visit.place, node),
                hint: "run `lifeboat repair index`; if it stays, `lifeboat repair snapshots` goes on without the blobs")
        }
        let sum = node.content.reduce(UInt64(0)) { sum, id in
            sum + (indexed.table.find(id, .data).map { UInt64(indexed.table.place(of: $0).plainByteCount) } ?? 0)
        }
        guard sum != node.metadata.byteCount else { return }
        run.find(
            .error, .fileSize, "the file's size is \(node.metadata.byteCount), and its blobs have \(sum) bytes",
            subject: describe(visit.place, node),
            hint: "run `lifeboat check --read-data` first: a wrong length in an index looks the same")
    }

    private func checkTimes(_ node: Node, _ visit: TreeVisit) {
        let times = [node.metadata.modified, node.metadata.accessed, node.metadata.changed]
        // restic restores what fits a 64-bit number of nanoseconds; other years come out as something else.
        let limit: Int64 = 9_223_372_036
        guard times.contains(where: { abs($0.seconds) > limit }) else { return }
        let isUnknown = times.contains(.unknown)
        run.find(
            .warning, .timeUnusable,
            isUnknown ? "a time is missing" : "a time lies outside the years 1678 to 2261, which restic cannot restore",
            subject: describe(visit.place, node))
    }

    private func report(_ problem: TreeProblem, _ visit: TreeVisit) {
        let message =
            switch problem.code {
            case .emptyName: "an entry has no name"
            case .unsafeName: "the name `\(problem.name)` cannot be restored"
            case .unsorted: "the name `\(problem.name)` is not in its place: lookups may miss it"
            case .duplicateName: "the name `\(problem.name)` is there twice: one of them cannot be restored"
            }
        run.find(
            .error, .treeName, message, subject: describe(visit.place),
            hint: "run `lifeboat repair snapshots`, which puts names in order and leaves out what has no usable name")
    }

    private func describe(_ place: TreePlace, _ node: Node? = nil) -> String {
        let path = place.path + (node.map { [UInt8(ascii: "/")] + $0.name } ?? [])
        let text = path.isEmpty ? "/" : RawName.printable(path)
        return "\(text) in snapshot \(snapshots[place.root].id.short) of \(indexed.repository.location)"
    }
}
