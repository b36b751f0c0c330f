import Chunking
import Trees

/// A MariaDB server as a source: its table files by mariadb-backup, or its rows by mariadb-dump.
///
/// The tools must be of the server's own release series (docs/versions.md). A physical backup needs them on the server's
/// machine, as an account that may read its data folder.
public struct MariaDBSource: DataSource {
    public let name: String
    public let kind = SourceKind.mariadb
    let settings: MariaDBSettings
    let environment: SourceEnvironment
    let tools: MariaDBTools

    /// Describes a source; nothing is asked yet.
    public init(name: String, settings: MariaDBSettings, environment: SourceEnvironment) {
        self.name = name
        self.settings = settings
        self.environment = environment
        tools = MariaDBTools(settings, environment)
    }

    public func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading
    {
        try await connected { server, folder in
            try server.version.require(acceptsUntested: environment.acceptsUntested, subject: subject)
            switch settings.method {
            case .physical: return try await readPhysical(server, folder, archive)
            case .logical: return try await readLogical(server, folder, archive)
            }
        }
    }

    /// What messages call it.
    var subject: String { "source \(name)" }

    /// Calls `body` with the server; the option file is there until it returns.
    func connected<R>(_ body: (MariaDBServer, PrivateFolder) async throws -> R) async throws -> R {
        let folder = try PrivateFolder(in: environment.temporaryFolder, "mariadb")
        let optionFile = try await MariaDBTools.optionFile(
            for: settings.server, user: settings.user, password: settings.password, in: folder)
        let client = MariaDBClient(tools: tools, optionFile: optionFile, subject: subject)
        let result = try await body(try await MariaDBServer(client), folder)
        // The option file goes with the folder, not before the last tool has ended.
        withExtendedLifetime(folder) {}
        return result
    }

    /// - Throws: `accessDenied` that names the statement which grants the first thing that is missing.
    func requirePrivileges(_ server: MariaDBServer, databases: [String]) async throws {
        let missing = try await server.missingPrivileges(for: settings.method, databases: databases)
        guard !missing.isEmpty else { return }
        throw SourceError(
            .accessDenied, "account \(server.account) lacks \(missing.map(\.name).joined(separator: ", "))",
            subject: subject, hint: missing.map(\.grant).joined(separator: " "))
    }

    /// The version of a tool, which must fit the server.
    func fittingVersion(of tool: String, _ server: MariaDBServer) async throws -> MariaDBVersion {
        let version = try await tools.version(of: tool)
        try server.version.requireSameSeries(asTool: version, named: tool)
        return version
    }

    func reading(_ server: MariaDBServer, _ tool: MariaDBVersion, from start: Timestamp) -> SourceReading {
        var reading = SourceReading(
            method: settings.method.rawValue, consistentFrom: start.rfc3339, consistentTo: environment.now().rfc3339)
        reading.serverVersion = server.versionText
        reading.toolVersion = tool.text
        return reading
    }
}
