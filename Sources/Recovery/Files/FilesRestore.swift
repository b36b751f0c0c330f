import DataSources
import ObjectStore
public import Repository
import Sealing
import Synchronization
import Trees

/// Restores the tree that belongs to a database at a moment, and says what does not fit.
public struct FilesRestore: Sendable {
    /// What was restored, or would be.
    public struct Outcome: Sendable, Hashable, Codable {
        /// The source of the files.
        public var source: String
        /// The point, and the moments between which it was read, seconds since 1970.
        public var from: FilesAt.Candidate
        /// How far the files may be from the database, seconds; negative where they are older.
        public var skew: Double
        /// Where they are; nil when nothing was restored.
        public var folder: String?
        /// Rows that name a file; nil when nobody asked.
        public var rowCount: Int?
        /// Of these, paths that came from older snapshots.
        public var fromEarlier: [String] = []
        /// And those that no snapshot has.
        public var rowsWithoutFile: [String] = []
        /// What was erased from it; nil when nothing was restored.
        public var erased: ErasedFiles?

        enum CodingKeys: String, CodingKey {
            case source, from, folder, erased
            case skew = "skew_seconds"
            case rowCount = "row_count"
            case fromEarlier = "from_earlier"
            case rowsWithoutFile = "rows_without_file"
        }
    }

    /// The choice.
    public let choice: FilesAt.Choice
    private let source: ProtectedSource
    private let entries: [PointEntry]
    private let context: RecoveryContext

    /// Chooses the snapshot of `source` for a database at `time`, seconds since 1970.
    ///
    /// - Throws: `pointMissing` when no point has the tree.
    public init(_ source: ProtectedSource, at time: Double, in context: RecoveryContext) async throws {
        entries = try await PointStore(context.repository).list().entries
        guard let choice = FilesAt.choose(FilesAt.candidates(source.name, in: entries), at: time) else {
            throw RecoveryError(
                .pointMissing, "no recovery point has the files of \(source.name)",
                subject: context.repository.location,
                hint: "`lifeboat points` tells what is wrong with them; leave it out with --source")
        }
        self.choice = choice
        self.source = source
        self.context = context
    }

    /// The point that has the chosen snapshot.
    public var entry: PointEntry { entry(choice.chosen) }

    /// Restores only what matches `patterns`, from the chosen snapshot, to where `run` restores all of it, and erases as that does.
    ///
    /// - Throws: as `run`.
    public func runFirst(_ folder: String, patterns: [String], beside databases: [TreeDatabase] = []) async throws {
        let target = folder + "/" + source.name
        let isMarked = try await restore(choice.chosen).markFiles(of: source.name, target)
        _ = try await context.repository.locked(.shared, context.locks) { _ in
            try await restore(choice.chosen).fetch(part(choice.chosen), to: target, patterns: patterns)
        }
        _ = try await erase(target, databases)
        if isMarked { try await PointRestore.unmark(target) }
    }

    /// Those that came from older snapshots are of people whom the database has, and goes with them.
    private func erase(_ target: String, _ databases: [TreeDatabase]) async throws -> ErasedFiles {
        try await Handover(in: context).eraseFiles(
            of: RestoredTree(
                source: source.name, root: target,
                readFrom: Timestamp(seconds: Int64(choice.chosen.from.rounded(.down)), nanoseconds: 0)),
            beside: databases)
    }

    /// What would be done, as far as it is known before rows can be asked.
    public var outline: Outcome { Outcome(source: source.name, from: choice.chosen, skew: choice.skew) }

    /// Restores to `folder/<source>/…`, without files of people erased since. `rows` are what the restored databases say of
    /// their files; `databases` those that it belongs to: who is erased from them since goes too.
    ///
    /// - Throws: as `PointRestore.fetch`; `erasuresIncomplete`, `notHandedOver`.
    public func run(
        _ folder: String, rows: FileRows? = nil, beside databases: [TreeDatabase] = [],
        progress: RestoreProgress = RestoreProgress()
    ) async throws -> Outcome {
        let started = context.now().rfc3339
        var outcome = outline
        let target = folder + "/" + source.name
        let isMarked = try await restore(choice.chosen).markFiles(of: source.name, target)
        try await context.repository.locked(.shared, context.locks) { _ in
            if let rows {
                try await bringLost(rows, &outcome) { candidate, paths in
                    try await restore(candidate).fetch(
                        part(candidate), to: target, verifies: true, exact: ExactPaths(paths), progress: progress)
                }
            }
            try await restore(choice.chosen).fetch(
                part(choice.chosen), to: target, verifies: true, progress: progress)
        }
        outcome.folder = target
        let erased = try await erase(target, databases)
        if isMarked { try await PointRestore.unmark(target) }
        outcome.erased = erased
        if erased.fileCount > 0, let root = rows?.root {
            outcome.fromEarlier = await PointRestore.lane.run { [paths = outcome.fromEarlier] in
                paths.filter { Exchange.exists("\(target)\(root)/\($0)") }
            }
        }
        try await context.recorder.record(
            "restore",
            FilesEvent(
                point: choice.chosen.point, sources: [source.name], target: "folder", outcome: "finished",
                started: started, skew: outcome.skew, rowsWithoutFileCount: outcome.rowsWithoutFile.count,
                fromEarlierCount: outcome.fromEarlier.count, erasedFiles: [erased]))
        return outcome
    }

