/// Counts and hashes the rows of tables on the server, whatever order they come in: the method `rows`.
///
/// Each row is a text of its columns, each with its length in front, NULL as `N` alone, so that NULL, '' and shifted borders
/// differ; columns that may be long go in by their own SHA-256. The sum over all rows of the two leading 64-bit words of the
/// SHA-256 of that text is the hash: equal on every server that holds the same rows, and different when one comes twice.
struct RowHash {
    /// A table and what its rows are made of.
    struct Table: Hashable {
        var database: String
        var name: String
        var byteCount: UInt64
        var columns: [String] = []

        var fullName: String { "\(database).\(name)" }
    }

    /// Settings of the session that texts depend on.
    static let session = """
        SET SESSION time_zone = '+00:00', sql_mode = '', character_set_results = utf8mb4;

        """

    /// One row: the number of the table in `index`, its rows, and both sums.
    static func query(_ table: Table, index: Int) -> String {
        let columns = table.columns.isEmpty ? "''" : table.columns.joined(separator: ",")
        let place = "\(MariaDBClient.quoted(table.database)).\(MariaDBClient.quoted(table.name))"
        return """
            SELECT \(index), COUNT(*), COUNT(h), COALESCE(SUM(CAST(CONV(LEFT(h, 16), 16, 10) AS UNSIGNED)), 0),
            COALESCE(SUM(CAST(CONV(SUBSTR(h, 17, 16), 16, 10) AS UNSIGNED)), 0)
            FROM (SELECT SHA2(CONCAT(\(columns)), 256) AS h FROM \(place)) AS x;

            """
    }

    /// What a row of `query` says; nil when the server could not hash every row.
    static func pin(_ row: [String?], of tables: [Table]) -> TablePin? {
        let numbers = row.compactMap { $0 }
        guard numbers.count == 5, let index = Int(numbers[0]), tables.indices.contains(index),
            let count = UInt64(numbers[1]), numbers[1] == numbers[2]
        else { return nil }
        let table = tables[index]
        return TablePin(
            database: table.database, table: table.name, rowCount: count, hash: "\(numbers[3])-\(numbers[4])",
            method: "rows")
    }

    /// The part of a row's text that one column is.
    private static func column(_ name: String, type: String) -> String {
        let quoted = MariaDBClient.quoted(name)
        let value: String
        switch type.lowercased() {
        // Shown with six digits else.
        case "float": value = "CAST(CAST(\(quoted) AS DOUBLE) AS CHAR)"
        case "tinyblob", "blob", "mediumblob", "longblob", "tinytext", "text", "mediumtext", "longtext", "json",
            "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
            "geometrycollection":
            value = "SHA2(CAST(\(quoted) AS BINARY), 256)"
        default: value = "CAST(\(quoted) AS BINARY)"
        }
        return "IFNULL(CONCAT(OCTET_LENGTH(\(value)), ':', \(value)), 'N')"
    }

    /// Tables of the server, smallest first: those of `wanted` (`database.table`), or all but the system's own.
    static func tables(_ client: MariaDBClient, wanted: [String]) async throws -> [Table] {
        let rows = try await client.query(
            """
            SELECT t.table_schema, t.table_name, COALESCE(t.data_length, 0), c.column_name, c.data_type
            FROM information_schema.tables t JOIN information_schema.columns c
            ON c.table_schema = t.table_schema AND c.table_name = t.table_name
            WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
            AND t.table_schema NOT IN ('mysql','information_schema','performance_schema','sys')
            ORDER BY COALESCE(t.data_length, 0), t.table_schema, t.table_name, c.ordinal_position;
            """)
        var tables = [Table]()
        for row in rows where row.count == 5 {
            let table = Table(database: row[0] ?? "", name: row[1] ?? "", byteCount: UInt64(row[2] ?? "") ?? 0)
            guard wanted.isEmpty || wanted.contains(table.fullName) else { continue }
            if tables.last?.database != table.database || tables.last?.name != table.name { tables.append(table) }
            tables[tables.count - 1].columns.append(column(row[3] ?? "", type: row[4] ?? ""))
        }
        return tables
    }
}
