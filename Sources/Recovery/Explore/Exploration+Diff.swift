import DataSources
import ObjectStore
import Trees

/// What is compared, and where the script goes.
public struct DiffRequest: Sendable {
    /// The table, as typed.
    public var table: String
    /// Which of its rows; nil for all.
    public var condition: String?
    /// Columns that tell rows apart; empty for the primary key.
    public var key: [String] = []
    /// The script; must not be there yet.
    public var file: String
    /// Where files of the rows are restored to; nil when they are only listed.
    public var filesFolder: String?
    /// Rows of either side that are held in memory at the same time.
    var windowRowCount = 10_000
    /// Files of more rows are not looked for.
    var fileRowLimit = BroughtBackFiles.limit

    /// A comparison of a whole table.
    public init(table: String, file: String) {
        self.table = table
        self.file = file
    }
}

/// What a comparison found, and wrote.
public struct DiffResult: Sendable, Hashable, Codable {
    /// The script.
    public var file: String
    /// Rows that live lacks.
    public var insertCount: Int
    /// Rows that differ.
    public var updateCount: Int
    /// Rows that only live has.
    public var liveOnlyCount: Int
    /// Files that rows name that come back, and that the live tree lacks.
    public var missingFiles: [String] = []
    /// Of these, restored.
    public var restoredFiles: [String] = []
    /// So many rows come back that their files were not looked for.
    public var areFilesUnknown = false

    init(file: String) {
        self.file = file
        (insertCount, updateCount, liveOnlyCount) = (0, 0, 0)
    }

    enum CodingKeys: String, CodingKey {
        case file
        case insertCount = "inserts"
        case updateCount = "updates"
        case liveOnlyCount = "live_only"
        case missingFiles = "missing_files"
        case restoredFiles = "restored_files"
        case areFilesUnknown = "files_unknown"
    }
}

extension Exploration {
    /// Compares rows of the copy with the live server's, and writes a script that brings the copy's back. Runs nothing of it.
    ///
    /// - Throws: `notConfigured` when nothing tells rows apart, the tables differ in their columns, or the copy is masked; `targetUnusable` when the
    ///   script is there already; what the servers say.
    public func diff(_ request: DiffRequest) async throws -> DiffResult {
        try Exploration.requireAbsent(request.file)
        if let mask = copy.handover?.mask {
            throw RecoveryError(
                .notConfigured, "the copy is masked with \(mask), and what is masked must not get into live data",
                subject: source.name, hint: "explore with --unmasked REASON to bring rows back")
        }
        let name = try TableName(request.table, kind: source.kind)
        let live = try self.live()
        let server = try server()
        let shape = try await shape(name, request, server, live)
        let dialect = RowDialect(name: name, kind: source.kind, shape: shape)
        let comparison = TableComparison(
            dialect: dialect, condition: request.condition, windowRowCount: request.windowRowCount, copy: server,
            live: live)
        if !request.key.isEmpty { try await comparison.requireKey() }
        let origin = origin(request, seen: "\(context.now().rfc3339)")
        let file = try await PointRestore.lane.run { try ScriptFile(request.file) }
        do {
            var output = DiffOutput(
                script: DiffScript(dialect: dialect), file: file, result: DiffResult(file: request.file),
                keys: source.reconcile == nil ? nil : [], keyLimit: request.fileRowLimit)
            let head = output.script.head(origin)
            try await PointRestore.lane.run { try file.write(head) }
            try await comparison.run(into: &output)
            let files = try await files(of: &output, request, server)
            let tail = output.script.tail(output.result, files: files)
            try await PointRestore.lane.run {
                try file.write(tail)
                try file.finish()
            }
            return output.result
        } catch {
            file.abandon()
            throw error
        }
    }

    /// Looks for the files of rows that come back; gives lines about them.
    private func files(
        of output: inout DiffOutput, _ request: DiffRequest, _ server: any ExploredServer
    ) async throws -> [String] {
        let files = BroughtBackFiles(self, output.script.dialect)
        output.result.areFilesUnknown = source.reconcile != nil && output.keys == nil
        if output.result.areFilesUnknown { return [BroughtBackFiles.tooMany] }
        guard let keys = output.keys, let missing = try await files.missing(keys, server) else { return [] }
        output.result.missingFiles = missing
        if let folder = request.filesFolder {
            output.result.restoredFiles = try await files.restore(missing, to: folder)
        }
        return files.words(output.result, folder: request.filesFolder)
    }

    func live() throws -> any QueriedSource {
        if let live = context.factory.dataSource(source, context.environment, nil) as? any QueriedSource { return live }
        throw RecoveryError(
            .notConfigured, "a live \(source.kind.rawValue) cannot be asked", subject: source.name)
    }

    private func origin(_ request: DiffRequest, seen: String) -> [String] {
        [
            "source \(source.name), base of point \(plan.base.point), log up to \(standing.position) on timeline "
                + "\(standing.timeline)",
            "the first transaction that is left out: \(standing.next ?? "none is known")",
            "which rows: \(request.condition ?? "all")", "compared with the live server at \(seen)",
        ]
    }

    /// The columns of both, and the key.
    private func shape(
        _ name: TableName, _ request: DiffRequest, _ server: any ExploredServer, _ live: any QueriedSource
    ) async throws -> TableShape {
        let question = ShapeQuestion(name: name, kind: source.kind)
        var shape = try await question.shape { try await server.query($0, database: name.database) }
        let hint = "`export --definition --table \(request.table) FILE` writes the statements that make and fill it"
        let now = try await question.shape(hint: hint, of: "the live server") {
            try await live.query($0, database: name.database)
        }
        let differing =
            shape.columns.filter { !now.columns.contains($0) } + now.columns.filter { !shape.columns.contains($0) }
        guard differing.isEmpty else {
            let names = Set(differing.map(\.name)).sorted().joined(separator: ", ")
            throw RecoveryError(
                .notConfigured, "the columns of the live table are others than the copy's: \(names)",
                subject: request.table, hint: "`export` writes the copy's rows as they are; change them by hand")
        }
        shape.triggers = now.triggers
        if !request.key.isEmpty {
            shape.key = try request.key.map { column in
                guard let index = shape.index(column) else {
                    throw RecoveryError(
                        .notConfigured, "the table has no column \(column)", subject: request.table,
                        hint: "it has: " + shape.columns.map(\.name).joined(separator: ", "))
                }
                return index
            }
        }
        guard !shape.key.isEmpty else {
            throw RecoveryError(
                .notConfigured, "the table has no primary key", subject: request.table,
                hint: "name the columns that tell its rows apart: --key COLUMN, once for each")
        }
        return shape
    }

    // MARK: Files

    static func requireAbsent(_ path: String) throws {
        guard Exchange.exists(path) else { return }
        throw RecoveryError(
            .targetUnusable, "there is something already", subject: path, hint: "name another file, or remove it")
    }

    static func write(_ lines: [String], to path: String) async throws {
        try await PointRestore.lane.run {
            let file = try ScriptFile(path)
            do {
                try file.write(lines)
                try file.finish()
            } catch {
                file.abandon()
                throw error
            }
        }
    }
}
