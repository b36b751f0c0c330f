import DataSources
import Glibc
import ObjectStore

/// Rows that shall be written into a file.
public struct ExportRequest: Sendable, Hashable {
    /// `database.table`, or as the engine names tables.
    public var table: String
    /// Which rows; SQL. Nil for all.
    public var condition: String?
    /// The statement that makes the table comes first: for a table that is gone. Counts only for all rows.
    public var withDefinition: Bool
    /// Where to; must not be there.
    public var file: String

    /// All rows, unless there is a condition.
    public init(table: String, condition: String? = nil, withDefinition: Bool = false, file: String) {
        self.table = table
        self.condition = condition
        self.withDefinition = withDefinition
        self.file = file
    }
}

extension Exploration {
    /// Runs one statement on the copy and gives its rows, NULL as nil. `database` is the one to use; nil for the engine's default.
    public func query(_ sql: String, database: String?) async throws -> [[String?]] {
        try await server().query(sql, database: database)
    }

    /// Writes rows of a table as statements that insert them.
    ///
    /// - Throws: `targetUnusable` when the file is there already; what the server or the dump tool say.
    public func export(_ request: ExportRequest) async throws {
        let file = request.file
        try Exploration.requireAbsent(file)
        let name = try TableName(request.table, kind: source.kind)
        let server = try server()
        let question = ShapeQuestion(name: name, kind: source.kind)
        let shape = try await question.shape { try await server.query($0, database: name.database) }
        let dialect = RowDialect(name: name, kind: source.kind, shape: shape)
        if request.condition == nil, !dialect.isRoundedByDump {
            let content: TableContent = request.withDefinition ? .definitionAndRows : .rows
            return try await Exploration.stream(dump(name, content, server), to: file)
        }
        let definition = request.withDefinition ? try await dump(name, .definition, server).text() : ""
        let rows = try await server.query(
            dialect.readingSession + dialect.selection(where: request.condition), database: name.database)
        let statements = rows.map { dialect.insert(Array($0.prefix(shape.columns.count))) }
        try await Exploration.write(
            [definition] + dialect.writingSession + ["BEGIN;"] + statements + ["COMMIT;"], to: file)
    }

    private func dump(_ name: TableName, _ content: TableContent, _ server: any ExploredServer) -> ToolCommand {
        let names = MaskDialect(kind: source.kind, salt: "")
        let place =
            source.kind == .postgresql ? "\(names.quoted(name.schema)).\(names.quoted(name.table))" : name.table
        return server.dump(database: name.database, table: place, content)
    }

    /// What the tool writes, as it comes; nothing is left of a dump that failed.
    private static func stream(_ dump: ToolCommand, to path: String) async throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        do {
            try await dump.stream { output in
                try await PointRestore.lane.run {
                    while true {
                        let bytes = try output.read(upTo: 1 << 18)
                        if bytes.isEmpty { return }
                        var done = 0
                        while done < bytes.count {
                            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                            guard count > 0 else { throw RecoveryError.system(errno, "cannot write", path) }
                            done += count
                        }
                    }
                }
            }
            guard fsync(file) == 0 else { throw RecoveryError.system(errno, "cannot flush", path) }
        } catch {
            unlink(path)
            throw error
        }
    }
}
