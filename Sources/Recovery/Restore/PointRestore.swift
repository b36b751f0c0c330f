import DataSources
import Glibc
import ObjectStore
public import Repository
import Sealing
import Synchronization
import Trees

/// Brings back the sources of a recovery point. Nothing here touches a live service; `InPlaceRestore` does.
public struct PointRestore: Sendable {
    /// The point.
    public let entry: PointEntry
    let context: RecoveryContext

    /// A restore from `entry`.
    public init(_ entry: PointEntry, in context: RecoveryContext) {
        self.entry = entry
        self.context = context
    }

    /// The part of a source, with a snapshot that is there.
    ///
    /// - Throws: `pointIncomplete`, `pointBroken`.
    public func part(_ source: String) throws -> PointPart {
        guard let part = entry.point.part(source) else {
            throw RecoveryError(
                .pointIncomplete, "the point does not have the source \(source)", subject: "point \(entry.point.id)",
                hint: "it has: " + entry.point.parts.map(\.source).joined(separator: ", "))
        }
        guard part.snapshot != nil else {
            throw RecoveryError(
                .pointIncomplete,
                "the source \(source) is not in the point: \(part.failure?.message ?? part.outcome.rawValue)",
                subject: "point \(entry.point.id)",
                hint: "`lifeboat points` lists others; `latest` takes the newest that has it")
        }
        guard !entry.brokenSources.contains(source) else {
            throw RecoveryError(
                .pointBroken, "the snapshot of \(source) is gone: somebody removed it",
                subject: "point \(entry.point.id)",
                hint: "`lifeboat points` lists others; a replica may still have it")
        }
        return part
    }

    /// Restores the snapshot of a part below `folder`, which is made if need be: for databases `folder/<source>/…`, for file
    /// trees their own absolute paths below it.
    ///
    /// - Throws: `targetUnusable` when there is too little space, `contentDiffers` when something could not be restored.
    @discardableResult
    public func fetch(
        _ part: PointPart, to folder: String, verifies: Bool = false, exact: ExactPaths? = nil, patterns: [String] = [],
        progress: RestoreProgress = RestoreProgress()
    ) async throws -> RestoreResult {
        try await fetch(
            part, tree: PointRestore.tree(of: part), to: folder, verifies: verifies, exact: exact, patterns: patterns,
            progress: progress)
    }

    /// Bytes of the files that `patterns` match.
    public func byteCount(of part: PointPart, matching patterns: [String]) async throws -> UInt64 {
        let list = try PatternList(patterns)
        let total = Atomic<UInt64>(0)
        try await context.repository.indexed().walk(PointRestore.tree(of: part)) { path, node in
            let verdict = list.verdict(path)
            if verdict.matches, node.metadata.kind == .file {
                total.wrappingAdd(node.metadata.byteCount, ordering: .relaxed)
            }
            return verdict.matches || verdict.childMayMatch
        }
        return total.load(ordering: .relaxed)
    }

    /// Restores what is at `path` of a file tree's snapshot as `folder`: the directory itself with its metadata, or the file.
    func fetchSubtree(
        _ part: PointPart, at path: String, to folder: String, exact: ExactPaths? = nil
    ) async throws {
        let tree = try PointRestore.tree(of: part)
        let components = RawPath.clean(Array(path.utf8))
        guard let node = try await context.repository.indexed().node(at: components, in: tree) else { return }
        guard node.metadata.kind == .directory, let subtree = node.subtree else {
            throw RecoveryError(
                .targetUnusable, "only directories are restored in place", subject: path,
                hint: "restore the file with --to and move it yourself")
        }
        try await fetch(part, tree: subtree, to: folder, verifies: true, exact: exact, progress: RestoreProgress())
        try await PointRestore.lane.run { () throws(TreeError) in
            let sink = try LocalTreeSink(root: Array(folder.parentFolder.utf8), options: LocalTreeSink.Options())
            let name = Array(folder.dropFirst(folder.parentFolder.count).drop { $0 == "/" }.utf8)
            _ = try sink.finish([name], node)
        }
    }

    private static func tree(of part: PointPart) throws -> BlobID {
        guard let tree = part.snapshot.flatMap({ BlobID(hex: $0.tree) }) else {
            throw RecoveryError(.pointIncomplete, "the part names no snapshot", subject: part.source)
        }
        return tree
    }

    @discardableResult
    private func fetch(
        _ part: PointPart, tree: BlobID, to folder: String, verifies: Bool, exact: ExactPaths? = nil,
        patterns: [String] = [], progress: RestoreProgress
    ) async throws -> RestoreResult {
        let needed = exact == nil && patterns.isEmpty ? part.byteCount : 0
        try await PointRestore.lane.run { try PointRestore.requireSpace(needed, at: folder, for: part.source) }
        let sink = try await PointRestore.lane.run { () throws(TreeError) in
            try LocalTreeSink(root: Array(folder.utf8), options: LocalTreeSink.Options())
        }
        var settings = RestoreSettings()
        settings.verifies = verifies
        settings.exact = exact
        settings.include = try PatternList(patterns)
        let report = context.report
        settings.report = { report("\(part.source): \(PointPart.Failure($0).message)") }
        settings.warn = { report("\(part.source): \($0.subject): \($0.message)") }
        let result = try await context.repository.indexed().restore(tree: tree, to: sink, settings, progress: progress)
        guard result.failureCount == 0 else {
            throw RecoveryError(
                .contentDiffers, "\(result.failureCount) things of \(part.source) could not be restored",
                subject: "point \(entry.point.id)", hint: "`lifeboat check --read-data` tells what is damaged")
        }
        return result
    }

    static let lane = BlockingLane(name: "restore", threadCount: 2)

    /// Throws when `byteCount` bytes do not fit where `path` is, or will be.
    static func requireSpace(_ byteCount: UInt64, at path: String, for source: String) throws {
        var place = path
        var status = statvfs()
        while statvfs(place, &status) != 0, errno == ENOENT, place.count > 1 {
            place = place.parentFolder
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard status.f_frsize > 0, free < byteCount else { return }
        throw RecoveryError(
            .targetUnusable,
            "not enough space for \(source): \(byteCount >> 20) MiB are needed, \(free >> 20) MiB are free",
            subject: place,
            hint: "make room there, or choose another place")
    }
}

extension String {
    /// The folder that a path is in.
    var parentFolder: String {
        guard let slash = lastIndex(of: "/"), slash != startIndex else { return "/" }
        return String(self[..<slash])
    }
}
