import Trees

/// A PostgreSQL cluster: its files by `pg_basebackup`, or its rows by `pg_dump`.
public struct PostgreSQLSource: DataSource {
    /// The name in the configuration.
    public let name: String
    /// `postgresql`.
    public let kind = SourceKind.postgresql
    /// Where the cluster is and how it is read.
    public let settings: PostgreSQLSettings
    /// What is taken from the world.
    public let environment: SourceEnvironment

    /// A cluster that is called `name`.
    public init(name: String, settings: PostgreSQLSettings, environment: SourceEnvironment) {
        self.name = name
        self.settings = settings
        self.environment = environment
    }

    /// Reads the cluster once, see `DataSource`.
    ///
    /// - Throws: `SourceError`: `serverUnreachable`, `accessDenied`, `versionUnsupported`, `toolMissing`, `toolFailed`,
    ///   `malformedStream`, or `suspectContent` when the log that the base needs is not in it.
    public func read(
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let server = try await PostgreSQLServer.reach(settings, environment)
        switch settings.method {
        case .physical: return try await PhysicalBackup(self, server).read(archive)
        case .logical: return try await LogicalBackup(self, server).read(archive)
        }
    }

    /// What every file has that we write ourselves.
    func metadata(byteCount: Int) -> Metadata {
        Metadata(kind: .file, permissions: 0o600, modified: environment.now(), byteCount: UInt64(byteCount))
    }

    /// A path below the source's name.
    func path(_ components: String...) -> [[UInt8]] { ([name] + components).map { Array($0.utf8) } }
}

/// A server that answered, what it is, and tools that fit it.
struct PostgreSQLServer: Sendable {
    let client: PostgreSQLClient
    let version: PostgreSQLVersion
    let systemIdentifier: String
    let segmentByteCount: UInt64
    /// Name of the role that made the cluster; it is there after every restore.
    let superuser: String
    /// Tablespaces besides the two that every cluster has: OID and place.
    let tablespaces: [(oid: String, location: String)]
    let isStandby: Bool

    /// Asks the server what it is; refuses versions as `PostgreSQLVersion` says.
    static func reach(_ settings: PostgreSQLSettings, _ environment: SourceEnvironment) async throws -> PostgreSQLServer
    {
        let first = try await client(settings, environment, PostgreSQLTools.anyFolder(named: settings.toolFolder))
        let sql = """
            SELECT current_setting('server_version'), (SELECT system_identifier FROM pg_control_system()),
            pg_size_bytes(current_setting('wal_segment_size')), (SELECT rolname FROM pg_roles WHERE oid = 10),
            pg_is_in_recovery()
            """
        guard let row = try await first.rows(sql, timeout: .seconds(60)).first, row.count == 5,
            let version = row[0].flatMap({ PostgreSQLVersion($0) }), let identifier = row[1],
            let segment = row[2].flatMap({ UInt64($0) }), LSN.segmentByteCounts.contains(segment),
            let superuser = row[3]
        else { throw SourceError(.malformedStream, "the server did not say what it is", subject: first.name) }
        try version.checkServer(subject: first.name, acceptsUntested: environment.acceptsUntested)
        let places = try await first.rows(
            "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace WHERE oid >= 16384 ORDER BY oid")
        let folder = PostgreSQLTools.folder(named: settings.toolFolder, major: version.major)
        let client = folder == first.toolFolder ? first : try await self.client(settings, environment, folder)
        return PostgreSQLServer(
            client: client, version: version, systemIdentifier: identifier, segmentByteCount: segment,
            superuser: superuser, tablespaces: places.map { (oid: $0[0] ?? "", location: $0[1] ?? "") },
            isStandby: row[4] == "t")
    }

    /// Refuses a tool that is older than the server; gives its version.
    func checkTool(_ program: String) async throws -> PostgreSQLVersion {
        let tool = try await PostgreSQLTools.version(
            of: program, in: client.toolFolder, variables: client.variables)
        try version.checkTool(tool, program: program)
        return tool
    }

    private static func client(
        _ settings: PostgreSQLSettings, _ environment: SourceEnvironment, _ folder: String?
    ) async throws -> PostgreSQLClient {
        try await PostgreSQLClient(
            settings.server, user: settings.user, password: settings.password,
            maintenanceDatabase: settings.maintenanceDatabase, toolFolder: folder, environment: environment)
    }
}
