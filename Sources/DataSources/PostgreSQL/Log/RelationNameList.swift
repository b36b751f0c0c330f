import FoundationEssentials
import Trees

/// What tables are called by the paths of their files, as `relations.json` beside a base: the log names files only, and a table that
/// was dropped since is in no server any more.
public enum RelationNameList {
    /// The file's name in the snapshot, below the source's.
    public static let fileName = "relations.json"
    /// A longer one is none of ours.
    private static let largestByteCount = 256 << 20
    /// What a cluster is made with has file numbers below.
    static let firstNumber: UInt32 = 16_384
    private static let timeout = Duration.seconds(60)

    private static let allDatabases = "FROM pg_database WHERE datallowconn AND NOT datistemplate"
    static let databases = "SELECT datname \(allDatabases)"
    static let tables = """
        SELECT pg_relation_filepath(c.oid), CASE WHEN c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_'
        THEN current_database() || '.' || n.nspname || '.' || c.relname ELSE '' END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE pg_relation_filepath(c.oid) IS NOT NULL
        """

    /// Asks a live server, as the account that takes its backups. Databases that this account may not enter are left out, and named.
    ///
    /// - Throws: `SourceError`.
    public static func names(
        of source: PostgreSQLSource
    ) async throws -> (names: [String: String], closed: [String]) {
        try await names(try await PostgreSQLServer.reach(source.settings, source.environment))
    }

    static func names(_ server: PostgreSQLServer) async throws -> (names: [String: String], closed: [String]) {
        var names = [String: String]()
        var closed = [String]()
        let open = "SELECT datname, has_database_privilege(datname, 'CONNECT') \(allDatabases)"
        for row in try await server.client.rows(open, timeout: timeout) {
            guard let database = row.first ?? nil else { continue }
            guard row.last == "t" else {
                closed.append(database)
                continue
            }
            for found in try await server.client.rows(tables, database: database, timeout: timeout) {
                if let path = found[0], isOfUser(path) { names[path] = found[1] ?? "" }
            }
        }
        return (names, closed)
    }

    private static func isOfUser(_ path: String) -> Bool {
        path.split(separator: "/").last.flatMap { UInt32($0) }.map { $0 >= firstNumber } ?? false
    }

    /// Reads the file.
    ///
    /// - Throws: `SourceError.malformedStream`.
    public static func read(_ bytes: [UInt8]) throws -> [String: String] {
        do {
            guard bytes.count <= largestByteCount else {
                throw SourceError(.malformedStream, "it is too long", subject: fileName)
            }
            return try JSONDecoder().decode([String: String].self, from: Data(bytes))
        } catch let error as DecodingError {
            throw SourceError(.malformedStream, "it cannot be read: \(error)", subject: fileName, cause: error)
        }
    }

    /// The file, or nil, with a line for the operator, when not every table's name can be had: a backup is one without it.
    static func file(_ server: PostgreSQLServer, report: (String) -> Void) async throws -> [UInt8]? {
        let why: String
        do {
            let (names, closed) = try await names(server)
            if closed.isEmpty {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
                return Array(try encoder.encode(names)) + [0x0A]
            }
            why = "the account may not connect to \(closed.joined(separator: ", "))"
        } catch let error as SourceError {
            try Task.checkCancellation()
            why = error.hint.isEmpty ? error.message : error.hint
        }
        report("names of tables are not kept with the base, so find-event will have to restore it: \(why)")
        return nil
    }
}
