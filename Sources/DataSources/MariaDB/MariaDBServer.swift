/// A MariaDB server that answers, and what a backup wants to know of it.
struct MariaDBServer: Sendable {
    static let systemDatabases: Set<String> = ["mysql", "information_schema", "performance_schema", "sys"]

    let client: MariaDBClient
    let version: MariaDBVersion
    /// `VERSION()`, whole.
    let versionText: String
    /// The account we are.
    let account: String
    let dataFolder: String
    let hasBinaryLog: Bool

    /// Asks a server who it is.
    ///
    /// - Throws: `serverUnreachable`, `accessDenied`; `versionUnsupported` when it says no version.
    init(_ client: MariaDBClient) async throws {
        self.client = client
        let row =
            try await client.query(
                "SELECT CONCAT(VERSION(), ' ', @@version_comment), VERSION(), CURRENT_USER(), @@datadir, @@log_bin;"
            ).first ?? []
        guard row.count == 5, let version = MariaDBVersion(in: row[0] ?? "") else {
            throw SourceError(
                .versionUnsupported, "the server says no version that we understand: \(row.first.flatMap { $0 } ?? "")",
                subject: client.subject)
        }
        self.version = version
        versionText = row[1] ?? ""
        account = row[2] ?? ""
        dataFolder = String((row[3] ?? "").reversed().drop { $0 == "/" }.reversed())
        hasBinaryLog = row[4] == "1"
    }

    /// The databases of a logical backup: those asked for, or all but the system's own.
    ///
    /// - Throws: `suspectContent` when one of those asked for is not there, or none is left.
    func databases(_ asked: [String]) async throws -> [String] {
        let all = try await client.column("SELECT schema_name FROM information_schema.schemata ORDER BY schema_name;")
        if asked.isEmpty {
            let own = all.filter { !MariaDBServer.systemDatabases.contains($0.lowercased()) }
            guard own.isEmpty else { return own }
            throw SourceError(
                .suspectContent, "the account sees no database", subject: client.subject,
                hint: "is it the right server? else: GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO \(account)")
        }
        if let missing = asked.first(where: { !all.contains($0) }) {
            throw SourceError(
                .suspectContent, "there is no database `\(missing)`, or the account does not see it",
                subject: client.subject, hint: "take it out of `databases`, or grant SELECT on it")
        }
        return asked
    }

    /// What the account may do.
    func privileges() async throws -> Privileges {
        Privileges(account: account, grants: try await client.column("SHOW GRANTS;"))
    }

    /// What it lacks for a backup.
    func missingPrivileges(
        for method: DatabaseMethod, databases: [String]
    ) async throws -> [(name: String, grant: String)] {
        let privileges = try await privileges()
        guard method == .logical else { return privileges.missingForPhysical }
        let hasRoutines = try await client.value(
            "SELECT 1 FROM information_schema.routines WHERE routine_schema NOT IN ('mysql', 'sys') LIMIT 1;")
        // A view that calls a function is shown only to those who may call it.
        let called = try await client.column(
            """
            SELECT DISTINCT r.routine_schema FROM information_schema.routines r JOIN information_schema.views v
            ON INSTR(v.view_definition, CONCAT('`', r.routine_schema, '`.`', r.routine_name, '`(')) > 0
            WHERE r.routine_type = 'FUNCTION' AND v.table_schema <> 'sys';
            """)
        return privileges.missingForLogical(databases, hasRoutines: hasRoutines != nil, callsFunctionsOf: called)
    }
}
