public import DataSources
public import Drills
import GRDB

/// Copies drills into a table that a console already has: INSERT only, drills that are not there yet.
public struct CatalogMirror: Sendable {
    /// What was copied.
    public struct Result: Sendable, Hashable, Codable {
        /// Drills that were inserted, or would be.
        public var inserted: [String]
        /// Drills that were there already.
        public var presentCount: Int

        enum CodingKeys: String, CodingKey {
            case inserted
            case presentCount = "present_count"
        }
    }

    private let settings: MirrorSettings
    private let server: MariaDBSource

    /// A mirror; nothing is asked yet.
    public init(_ settings: MirrorSettings, environment: SourceEnvironment) {
        self.settings = settings
        server = MariaDBSource(name: "mirror", settings: settings.server, environment: environment)
    }

    /// The table, for messages: `console.drills`.
    public var place: String { "\(settings.database).\(settings.table)" }

    /// Inserts what is missing, in one transaction.
    ///
    /// - Throws: `mirrorUnusable` with what the server says; `SourceError` when it cannot be reached; `catalogUnusable`.
    public func run(_ catalog: Catalog, isDryRun: Bool = false) async throws -> Result {
        let rows = try await catalog.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM disaster_recovery_tests ORDER BY id")
                .map { row in Dictionary(row.map { ($0.0, $0.1) }) { first, _ in first } }
        }
        let present = try await present(rows.map(MirrorStatement.id))
        let missing = rows.filter { !present.contains(MirrorStatement.id($0)) }
        if !missing.isEmpty, !isDryRun {
            let statement = MirrorStatement(settings)
            _ = try await ask(statement.transaction(missing))
        }
        return Result(inserted: missing.map(MirrorStatement.id), presentCount: rows.count - missing.count)
    }

    private func present(_ ids: [String]) async throws -> Set<String> {
        // Asked also when there is nothing to copy, so that a mirror that does not work is noticed before the first drill.
        let found = try await ask(MirrorStatement(settings).present(ids))
        return Set(found.compactMap { $0.first ?? nil })
    }

    private func ask(_ sql: String) async throws -> [[String?]] {
        do {
            return try await server.ask(sql, database: nil)
        } catch let error as SourceError {
            guard error.code == .accessDenied || error.code == .checkFailed else { throw error }
            let table = "\(MariaDBLiteral.name(settings.database)).\(MariaDBLiteral.name(settings.table))"
            throw CatalogError(
                .mirrorUnusable, error.message, subject: "mirror \(place)",
                hint: error.code == .accessDenied
                    ? "check user and password; the account needs GRANT SELECT, INSERT ON \(table)"
                    : "compare `columns` of the mirror with the table; columns that are not named must have a default",
                cause: error)
        }
    }
}
