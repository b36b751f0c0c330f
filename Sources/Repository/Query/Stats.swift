import Sealing
import Synchronization
import Trees

/// What `stats` counts; raw values are restic's.
public enum StatsMode: String, Sendable, CaseIterable, Codable {
    /// What a restore of every snapshot would write; hard links once in each snapshot.
    case restoreSize = "restore-size"
    /// Files with the same content once, whatever their names.
    case filesByContents = "files-by-contents"
    /// The different blobs of each different content.
    case blobsPerFile = "blobs-per-file"
    /// What the blobs in use take in the store.
    case rawData = "raw-data"
}

/// What `stats` found.
public struct StatsReport: Sendable, Hashable, Codable {
    /// Snapshots that were looked at.
    public internal(set) var snapshotCount = 0
    /// Files, directories and everything else for a restore; different contents in the modes about files; 0 for raw data.
    public internal(set) var fileCount = 0
    /// Blobs; 0 in the modes that do not count any.
    public internal(set) var blobCount = 0
    /// Bytes, by the mode.
    public internal(set) var byteCount: UInt64 = 0
    /// Raw data: bytes of the blobs before they were compressed and sealed. Else 0.
    public internal(set) var plainByteCount: UInt64 = 0
    /// Raw data: how much smaller compression makes it; 1 for not at all. Else 0.
    public internal(set) var compressionRatio = 0.0
}

/// Gathers what the modes about files need, from the threads of a walk.
private final class StatsGathering: Sendable {
    struct Links: Sendable {
        let inode: UInt64
        let device: UInt64
        let byteCount: UInt64
    }

    /// One directory, without what is in its subdirectories.
    struct Summary: Sendable {
        var nodeCount = 0
        var byteCount: UInt64 = 0
        var linked: [Links] = []
        var children: [UInt32] = []
    }

    struct State: Sendable {
        var summaries: [UInt32: Summary] = [:]
        var contents: Set<Digest> = []
        var report = StatsReport()
    }

    private let indexed: IndexedRepository
    private let mode: StatsMode
    let state = Mutex(State())

    init(_ indexed: IndexedRepository, _ mode: StatsMode) {
        self.indexed = indexed
        self.mode = mode
    }

    func add(_ visit: TreeVisit) {
        if mode == .restoreSize {
            let summary = summary(of: visit)
            return state.withLock { $0.summaries[UInt32(visit.entry)] = summary }
        }
        for decoded in visit.nodes where decoded.node.metadata.kind == .file { add(decoded.node) }
    }

    private func summary(of visit: TreeVisit) -> Summary {
        var summary = Summary()
        summary.nodeCount = visit.nodes.count
        for decoded in visit.nodes {
            let metadata = decoded.node.metadata
            if let subtree = decoded.node.subtree, let entry = indexed.table.find(subtree, .tree) {
                summary.children.append(UInt32(entry))
            } else if metadata.linkCount > 1, metadata.kind == .file {
                summary.linked.append(
                    Links(inode: metadata.inode, device: metadata.deviceID, byteCount: metadata.byteCount))
            } else {
                summary.byteCount += metadata.byteCount
            }
        }
        return summary
    }

    private func add(_ file: Node) {
        var bytes = [UInt8]()
        for id in file.content { id.digest.append(to: &bytes) }
        let content = SHA256.digest(bytes)
        let blobs = mode == .blobsPerFile ? Set(file.content) : []
        let blobBytes = blobs.reduce(UInt64(0)) { sum, id in
            sum + (indexed.table.find(id, .data).map { UInt64(indexed.table.place(of: $0).plainByteCount) } ?? 0)
        }
        state.withLock { state in
            guard state.contents.insert(content).inserted else { return }
            state.report.fileCount += 1
            state.report.blobCount += blobs.count
            state.report.byteCount += mode == .blobsPerFile ? blobBytes : file.metadata.byteCount
        }
    }

    /// Adds up what each snapshot would restore.
    func sumRestores(_ roots: [BlobID]) {
        state.withLock { state in
            for root in roots {
                guard let entry = indexed.table.find(root, .tree) else { continue }
                var links = Set<[UInt64]>()
                var next = [UInt32(entry)]
                while let tree = next.popLast() {
                    guard let summary = state.summaries[tree] else { continue }
                    state.report.fileCount += summary.nodeCount
                    state.report.byteCount += summary.byteCount
                    for link in summary.linked where links.insert([link.inode, link.device]).inserted {
                        state.report.byteCount += link.byteCount
                    }
                    next += summary.children
                }
            }
        }
    }
}

extension IndexedRepository {
    /// Counts what snapshots hold. Throws when a tree cannot be read.
    public func stats(_ snapshots: [SnapshotEntry], mode: StatsMode) async throws -> StatsReport {
        let roots = snapshots.map(\.tree)
        var report: StatsReport
        if mode == .rawData {
            report = try await rawData(roots)
        } else {
            let gathering = StatsGathering(self, mode)
            try await TreeWalk(self).run(roots) {
                gathering.add($0)
            } unreadable: { _, _, error in
                throw error
            }
            if mode == .restoreSize { try await Threads.run("stats") { gathering.sumRestores(roots) } }
            report = gathering.state.withLock { $0.report }
        }
        report.snapshotCount = snapshots.count
        return report
    }

    private func rawData(_ roots: [BlobID]) async throws -> StatsReport {
        let use = try await use(from: roots)
        if let first = use.unreadable.first { throw first.error }
        return try await Threads.run("stats") {
            var report = StatsReport()
            for entry in 0..<self.table.count where use.contains(entry) {
                let place = self.table.place(of: entry)
                report.blobCount += 1
                report.byteCount += UInt64(place.byteCount)
                report.plainByteCount += UInt64(place.plainByteCount)
            }
            let stored = report.byteCount - UInt64(report.blobCount * Sealer.overhead)
            report.compressionRatio = stored == 0 ? 1 : Double(report.plainByteCount) / Double(stored)
            return report
        }
    }
}