    /// Brings what the chosen snapshot lacks beside what is live, before the tree itself is built there.
    func bringLost(_ rows: FileRows, beside exchanges: [Exchange]) async throws -> Outcome {
        var outcome = outline
        try await bringLost(rows, &outcome) { candidate, paths in
            for exchange in exchanges {
                let live = RawPath.clean(Array(exchange.live.utf8))
                let own = paths.filter { $0.starts(with: live) }.map { Array($0.dropFirst(live.count)) }
                guard let new = exchange.new, !own.isEmpty else { continue }
                try await restore(candidate).fetchSubtree(
                    part(candidate), at: exchange.live, to: new, exact: ExactPaths(own))
            }
        }
        return outcome
    }

    /// Looks for what rows name and the chosen snapshot lacks, and gives it to `fetch`, the oldest snapshot first: the chosen one
    /// comes behind them, so that folders get its metadata.
    private func bringLost(
        _ rows: FileRows, _ outcome: inout Outcome,
        _ fetch: (_ candidate: FilesAt.Candidate, _ paths: [[[UInt8]]]) async throws -> Void
    ) async throws {
        outcome.rowCount = rows.paths.count
        var missing = try await absent(rows.paths, rows.root, choice.chosen)
        var found = [(candidate: FilesAt.Candidate, paths: Set<String>)]()
        for candidate in choice.earlier where !missing.isEmpty {
            let rest = try await absent(missing, rows.root, candidate)
            if rest.count < missing.count { found.append((candidate, missing.subtracting(rest))) }
            missing = rest
        }
        for (candidate, paths) in found.reversed() {
            try await fetch(candidate, paths.map { FileRows.components($0, below: rows.root) })
            outcome.fromEarlier += paths
        }
        outcome.fromEarlier.sort()
        outcome.rowsWithoutFile = missing.sorted()
    }

    /// What the event ledger keeps: as of other restores, and what does not fit.
    private struct FilesEvent: Codable, Sendable {
        var point: String
        var sources: [String]
        var target: String
        var outcome: String
        var started: String
        var skew: Double
        var rowsWithoutFileCount: Int
        var fromEarlierCount: Int
        var erasedFiles: [ErasedFiles]

        enum CodingKeys: String, CodingKey {
            case point, sources, target, outcome, started
            case skew = "skew_seconds"
            case rowsWithoutFileCount = "rows_without_file_count"
            case fromEarlierCount = "from_earlier_count"
            case erasedFiles = "erased_files"
        }
    }

    private func entry(_ candidate: FilesAt.Candidate) -> PointEntry {
        guard let entry = entries.first(where: { $0.point.id == candidate.point }) else {
            preconditionFailure("candidates are made of these points")
        }
        return entry
    }

    private func restore(_ candidate: FilesAt.Candidate) -> PointRestore { PointRestore(entry(candidate), in: context) }

    private func part(_ candidate: FilesAt.Candidate) throws -> PointPart {
        try restore(candidate).part(source.name)
    }

    /// Those of `paths`, below `root`, that a snapshot has no file for.
    private func absent(
        _ paths: Set<String>, _ root: String, _ candidate: FilesAt.Candidate
    ) async throws -> Set<String> {
        let indexed = try await context.repository.indexed()
        guard let tree = try part(candidate).snapshot.flatMap({ BlobID(hex: $0.tree) }) else { return paths }
        let below = RawPath.clean(Array(root.utf8))
        guard let start = try await indexed.node(at: below, in: tree)?.subtree ?? (below.isEmpty ? tree : nil) else {
            return paths
        }
        let left = Mutex(paths)
        try await indexed.walk(start) { path, node in
            guard node.metadata.kind == .file else { return true }
            let name = path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
            left.withLock { _ = $0.remove(name) }
            return true
        }
        return left.withLock { $0 }
    }
}

/// Which files the rows of a database name.
public struct FileRows: Sendable, Hashable {
    /// The source that has them.
    public var source: String
    /// Folder that the paths are relative to.
    public var root: String
    /// Paths below it.
    public var paths: Set<String>

    /// Names files.
    public init(source: String, root: String, paths: Set<String>) {
        self.source = source
        self.root = root
        self.paths = paths
    }

    /// Asks a restored copy; nil when its source says nothing of files, or it has no server.
    ///
    /// - Throws: what the query says.
    public init?(asking copy: ScratchCopy) async throws {
        guard let settings = copy.source.reconcile, copy.server != nil else { return nil }
        source = settings.files
        root = settings.root
        paths = Set(try await ReconcileRun.ask(copy, settings).map(\.path))
    }

    /// What several databases name of one tree; nil when none does.
    public static func joined(_ rows: [FileRows], of source: String) -> FileRows? {
        let own = rows.filter { $0.source == source }
        return own.first.map { first in
            var all = first
            for other in own.dropFirst() where other.root == first.root { all.paths.formUnion(other.paths) }
            return all
        }
    }

    static func components(_ path: String, below root: String) -> [[UInt8]] {
        RawPath.clean(Array(root.utf8)) + RawPath.clean(Array(path.utf8))
    }
}
