/// The SQL that the database of an environment speaks.
public enum SQLDialect: String, Sendable, Hashable, Codable, CaseIterable {
    /// MariaDB's.
    case mariadb
    /// PostgreSQL's.
    case postgresql

    private var quote: Character { self == .mariadb ? "`" : "\"" }

    /// `database.table` (PostgreSQL: `schema.table`) with its quotes.
    ///
    /// - Throws: `DrillError.unsupported` for what is no such name.
    func name(_ text: String, partCount: Int) throws -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == partCount, parts.allSatisfy({ !$0.isEmpty && !$0.contains(quote) }) else {
            throw DrillError(
                .unsupported, "is no name of a table or column", subject: text,
                hint: self == .mariadb ? "write database.table" : "write schema.table")
        }
        return parts.map { "\(quote)\($0)\(quote)" }.joined(separator: ".")
    }

    /// The statement and, as `N rows`, how many rows it changed.
    func counted(_ statement: String) -> String {
        switch self {
        case .mariadb: "\(statement); SELECT CONCAT(ROW_COUNT(), ' rows')"
        case .postgresql: "WITH hit AS (\(statement) RETURNING 1) SELECT count(*) || ' rows' FROM hit"
        }
    }
}
