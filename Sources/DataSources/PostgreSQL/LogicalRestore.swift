import Glibc
import Trees

/// Loads dumps: into a new cluster, or into a server that is there.
struct LogicalRestore: Sendable {
    private let restorer: PostgreSQLRestorer
    private let record: SnapshotRecord

    init(_ restorer: PostgreSQLRestorer, _ record: SnapshotRecord) {
        self.restorer = restorer
        self.record = record
    }

    /// Makes a cluster in `data`, starts it privately, loads everything and stops it.
    func build(files: String, data: String, run: String) async throws {
        let folder = PostgreSQLTools.folder(named: restorer.settings.toolFolder, major: record.major)
        try FileTree.makeFolder(data)
        if let account = restorer.account { try FileTree.give(data, to: account) }
        var initdb = ToolCommand(
            restorer.tool("initdb", folder),
            [
                "-D", data, "-U", record.superuser, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
                "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions", "--no-sync",
            ], variables: restorer.variables)
        initdb.account = restorer.account
        initdb.folder = "/"
        _ = try await initdb.run()
        let server = try await PrivatePostgreSQL.start(
            restorer, data: data, run: run, superuser: record.superuser, more: ["fsync": "off"])
        do {
            try await load(files: files, client: server.client, tablespaces: "\(data).tablespaces")
            try await analyze(server.client)
        } catch {
            await server.kill()
            throw error
        }
        try await server.stop()
    }

    /// Loads into a server of the operator's, which must be empty. Its tablespaces are where they were.
    func load(files: String, into target: ServerTarget) async throws {
        let client = try await client(of: target)
        try await proveEmpty(client)
        let ownFolder = try FileTree.makeTemporaryFolder(in: restorer.environment.temporaryFolder, "pg")
        defer { FileTree.remove(ownFolder) }
        let globals = "\(ownFolder)/globals.sql"
        try SmallFile.write(globals, try await fittingGlobals("\(files)/globals.sql", client))
        try await load(files: files, client: client, globals: globals, tablespaces: nil)
        try await analyze(client)
    }

    /// A client of the operator's server.
    func client(of target: ServerTarget) async throws -> PostgreSQLClient {
        try await PostgreSQLClient(
            ServerAddress(host: target.host, port: target.port), user: target.user, password: target.password,
            maintenanceDatabase: "postgres",
            toolFolder: PostgreSQLTools.folder(named: restorer.settings.toolFolder, major: record.major),
            environment: restorer.environment)
    }

    /// The roles without the account that loads them, which stays as it is: with the origin's password it could not go on.
    private func fittingGlobals(_ file: String, _ client: PostgreSQLClient) async throws -> [UInt8] {
        let bytes = try SmallFile.read(file, limit: 1 << 28)
        let isThere = "SELECT count(*) FROM pg_roles WHERE rolname = \(sqlText(record.superuser))"
        // The line that makes the first superuser is a comment, since most clusters have that role.
        let first = try await client.value(isThere) == "0" ? "CREATE ROLE \(sqlName(record.superuser));\n" : ""
        return Array(first.utf8) + GlobalsText.without(client.user, bytes)
    }

    private func proveEmpty(_ client: PostgreSQLClient) async throws {
        func occupied(_ what: String) -> SourceError {
            SourceError(
                .targetOccupied, "the server is not empty: it holds \(what)", subject: client.name,
                hint: "only a server without databases and tables is loaded into")
        }
        let databases = try await client.rows(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1")
        if let name = databases.first?.first ?? nil { throw occupied("the database \(name)") }
        for database in ["postgres", "template1"] {
            let tables = try await client.rows(
                """
                SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
                """, database: database)
            if let name = tables.first?.first ?? nil { throw occupied("\(name) in the database \(database)") }
        }
    }

    private func load(
        files: String, client: PostgreSQLClient, globals: String? = nil, tablespaces: String?
    ) async throws {
        try await psql([globals ?? "\(files)/globals.sql"], client)
        try await loadTablespaces("\(files)/tablespaces.sql", tablespaces, client)
        for database in FileTree.namesIfAny(in: "\(files)/databases") {
            let folder = "\(files)/databases/\(database)"
            guard FileTree.exists("\(folder)/\(DumpPart.preData.rawValue)") else {
                throw SourceError(.malformedStream, "a dump lacks its beginning", subject: folder)
            }
            let tables = FileTree.namesIfAny(in: "\(folder)/tables").map { "\(folder)/tables/\($0)" }
            let others = DumpPart.allCases.dropFirst().map { "\(folder)/\($0.rawValue)" }
                .filter(FileTree.exists)
            restorer.environment.report("loading the database \(database)")
            try await psql(["\(folder)/\(DumpPart.preData.rawValue)"] + tables + others, client)
        }
    }

    /// Where the origin had its tablespaces is not where a private server may write: it gets folders of its own.
    private func loadTablespaces(_ file: String, _ folder: String?, _ client: PostgreSQLClient) async throws {
        guard let folder else { return try await psql([file], client) }
        var text = [String]()
        let lines = String(decoding: try SmallFile.read(file, limit: 1 << 26), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines {
            guard line.hasPrefix("CREATE TABLESPACE "), let place = line.ranges(of: " LOCATION '").last else {
                text.append(String(line))
                continue
            }
            try FileTree.makeFolder(folder)
            let own = "\(folder)/\(text.count)"
            try FileTree.makeFolder(own)
            if let account = restorer.account { try FileTree.give(folder, to: account) }
            text.append("\(line[..<place.lowerBound]) LOCATION \(sqlText(own));")
        }
        let changed = try FileTree.makeTemporaryFolder(in: restorer.environment.temporaryFolder, "pg")
        defer { FileTree.remove(changed) }
        try SmallFile.write("\(changed)/tablespaces.sql", Array(text.joined(separator: "\n").utf8))
        try await psql(["\(changed)/tablespaces.sql"], client)
    }

    /// Runs files as one session.
    private func psql(_ files: [String], _ client: PostgreSQLClient) async throws {
        var command = client.command(
            "psql", database: client.maintenanceDatabase, ["-qX", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"])
        command.input = .files(files)
        _ = try await command.run(limit: 1 << 30)
    }

    /// Without statistics the first queries would be slow.
    private func analyze(_ client: PostgreSQLClient) async throws {
        _ = try await client.command(
            "vacuumdb", ["--maintenance-db=\(client.maintenanceDatabase)", "--all", "--analyze-only", "--quiet"]
        ).run()
    }
}
