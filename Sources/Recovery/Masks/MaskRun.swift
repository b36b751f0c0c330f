import DataSources
import Sealing

/// Masks a restored copy, and looks whether anything that was masked can still be read somewhere.
struct MaskRun: Sendable {
    let profile: MaskProfile
    let kind: SourceKind

    /// What came of it.
    struct Outcome: Sendable, Hashable, Codable {
        /// The profile.
        var profile: String
        /// Columns that were masked.
        var columnCount: Int
        /// Values of them that were looked for afterwards.
        var lookedForCount: Int
        /// Where some were found: `database.table.column`; empty as it should be.
        var found: [String]
    }

    /// So many values of each column are looked for afterwards.
    private static let sampleCount = 40
    /// Shorter values say nothing: half of all columns have a `1` or a `no`.
    private static let shortestSample = 6

    private var dialect: MaskDialect {
        MaskDialect(kind: kind, salt: SecureRandom.bytes(16).map { String($0, radix: 16) }.joined())
    }

    /// Masks what the profile names, writes these tables anew, and scans.
    ///
    /// - Throws: `notHandedOver` when a table or column of the profile is not there, or personal data is still found.
    func run(on server: any ScratchServer) async throws -> Outcome {
        let dialect = dialect
        var samples = [String]()
        for table in profile.tables { samples += try await sample(table, dialect, server) }
        for table in profile.tables { try await mask(table, dialect, server) }
        let found = try await PersonalDataScan(dialect: dialect, exempt: profile.exempt, values: samples)
            .run(databases: Set(profile.tables.compactMap { dialect.database(of: $0.name) }).sorted()) {
                try await server.query($0, database: $1)
            }
        guard found.isEmpty else {
            throw RecoveryError(
                .notHandedOver,
                "personal data is still there after masking: \(found.prefix(5).joined(separator: ", "))",
                subject: "masks.\(profile.name)",
                hint:
                    "mask these columns too, or name their tables under `exempt`; what was restored is not handed over")
        }
        return Outcome(
            profile: profile.name, columnCount: profile.tables.reduce(0) { $0 + $1.columns.count },
            lookedForCount: samples.count, found: found)
    }

    private func sample(
        _ table: MaskProfile.Table, _ dialect: MaskDialect, _ server: any ScratchServer
    ) async throws -> [String] {
        var values = [String]()
        for (column, mask) in table.columns {
            if case .fixed = mask, table.columns.count > 1 { continue }
            let name = dialect.quoted(column)
            let sql =
                "SELECT DISTINCT \(name) FROM \(dialect.table(table.name)) WHERE \(name) IS NOT NULL LIMIT \(MaskRun.sampleCount)"
            let rows = try await told(table.name) {
                try await server.query(sql + ";", database: dialect.database(of: table.name))
            }
            values += rows.compactMap { $0.first ?? nil }.filter { $0.count >= MaskRun.shortestSample }
        }
        return values
    }

    private func mask(
        _ table: MaskProfile.Table, _ dialect: MaskDialect, _ server: any ScratchServer
    ) async throws {
        let name = dialect.table(table.name)
        let assignments = table.columns.map { column, mask in
            let (name, new) = (dialect.quoted(column), dialect.expression(mask, column: column))
            return mask == .null ? "\(name) = NULL" : "\(name) = CASE WHEN \(name) IS NULL THEN NULL ELSE \(new) END"
        }
        let database = dialect.database(of: table.name)
        try await told(table.name) {
            _ = try await server.query("UPDATE \(name) SET \(assignments.joined(separator: ", "));", database: database)
            _ = try await server.query(dialect.rebuild(table.name), database: database)
        }
    }

    private func told<R>(_ table: String, _ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw RecoveryError(
                .notHandedOver, "the table \(table) could not be masked: \(PointPart.Failure(error).message)",
                subject: "masks.\(profile.name)", hint: "mend the profile in lifeboat.yaml", cause: error)
        }
    }
}

/// Looks through every text column of databases for values that must not be there any more.
struct PersonalDataScan: Sendable {
    let dialect: MaskDialect
    /// `database.table` (PostgreSQL: `database.schema.table`) to leave out.
    let exempt: [String]
    /// What is looked for, within longer texts too.
    let values: [String]

    /// Columns in which something was found: `database.table.column`.
    func run(databases: [String], _ query: KnownPersonalData.Query) async throws -> [String] {
        guard !values.isEmpty else { return [] }
        var found = [String]()
        for database in databases {
            for (table, column) in try await columns(of: database, query) where !exempt.contains(table) {
                let name = dialect.quoted(column)
                let text = dialect.kind == .postgresql ? "\(name)::text" : name
                // In pieces: a statement with thousands of conditions is no good to any server.
                for start in stride(from: 0, to: values.count, by: 100) {
                    let wanted = values[start..<min(start + 100, values.count)].map { place($0, in: text) }
                    let sql = "SELECT 1 FROM \(dialect.table(table)) WHERE \(wanted.joined(separator: " OR ")) LIMIT 1;"
                    guard try await query(sql, database).isEmpty else {
                        found.append("\(table).\(column)")
                        break
                    }
                }
            }
        }
        return found
    }

    private func place(_ value: String, in column: String) -> String {
        dialect.kind == .postgresql
            ? "position(\(dialect.text(value)) IN \(column)) > 0" : "INSTR(\(column), \(dialect.text(value))) > 0"
    }

    private func columns(of database: String, _ query: KnownPersonalData.Query) async throws -> [(String, String)] {
        let name = dialect.text(database)
        let sql =
            dialect.kind == .postgresql
            ? """
            SELECT current_database() || '.' || c.table_schema || '.' || c.table_name, c.column_name
            FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
            AND (c.data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'xml', 'ARRAY')
            OR c.data_type = 'USER-DEFINED') ORDER BY 1, 2;
            """
            : """
            SELECT CONCAT(c.table_schema, '.', c.table_name), c.column_name FROM information_schema.columns c
            JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
            WHERE t.table_type = 'BASE TABLE' AND c.table_schema = \(name) AND (c.character_set_name IS NOT NULL
            OR c.data_type IN ('blob', 'mediumblob', 'longblob', 'tinyblob', 'varbinary')) ORDER BY 1, 2;
            """
        return try await query(sql, database).compactMap { row in
            guard row.count == 2, let table = row[0], let column = row[1] else { return nil }
            return (table, column)
        }
    }
}
