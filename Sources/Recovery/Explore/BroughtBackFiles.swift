import DataSources
import ObjectStore
import Repository
import Sealing
import Trees

/// The files that belong to rows which are brought back.
struct BroughtBackFiles {
    private let source: ProtectedSource
    private let context: RecoveryContext
    private let entries: [PointEntry]
    private let moment: Double
    private let dialect: RowDialect
    /// More rows than these are not looked up: a statement names each of them.
    static let limit = 100_000
    /// What is said then.
    static let tooMany =
        "more than \(limit) rows come back: their files were not looked for; `lifeboat reconcile` names what is missing then"
    /// Rows that one statement names; its text must fit into an argument.
    private static let batch = 200

    init(_ exploration: Exploration, _ dialect: RowDialect) {
        source = exploration.source
        context = exploration.context
        entries = exploration.known.entries
        moment = exploration.moment ?? exploration.plan.base.time
        self.dialect = dialect
    }

    /// Paths below the root that rows name which come back, and that are not in the live tree; nil when nothing is configured.
    ///
    /// Which files they name, the copy is asked: the answer of the source's query with these rows, less the one without them.
    /// `rows` are conditions, each of which fits one of them.
    func missing(_ rows: [String], _ server: any ScratchServer) async throws -> [String]? {
        guard let settings = source.reconcile, !rows.isEmpty else { return nil }
        let database = settings.database ?? dialect.name.database
        guard database == dialect.name.database else { return nil }
        let all = try await server.query(settings.query, database: database).compactMap { $0.first ?? nil }
        var rest = [String: Int]()
        for path in all { rest[path, default: 0] += 1 }
        var named = Set<String>()
        var unasked = rows[...]
        while !unasked.isEmpty {
            let keys = unasked.prefix(BroughtBackFiles.batch)
            unasked = unasked.dropFirst(BroughtBackFiles.batch)
            var without = [String: Int]()
            for path in try await answer(settings.query, without: keys.joined(separator: " OR "), server, database) {
                without[path, default: 0] += 1
            }
            named.formUnion(rest.filter { (without[$0.key] ?? 0) < $0.value }.keys)
        }
        return named.map { String($0.drop { $0 == "/" }) }.filter { path in
            !Exchange.exists("\(settings.root)/\(path)")
        }.sorted()
    }

    /// In a transaction that is taken back.
    private func answer(
        _ query: String, without keys: String, _ server: any ScratchServer, _ database: String?
    ) async throws -> [String] {
        let statement = query.hasSuffix(";") ? query : query + ";"
        let before =
            source.kind == .postgresql
            ? "BEGIN; SET LOCAL session_replication_role = replica;"
            : "SET SESSION foreign_key_checks = 0; START TRANSACTION;"
        return try await server.query(
            dialect.readingSession + "\(before)\nDELETE FROM \(dialect.table) WHERE \(keys);\n\(statement)\nROLLBACK;",
            database: database
        ).compactMap { $0.first ?? nil }
    }

    /// Restores files into `folder`, each from the newest snapshot before the moment that has it, else from the first behind it.
    ///
    /// - Returns: those that were found.
    func restore(_ paths: [String], to folder: String) async throws -> [String] {
        guard let settings = source.reconcile, !paths.isEmpty else { return [] }
        let having = try await candidates(settings.files)
        let indexed = try await context.repository.indexed()
        let sink = try await PointRestore.lane.run { () throws(TreeError) in
            try LocalTreeSink(root: Array(folder.utf8), options: LocalTreeSink.Options())
        }
        var restored = [String]()
        for path in paths {
            let own = RawPath.clean(Array("/\(path)".utf8))
            let place = RawPath.clean(Array(settings.root.utf8)) + own
            for tree in having {
                guard let node = try await node(at: place, in: tree, indexed), node.metadata.kind == .file else {
                    continue
                }
                try await restore(node, at: own, sink, indexed)
                restored.append(path)
                break
            }
        }
        return restored
    }

    private func node(at path: [[UInt8]], in tree: BlobID, _ indexed: IndexedRepository) async throws -> Node? {
        do {
            return try await indexed.node(at: path, in: tree)
        } catch {
            let failure: any Error = error
            guard (failure as? RepositoryError)?.code == .pathMissing else { throw error }
            return nil
        }
    }

    private func candidates(_ files: String) async throws -> [BlobID] {
        let having = try await PointStore(context.repository).list().entries.filter { entry in
            entry.point.part(files)?.snapshot != nil && !entry.brokenSources.contains(files)
        }.sorted { $0.point.started < $1.point.started }
        let split = having.firstIndex { Double($0.point.moment.seconds) > moment } ?? having.count
        let ordered = Array(having[..<split].reversed()) + Array(having[split...])
        return ordered.compactMap { $0.point.part(files)?.snapshot.flatMap { BlobID(hex: $0.tree) } }
    }

    private func restore(
        _ node: Node, at path: [[UInt8]], _ sink: LocalTreeSink, _ indexed: IndexedRepository
    ) async throws {
        let file = try await PointRestore.lane.run { () throws(TreeError) -> any TreeSinkFile in
            for count in 1..<max(path.count, 1) { _ = try sink.makeDirectory(Array(path.prefix(count))) }
            return try sink.openFile(path, byteCount: node.metadata.byteCount)
        }
        var offset: UInt64 = 0
        for id in node.content {
            let bytes = try await indexed.blob(id, .data)
            let place = offset
            try await PointRestore.lane.run { () throws(TreeError) in try file.write(bytes, at: place) }
            offset += UInt64(bytes.count)
        }
        _ = try await PointRestore.lane.run { () throws(TreeError) in try file.finish(node) }
    }

    func words(_ result: DiffResult, folder: String?) -> [String] {
        guard !result.missingFiles.isEmpty else { return ["every file that these rows name is there"] }
        let root = source.reconcile?.root ?? ""
        var lines = ["\(result.missingFiles.count) files that these rows name are not in \(root):"]
        for path in result.missingFiles {
            let found = result.restoredFiles.contains(path)
            let state = folder.map { found ? ": restored in \($0)" : ": in no snapshot" } ?? ""
            lines.append("  \(path)\(state)")
        }
        return lines
    }
}
