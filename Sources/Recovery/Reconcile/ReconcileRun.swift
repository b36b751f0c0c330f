import DataSources
import Repository
import Sealing
import Synchronization
import Trees

/// Asks a restored database which files its rows name, and looks for them in the files' snapshot of the same point.
public struct ReconcileRun: Sendable {
    /// A file larger than this is hashed blob by blob all the same; this bounds what a query may answer.
    private static let rowLimit = 50_000_000

    private let restore: PointRestore
    private let source: ProtectedSource
    private let context: RecoveryContext

    /// For the database `source`, which must have `reconcile` settings, of a point.
    public init(_ entry: PointEntry, source: ProtectedSource, in context: RecoveryContext) {
        restore = PointRestore(entry, in: context)
        self.source = source
        self.context = context
    }

    /// Restores the database into scratch, asks, and compares. Appends no event: nothing was verified but the pairing.
    ///
    /// - Throws: `notConfigured`, `pointIncomplete`, `pointBroken`; what the restore or the query say.
    public func run(phase: (PointRestore.Phase) -> Void = { _ in }) async throws -> Reconciliation {
        guard let settings = source.reconcile else {
            throw RecoveryError(
                .notConfigured, "the source says nothing of its files", subject: source.name,
                hint: "give it `reconcile: {query: …, files: …, root: …}` in lifeboat.yaml")
        }
        let part = try restore.part(settings.files)
        return try await context.repository.locked(.shared, context.locks) { _ in
            let copy = try await restore.scratch(source, phase: phase)
            let rows: [Reconciliation.Row]
            do {
                rows = try await ReconcileRun.ask(copy, settings)
            } catch {
                try? await copy.end()  // what went wrong before matters more
                throw error
            }
            try await copy.end()
            var result = Reconciliation(
                point: restore.entry.point.id, database: source.name, files: settings.files)
            let wanted = Set(rows.filter { $0.hash != nil }.map(\.path))
            result.compare(rows: rows, files: try await files(part, settings, hashing: wanted))
            return result
        }
    }

    /// The rows that name a file.
    static func ask(_ copy: ScratchCopy, _ settings: ReconcileSettings) async throws -> [Reconciliation.Row] {
        guard let server = copy.server else {
            throw RecoveryError(.notConfigured, "the source is no database", subject: copy.source.name)
        }
        let answer = try await server.query(settings.query, database: settings.database)
        guard answer.count <= ReconcileRun.rowLimit else {
            throw RecoveryError(
                .notConfigured, "the query gives more than \(ReconcileRun.rowLimit) rows", subject: settings.query)
        }
        return try answer.compactMap { columns in
            guard let path = columns.first ?? nil else { return nil }  // a row without a file
            let size = columns.count > 1 ? columns[1] : nil
            guard size == nil || UInt64(size ?? "") != nil else {
                throw RecoveryError(
                    .notConfigured, "the query's second column is no size in bytes: `\(size ?? "")`",
                    subject: settings.query,
                    hint: "give path, then optionally size in bytes, then optionally SHA-256 as hex")
            }
            let trimmed = String(path.drop { $0 == "/" })
            return Reconciliation.Row(
                path: trimmed, byteCount: size.flatMap { UInt64($0) }, hash: columns.count > 2 ? columns[2] : nil)
        }
    }

    /// Files below the root, by their path relative to it.
    private func files(
        _ part: PointPart, _ settings: ReconcileSettings, hashing wanted: Set<String>
    ) async throws -> [String: Reconciliation.File] {
        guard let tree = part.snapshot.flatMap({ BlobID(hex: $0.tree) }) else { return [:] }
        let indexed = try await context.repository.indexed()
        let root = RawPath.clean(Array(settings.root.utf8))
        guard let start = try await indexed.node(at: root, in: tree)?.subtree ?? (root.isEmpty ? tree : nil) else {
            throw RecoveryError(
                .notConfigured, "the root of the files is no directory in the snapshot", subject: settings.root,
                hint: "`reconcile.root` is an absolute path within the paths of \(settings.files)")
        }
        let found = Mutex<[String: (Reconciliation.File, [BlobID])]>([:])
        try await indexed.walk(start) { path, node in
            guard node.metadata.kind == .file else { return true }
            let name = path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
            let content = wanted.contains(name) ? node.content : []
            found.withLock { $0[name] = (.init(byteCount: node.metadata.byteCount), content) }
            return true
        }
        var files = [String: Reconciliation.File]()
        for (name, (file, content)) in found.withLock({ $0 }) {
            var file = file
            if wanted.contains(name) { file.hash = try await hash(content, indexed) }
            files[name] = file
        }
        return files
    }

    private func hash(_ content: [BlobID], _ indexed: IndexedRepository) async throws -> String {
        var hasher = SHA256Hasher()
        for id in content {
            try await indexed.blob(id, .data).withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish().hex
    }
}
