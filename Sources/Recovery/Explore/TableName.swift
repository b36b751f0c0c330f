import DataSources

/// A table as it is typed: `database.table`; for PostgreSQL `table`, `schema.table` or `database.schema.table`.
struct TableName: Sendable, Hashable {
    /// The database to be connected to; nil for the engine's default.
    let database: String?
    /// MariaDB: the same as the database.
    let schema: String
    let table: String

    /// - Throws: `notConfigured` when it is none.
    init(_ text: String, kind: SourceKind) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains("") else { throw TableName.failure(text, kind) }
        switch (kind, parts.count) {
        case (.mariadb, 2): (database, schema, table) = (parts[0], parts[0], parts[1])
        case (.postgresql, 1): (database, schema, table) = (nil, "public", parts[0])
        case (.postgresql, 2): (database, schema, table) = (nil, parts[0], parts[1])
        case (.postgresql, 3): (database, schema, table) = (parts[0], parts[1], parts[2])
        default: throw TableName.failure(text, kind)
        }
    }

    private static func failure(_ text: String, _ kind: SourceKind) -> RecoveryError {
        RecoveryError(
            .notConfigured, "`\(text)` names no table", subject: text,
            hint: kind == .mariadb ? "give database.table" : "give table, schema.table or database.schema.table")
    }
}
