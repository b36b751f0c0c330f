/// A server of the operator's that was loaded into, asked with the account that loads. Nothing of it is ours to stop.
public struct TargetServer: ScratchServer {
    public let processID: Int32 = 0
    public let howToConnect: [String] = []
    let ask: @Sendable (_ sql: String, _ database: String?) async throws -> [[String?]]
    /// What is on it, one thing each, as the statement that removes it.
    let list: @Sendable () async throws -> [String]
    let isLogging: @Sendable () async throws -> Bool

    public func query(_ sql: String, database: String?) async throws -> [[String?]] { try await ask(sql, database) }

    /// Databases and accounts that are there, each as the statement that removes it.
    ///
    /// - Throws: what the server says.
    public func contents() async throws -> [String] { try await list() }

    /// Does the server keep a log of its own, in which everything that was ever loaded stands?
    public func keepsLog() async throws -> Bool { try await isLogging() }

    /// Nothing: it is the operator's.
    public func check() async throws -> [CheckOutcome] { [] }
    /// Nothing.
    public func pins(like expected: [TablePin]) async throws -> [TablePin] { [] }
    /// Nothing.
    public func stop() async throws {}
}

extension SourceRestorer {
    /// Only databases are loaded into servers.
    public func connect(to target: ServerTarget, files: String) async throws -> TargetServer {
        throw SourceError(
            .invalidSetting, "a \(kind.rawValue) is not loaded into a server that runs", subject: target.host,
            hint: "restore it with --to, --into scratch or --in-place")
    }
}

extension MariaDBRestorer {
    public func connect(to target: ServerTarget, files: String) async throws -> TargetServer {
        let (client, folder) = try await client(of: target)
        return TargetServer(
            ask: { sql, database in
                defer { withExtendedLifetime(folder) {} }
                return try await client.query(sql, database: database)
            },
            list: {
                defer { withExtendedLifetime(folder) {} }
                let databases = try await client.column("SELECT schema_name FROM information_schema.schemata;")
                // An account that may not see others cannot name them either.
                let users = (try? await client.query("SELECT user, host FROM mysql.user WHERE user <> '';")) ?? []
                return databases.filter { !MariaDBServer.systemDatabases.contains($0.lowercased()) }
                    .map { "DROP DATABASE \(MariaDBClient.quoted($0))" }
                    + users.compactMap { row in
                        guard row.count == 2, let user = row[0], let host = row[1] else { return nil }
                        return "DROP USER \(MariaDBClient.quoted(user))@\(MariaDBClient.quoted(host))"
                    }
            },
            isLogging: {
                defer { withExtendedLifetime(folder) {} }
                return try await client.value("SELECT @@log_bin;") == "1"
            })
    }

    /// A client of a target, and the folder that its option file is in.
    func client(of target: ServerTarget) async throws -> (MariaDBClient, PrivateFolder) {
        let folder = try PrivateFolder(in: environment.temporaryFolder, "mariadb")
        let optionFile = try await MariaDBTools.optionFile(
            for: ServerAddress(host: target.host, port: target.port), user: target.user, password: target.password,
            in: folder)
        return (MariaDBClient(tools: tools, optionFile: optionFile, subject: "\(target.host):\(target.port)"), folder)
    }
}

extension PostgreSQLRestorer {
    public func connect(to target: ServerTarget, files: String) async throws -> TargetServer {
        let client = try await LogicalRestore(self, try SnapshotRecord.read(from: files)).client(of: target)
        return TargetServer(
            ask: { sql, database in
                guard !sql.hasPrefix("\\") else {
                    throw SourceError(.invalidSetting, "that is a command of psql and no query", subject: sql)
                }
                do {
                    return try await client.rows(sql, database: database)
                } catch let error as SourceError where error.code == .toolFailed {
                    throw SourceError(.checkFailed, error.hint, subject: client.name, cause: error)
                }
            },
            list: {
                try await client.rows(
                    """
                    SELECT 'DROP DATABASE ' || quote_ident(datname) FROM pg_database
                    WHERE NOT datistemplate AND datname <> 'postgres'
                    UNION ALL SELECT 'DROP TABLE ' || c.oid::regclass FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                    UNION ALL SELECT 'DROP TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace
                    WHERE spcname !~ '^pg_'
                    UNION ALL SELECT format('DROP OWNED BY %1$I; DROP ROLE %1$I', rolname) FROM pg_roles WHERE rolname !~ '^pg_'
                    """
                ).compactMap { $0.first ?? nil }
            },
            isLogging: { try await client.value("SHOW archive_mode") != "off" })
    }
}
