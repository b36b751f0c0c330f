import DataSources
import Glibc
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

    enum CodingKeys: String, CodingKey {
        case file
        case insertCount = "inserts"
        case updateCount = "updates"
        case liveOnlyCount = "live_only"
        case missingFiles = "missing_files"
        case restoredFiles = "restored_files"
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
        let sql = dialect.readingSession + dialect.selection(where: request.condition)
        let ours = try TableDiff.rows(
            try await server.query(sql, database: name.database), shape, place: "the copy's \(request.table)")
        let seen = context.now()
        let theirs = try TableDiff.rows(
            try await live.query(sql, database: name.database), shape, place: "the live \(request.table)")
        let others = try await others(ours, theirs, dialect, live)
        let diff = TableDiff(copy: ours, live: theirs, others: others)
        var script = DiffScript(dialect: dialect, diff: diff, origin: origin(request, seen: "\(seen.rfc3339)"))
        var result = DiffResult(
            file: request.file, insertCount: diff.inserted.count, updateCount: diff.updated.count,
            liveOnlyCount: diff.liveOnly.count)
        let files = BroughtBackFiles(self, dialect)
        if let missing = try await files.missing(diff, server) {
            result.missingFiles = missing
            if let folder = request.filesFolder { result.restoredFiles = try await files.restore(missing, to: folder) }
            script.files = files.words(result, folder: request.filesFolder)
        }
        try Exploration.write(script.lines, to: request.file)
        return result
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

    /// Rows that the condition does not fit on the live server any more, though it did: they were changed, not deleted.
    private func others(
        _ ours: [TableDiff.Row], _ theirs: [TableDiff.Row], _ dialect: RowDialect, _ live: any QueriedSource
    ) async throws -> [TableDiff.Row] {
        let present = Set(theirs.map(\.key))
        var missing = ours.filter { !present.contains($0.key) }[...]
        var found = [TableDiff.Row]()
        while !missing.isEmpty {
            let keys = missing.prefix(200).map { "(\(dialect.fits(key: $0.values)))" }.joined(separator: " OR ")
            missing = missing.dropFirst(200)
            let answer = try await live.query(
                dialect.readingSession + dialect.selection(where: keys), database: dialect.name.database)
            found += try TableDiff.rows(answer, dialect.shape, place: "the live table")
        }
        return found
    }

    // MARK: Files

    static func requireAbsent(_ path: String) throws {
        guard Exchange.exists(path) else { return }
        throw RecoveryError(
            .targetUnusable, "there is something already", subject: path, hint: "name another file, or remove it")
    }

    /// For its owner alone: it holds what people wrote.
    static func write(_ lines: [String], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw RecoveryError.system(errno, "cannot write", path) }
            done += count
        }
        guard fsync(file) == 0 else { throw RecoveryError.system(errno, "cannot flush", path) }
    }
}
