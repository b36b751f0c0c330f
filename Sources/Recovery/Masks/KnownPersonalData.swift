public import DataSources

/// Values that are known to be personal, taken from production's data before it was masked: what must not be found anywhere in what
/// was made of it. They are kept in memory and never shown.
public struct KnownPersonalData: Sendable {
    /// Asks a server: a statement, and the database to use. Gives rows, NULL as nil.
    public typealias Query = @Sendable (_ sql: String, _ database: String?) async throws -> [[String?]]

    /// So many values of each column are looked for.
    private static let sampleCount = 100
    /// Shorter values say nothing.
    private static let shortestSample = 6

    private let kind: SourceKind
    private let exempt: [String]
    private let databases: [String]
    private let values: [String]

    /// How many values are known.
    public var count: Int { values.count }

    /// Takes values of `columns`, each `database.table.column` (PostgreSQL: `database.schema.table.column`).
    ///
    /// - Parameter exempt: tables in which nothing is looked for, those in which beats are written.
    /// - Throws: `notConfigured` when a column is not there, or no value at all is known.
    public init(
        columns: [String], of kind: SourceKind, exempt: [String], asking query: Query
    ) async throws {
        let dialect = MaskDialect(kind: kind, salt: "")
        var (values, databases) = (Set<String>(), Set<String>())
        for column in columns {
            let parts = column.split(separator: ".")
            guard parts.count == (kind == .postgresql ? 4 : 3), let last = parts.last,
                let database = dialect.database(of: column)
            else {
                throw Self.refusal("`\(column)` is no column", "write database.table.column")
            }
            let (name, table) = (dialect.quoted(last), dialect.table(parts.dropLast().joined(separator: ".")))
            let sql =
                "SELECT DISTINCT \(name) FROM \(table) WHERE \(name) IS NOT NULL LIMIT \(Self.sampleCount);"
            do {
                let rows = try await query(sql, database)
                values.formUnion(rows.compactMap { $0.first ?? nil }.filter { $0.count >= Self.shortestSample })
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw Self.refusal(
                    "`\(column)` cannot be read: \(PointPart.Failure(error).message)",
                    "mend `personal:` of the scenario")
            }
            databases.insert(database)
        }
        guard !values.isEmpty else {
            throw Self.refusal(
                "no personal data is known, so none can be looked for",
                "name columns with personal data under `personal:` of the scenario")
        }
        (self.kind, self.exempt) = (kind, exempt)
        (self.values, self.databases) = (values.sorted(), databases.sorted())
    }

    /// Columns in which some of it is, `database.table.column`; empty as it should be.
    public func found(asking query: Query) async throws -> [String] {
        try await PersonalDataScan(dialect: MaskDialect(kind: kind, salt: ""), exempt: exempt, values: values)
            .run(databases: databases, query)
    }

    private static func refusal(_ message: String, _ hint: String) -> RecoveryError {
        RecoveryError(.notConfigured, message, subject: "personal", hint: hint)
    }
}
