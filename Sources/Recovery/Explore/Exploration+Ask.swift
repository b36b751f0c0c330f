import DataSources
import Glibc
import ObjectStore

extension Exploration {
    /// Runs one statement on the copy and gives its rows, NULL as nil. `database` is the one to use; nil for the engine's default.
    public func query(_ sql: String, database: String?) async throws -> [[String?]] {
        try await server().query(sql, database: database)
    }

    /// Writes rows of a table as statements that insert them.
    ///
    /// - Throws: `targetUnusable` when the file is there already; what the server or the dump tool say.
    public func export(table: String, condition: String?, to file: String) async throws {
        try Exploration.requireAbsent(file)
        let name = try TableName(table, kind: source.kind)
        let server = try server()
        let question = ShapeQuestion(name: name, kind: source.kind)
        let shape = try await question.shape { try await server.query($0, database: name.database) }
        guard condition != nil else {
            let names = MaskDialect(kind: source.kind, salt: "")
            let place =
                source.kind == .postgresql ? "\(names.quoted(name.schema)).\(names.quoted(name.table))" : name.table
            let dump = server.dump(database: name.database, table: place, condition: condition)
            return try await Exploration.stream(dump, to: file)
        }
        let dialect = RowDialect(name: name, kind: source.kind, shape: shape)
        let rows = try await server.query(
            dialect.readingSession + dialect.selection(where: condition), database: name.database)
        let statements = rows.map { dialect.insert(Array($0.prefix(shape.columns.count))) }
        try Exploration.write(dialect.writingSession + ["BEGIN;"] + statements + ["COMMIT;"], to: file)
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
