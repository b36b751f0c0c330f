import FoundationEssentials
import Glibc
import Sealing

/// Tools of PostgreSQL, told how to reach a server. The password lies in a file that only we can read, for as long as the
/// value lives.
final class PostgreSQLClient: Sendable {
    /// Where the server is.
    let address: ServerAddress
    /// Who asks.
    let user: String
    /// The database to connect to when any will do.
    let maintenanceDatabase: String
    /// Folder of the tools; nil when they are looked for in `PATH`.
    let toolFolder: String?
    /// The environment of every tool.
    let variables: [String: String]
    private let passwordFolder: String?

    init(
        _ address: ServerAddress, user: String, password: SecretSource?, maintenanceDatabase: String,
        toolFolder: String?, environment: SourceEnvironment
    ) async throws {
        self.address = address
        self.user = user
        self.maintenanceDatabase = maintenanceDatabase
        self.toolFolder = toolFolder
        // Variables of libpq would lead elsewhere; those for TLS stay.
        var variables = environment.variables.filter { name, _ in !name.hasPrefix("PG") || name.hasPrefix("PGSSL") }
        // Messages are looked at, so they must be the ones we know.
        variables["LC_ALL"] = "C"
        variables["PGAPPNAME"] = "lifeboat"
        variables["PGCONNECT_TIMEOUT"] = "10"
        // Nothing can be there; without a name libpq would look into our home.
        variables["PGPASSFILE"] = "/dev/null/none"
        guard let password else {
            passwordFolder = nil
            self.variables = variables
            return
        }
        let line = try passwordLine(try await password())
        let folder = try FileTree.makeTemporaryFolder(in: environment.temporaryFolder, "pg")
        passwordFolder = folder
        variables["PGPASSFILE"] = "\(folder)/pgpass"
        self.variables = variables
        try SmallFile.write("\(folder)/pgpass", line)
    }

    deinit {
        if let passwordFolder { FileTree.remove(passwordFolder) }
    }

    /// A command that connects to the server; `database` nil for those that want none.
    func command(_ program: String, database: String? = nil, _ arguments: [String]) -> ToolCommand {
        var connection = ["-h", address.socket ?? address.host, "-U", user, "-w"]
        if let port = address.port { connection += ["-p", String(port)] }
        // As a connection string, so that a name with `=` in it is not taken for one.
        if let database { connection += ["-d", "dbname=\(PostgreSQLClient.quoted(database))"] }
        return ToolCommand(path(of: program), connection + arguments, variables: variables)
    }

    /// Where a tool is: with its folder, or without for `PATH`.
    func path(of program: String) -> String { toolFolder.map { "\($0)/\(program)" } ?? program }

    /// Runs SQL of ours and gives the rows, NULL as nil.
    func rows(
        _ sql: String, database: String? = nil, timeout: Duration? = nil, variables: [String: String]? = nil
    ) async throws -> [[String?]] {
        precondition(!sql.hasPrefix("\\"), "that would be a command of psql")
        let null = "null-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
        var psql = command(
            "psql", database: database ?? maintenanceDatabase,
            ["-qXt", "--csv", "-P", "null=\(null)", "-v", "ON_ERROR_STOP=1", "-c", sql])
        if let variables { psql.variables = variables }
        psql.variables["PGCLIENTENCODING"] = "UTF8"
        do {
            return CSVReader.rows(try await psql.run(timeout: timeout)).map { row in
                row.map { $0 == null ? nil : $0 }
            }
        } catch let error as SourceError {
            throw PostgreSQLClient.explained(error, server: name)
        }
    }

    /// The first value of the first row.
    func value(_ sql: String, database: String? = nil) async throws -> String? {
        try await rows(sql, database: database).first?.first ?? nil
    }

    /// The server, for messages.
    var name: String {
        if let socket = address.socket { return "PostgreSQL at \(socket)" }
        return "PostgreSQL at \(address.host):\(address.port ?? 5432)"
    }

    /// What libpq said, as a kind of failure that callers know.
    static func explained(_ error: SourceError, server: String) -> SourceError {
        guard error.code == .toolFailed else { return error }
        let said = error.hint
        let refused = [
            "password authentication failed", "Peer authentication failed", "permission denied", "must be superuser",
            "no pg_hba.conf entry", "no password supplied", "does not exist, ", "must have replication",
            "must be superuser or replication role", "is not permitted to log in",
        ]
        let gone = [
            "could not connect", "Connection refused", "No such file or directory", "could not translate host name",
            "timeout expired", "server closed the connection", "terminating connection", "starting up", "shutting down",
        ]
        if refused.contains(where: said.contains) || said.contains("role \"") && said.contains("does not exist") {
            return SourceError(.accessDenied, error.message, subject: server, hint: said, cause: error)
        }
        if gone.contains(where: said.contains) {
            return SourceError(.serverUnreachable, error.message, subject: server, hint: said, cause: error)
        }
        return error
    }

    /// A value of a connection string.
    static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
}

/// SQL's spelling of a name.
func sqlName(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

/// SQL's spelling of a text, whatever the server's settings are.
func sqlText(_ text: String) -> String {
    let doubled = text.replacing("'", with: "''")
    return doubled.contains("\\") ? " E'" + doubled.replacing("\\", with: "\\\\") + "'" : "'" + doubled + "'"
}

/// A line of a password file that fits any server; `:` and `\` are escaped as libpq wants it.
func passwordLine(_ password: SecretBytes) throws -> [UInt8] {
    let bytes = password.withBytes { unsafe [UInt8]($0) }
    guard !bytes.contains(0x0A), !bytes.contains(0x0D), !bytes.contains(0) else {
        throw SourceError(
            .invalidSetting, "the password holds a line break, which a password file cannot", subject: "PostgreSQL")
    }
    var line = Array("*:*:*:*:".utf8)
    for byte in bytes {
        if byte == 0x3A || byte == 0x5C { line.append(0x5C) }
        line.append(byte)
    }
    return line + [0x0A]
}
