import Glibc
import Trees

/// A private server on a restored cluster: reachable by its socket without a password, and by loopback.
final class PrivatePostgreSQL: ScratchServer {
    /// A file in the data folder that says which role may do everything.
    static let recordName = "lifeboat_superuser"

    let client: PostgreSQLClient
    private let server: PrivateServer
    private let restorer: PostgreSQLRestorer
    private let data: String
    private let run: String

    private init(
        _ restorer: PostgreSQLRestorer, _ server: PrivateServer, _ client: PostgreSQLClient, data: String, run: String
    ) {
        self.restorer = restorer
        self.server = server
        self.client = client
        self.data = data
        self.run = run
    }

    /// Starts it and waits until it takes writes.
    static func start(
        _ restorer: PostgreSQLRestorer, data: String, run: String, superuser: String? = nil,
        more: [String: String] = [:]
    ) async throws -> PrivatePostgreSQL {
        let version = String(decoding: try SmallFile.read("\(data)/PG_VERSION"), as: UTF8.self)
        guard let major = PostgreSQLVersion(version)?.major else {
            throw SourceError(.malformedStream, "PG_VERSION is no version: \(version)", subject: data)
        }
        let folder = PostgreSQLTools.folder(named: restorer.settings.toolFolder, major: major)
        let port = try LoopbackPort.free()
        try clearLocks(data)
        let limits = try await ControlData.limits(restorer, folder: folder, data: data)
        let settings = ServerSettings(restorer, data: data, run: run, port: port, limits: limits, more: more)
        try ServerSettings.writeFiles(run: run, account: restorer.account)
        let arguments = ["-D", data] + settings.arguments
        var plan = PrivateServer.Plan(
            restorer.tool("postgres", folder), arguments, variables: restorer.variables, folder: data,
            log: "\(run)/postgres.log")
        plan.account = restorer.account
        // SIGINT is its fast stop; SIGTERM would wait for clients.
        plan.stopSignal = SIGINT
        plan.keepsRunning = restorer.keepsRunning
        // Replaying a day of log takes its time; a server that dies is noticed at once.
        plan.startTimeout = .seconds(24 * 3600)
        let user = try superuser ?? readSuperuser(data)
        let client = try await PostgreSQLClient(
            ServerAddress(socket: run, port: port), user: user, password: nil, maintenanceDatabase: "postgres",
            toolFolder: folder, environment: restorer.environment)
        let server = try await PrivateServer.start(plan) {
            let ready = ToolCommand(
                client.path(of: "pg_isready"), ["-q", "-h", run, "-p", String(port)], variables: client.variables)
            // Not ready is why it is asked again.
            return (try? await ready.run(timeout: .seconds(10))) != nil
        }
        return PrivatePostgreSQL(restorer, server, client, data: data, run: run)
    }

    private static func readSuperuser(_ data: String) throws -> String {
        guard FileTree.exists("\(data)/\(recordName)") else { return "postgres" }
        let text = String(decoding: try SmallFile.read("\(data)/\(recordName)"), as: UTF8.self)
        return String(text.dropLast())
    }

    /// Removes the lock of a server that is gone. PostgreSQL takes a zombie for alive, so we look ourselves.
    private static func clearLocks(_ data: String) throws {
        let lock = "\(data)/postmaster.pid"
        guard FileTree.exists(lock) else { return }
        let text = String(decoding: try SmallFile.read(lock), as: UTF8.self)
        if let process = text.split(separator: "\n").first.flatMap({ Int32($0) }), isAlive(process, in: data) {
            throw SourceError(
                .targetOccupied, "the process \(process) serves this data folder", subject: data, hint: "stop it first")
        }
        unlink(lock)
    }

    /// Is it a process, no zombie, that works in the folder? Another one may have got a dead server's number.
    private static func isAlive(_ process: Int32, in data: String) -> Bool {
        guard process > 0, let place = realpath("/proc/\(process)/cwd", nil) else { return false }
        defer { free(place) }
        guard let folder = realpath(data, nil) else { return false }
        defer { free(folder) }
        return strcmp(place, folder) == 0
    }

    // MARK: ScratchServer

    var processID: Int32 { server.processID }

    var howToConnect: [String] {
        let port = client.address.port ?? 5432
        return [
            "psql -h \(run) -p \(port) -U \(client.user) \(client.maintenanceDatabase)",
            "socket: \(run)/.s.PGSQL.\(port), no password; 127.0.0.1:\(port) with the passwords of the backup",
        ]
    }

    func query(_ sql: String, database: String?) async throws -> [[String?]] {
        guard !sql.hasPrefix("\\") else {
            throw SourceError(.invalidSetting, "that is a command of psql and no query", subject: sql)
        }
        do {
            return try await client.rows(sql, database: database)
        } catch let error as SourceError where error.code == .toolFailed {
            throw SourceError(.checkFailed, "the query failed", subject: sql, hint: error.hint, cause: error)
        }
    }

    func check() async throws -> [CheckOutcome] {
        let amcheck = client.command(
            "pg_amcheck",
            ["--all", "--install-missing", "--maintenance-db=\(client.maintenanceDatabase)", "--heapallindexed"])
        return [try await outcome("pg_amcheck", amcheck), try await checksums()]
    }

    private func outcome(_ name: String, _ command: ToolCommand) async throws -> CheckOutcome {
        do {
            let said = try await command.text().split(separator: "\n").prefix(5).joined(separator: " / ")
            return CheckOutcome(
                name: name, isSound: true, message: said.isEmpty ? "tables and indexes are sound" : said)
        } catch let error as SourceError where error.code == .toolFailed {
            return CheckOutcome(name: name, isSound: false, message: error.hint)
        }
    }

    /// The server itself counts pages that it found broken while everything was read.
    private func checksums() async throws -> CheckOutcome {
        guard try await client.value("SHOW data_checksums") == "on" else {
            return CheckOutcome(name: "checksums", isSound: true, message: "the cluster has no data checksums")
        }
        let failures = try await client.value("SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database")
        let count = failures ?? "unknown"
        return CheckOutcome(
            name: "checksums", isSound: count == "0", message: "\(count) broken pages in what was read")
    }

    func pins(like expected: [TablePin]) async throws -> [TablePin] {
        try await ScratchPins(client).pins(like: expected)
    }

    func stop() async throws { try await server.stop() }

    func kill() async { await server.kill() }
}
