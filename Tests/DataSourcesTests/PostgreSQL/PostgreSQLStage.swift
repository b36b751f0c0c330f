import Glibc
import ObjectStore
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@testable import DataSources

/// A real PostgreSQL, a repository to back it up into, and both ways to get it out again.
final class PostgreSQLStage: Sendable {
    static let password = "postgresql stage"

    let server: StagingServer
    let folder: ScratchFolder
    let store: DirectoryStore
    let repository: OpenRepository
    let said = Said()

    /// What was reported.
    final class Said: Sendable {
        let lines = Mutex<[String]>([])
    }

    init(_ settings: [String] = []) async throws {
        server = try await StagingServer(.postgres, settings: settings)
        folder = try ScratchFolder("pg")
        // Servers run as another account and must be able to pass.
        chmod(folder.path, 0o755)
        mkdir(folder("repository"), 0o700)
        store = DirectoryStore(root: folder("repository"))
        let parameters = ScryptParameters(n: 1024, r: 8, p: 1)
        let owner = KeyOwner(username: "tester", hostname: "stage", created: "2026-01-01T00:00:00Z")
        repository = try await Repository.create(
            in: store, password: SecretBytes(PostgreSQLStage.password.utf8), parameters: parameters, owner: owner)
    }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    var environment: SourceEnvironment {
        let variables = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"]
        return SourceEnvironment(variables: variables, now: PostgreSQLStage.now) { [said] line in
            said.lines.withLock { $0.append(line) }
        }
    }

    /// The backup account's settings.
    func settings(_ method: DatabaseMethod, user: String = "backup") -> PostgreSQLSettings {
        var settings = PostgreSQLSettings()
        settings.server = ServerAddress(host: "127.0.0.1", port: Int(server["PG_PORT"]))
        settings.user = user
        settings.method = method
        let secret = "\(server.folder)/backup.secret"
        settings.password = { SecretBytes(try SmallFile.read(secret)) }
        return settings
    }

    func source(_ method: DatabaseMethod, change: (inout PostgreSQLSettings) -> Void = { _ in }) -> PostgreSQLSource {
        var settings = settings(method)
        change(&settings)
        return PostgreSQLSource(name: "db", settings: settings, environment: environment)
    }

    func restorer(_ change: (inout PostgreSQLRestorer) -> Void = { _ in }) -> PostgreSQLRestorer {
        var restorer = PostgreSQLRestorer(settings: settings(.physical), environment: environment)
        change(&restorer)
        return restorer
    }

    /// Runs SQL as the superuser; gives what psql prints, values separated by `|`.
    @discardableResult
    func sql(_ sql: String, database: String = "postgres") async throws -> String {
        try await Tool.run(
            "psql",
            [
                "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-p", server["PG_PORT"], "-U", "postgres", "-d",
                "dbname=\(PostgreSQLClient.quoted(database))", "-c", sql,
            ])
    }

    /// Makes a tablespace in a folder of its own; gives the folder.
    func makeTablespace(_ name: String) async throws -> String {
        let place = folder("tablespace")
        _ = try await Tool.run("install", ["-d", "-o", "postgres", "-m", "700", place])
        try await sql("CREATE TABLESPACE \(sqlName(name)) LOCATION \(sqlText(place))")
        return place
    }

    /// Does what `RESTORE.md` of a snapshot says; gives the port of the server and the folder with its socket.
    func follow(_ snapshot: BackupResult) async throws -> (port: Int, target: String) {
        let id = try #require(snapshot.id).digest.hex
        let target = folder("target")
        try SmallFile.write(folder("password"), Array(PostgreSQLStage.password.utf8))
        let port = try LoopbackPort.free()
        let variables = [
            "RESTIC_REPOSITORY": folder("repository"), "RESTIC_PASSWORD_FILE": folder("password"), "SNAPSHOT": id,
            "TARGET": target, "SERVER_USER": "postgres", "PGBIN": server["PG_BIN"], "PGPORT": String(port),
        ]
        let notes = try await Tool.run("restic", ["--no-cache", "dump", id, "/db/RESTORE.md"], variables: variables)
        let block = try #require(notes.components(after: "```sh\n", until: "\n```"))
        _ = try await Tool.run("bash", ["-c", block], variables: variables)
        return (port, target)
    }

    /// Asks until the answer is true.
    func wait(_ question: String, database: String = "postgres") async throws {
        while try await sql(question, database: database) != "t\n" { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Reads a source into the repository; `harm` is done once, in the middle.
    func backup(
        _ source: PostgreSQLSource, harm: (@Sendable () async throws -> Void)? = nil
    ) async throws -> (reading: SourceReading, snapshot: BackupResult) {
        let result = Mutex<BackupResult?>(nil)
        let repository = repository
        let reading = try await source.read { content in
            guard case .stream(let stream) = content else { throw CancellationError() }
            var settings = BackupSettings(paths: ["/\(source.name)"], hostname: "stage", now: PostgreSQLStage.now)
            settings.username = "tester"
            var locks = LockSettings(
                owner: LockOwner(hostname: "stage", username: "tester", pid: getpid(), uid: 0, gid: 0),
                now: PostgreSQLStage.now)
            locks.settle = .milliseconds(1)
            let harmed: any StreamSource = harm.map { HarmedStream(inner: stream, harm: $0) } ?? stream
            let made = try await repository.backup(harmed, settings, locks: locks)
            result.withLock { $0 = made }
        }
        return (reading, try #require(result.withLock { $0 }))
    }

    func snapshotCount() async throws -> Int { try await store.list(prefix: "snapshots").count }

    /// Restores a snapshot with our own engine; gives the folder that holds `RESTORE.md`.
    func restore(_ snapshot: BackupResult, to name: String) async throws -> String {
        let target = folder(name)
        mkdir(target, 0o755)
        let indexed = try await repository.indexed()
        let tree = try #require(snapshot.snapshot.treeID)
        let sink = try LocalTreeSink(root: Array(target.utf8))
        _ = try await indexed.restore(tree: tree, to: sink, RestoreSettings())
        return "\(target)/db"
    }

    /// Restores a snapshot and starts a private server on it.
    func revive(
        _ snapshot: BackupResult, _ name: String = "revived", restorer: PostgreSQLRestorer? = nil
    ) async throws -> any ScratchServer {
        let restorer = restorer ?? self.restorer()
        let files = try await restore(snapshot, to: "\(name)-files")
        for outcome in try await restorer.checkFiles(files) { #expect(outcome.isSound, "\(outcome.message)") }
        let (data, run) = (folder("\(name)-data"), folder("\(name)-run"))
        mkdir(run, 0o700)
        try await restorer.build(files: files, data: data, run: run)
        return try await restorer.start(data: data, run: run)
    }

    /// What all tables of a database are now, by the method of pins, asked as the superuser.
    func rowPins() async throws -> [TablePin] {
        var settings = settings(.physical, user: "postgres")
        settings.server = ServerAddress(socket: server.folder, port: Int(server["PG_PORT"]))
        settings.password = nil
        let source = PostgreSQLSource(name: "db", settings: settings, environment: environment)
        return try await source.pins(tables: [], budget: .seconds(120)).pins
    }
}

extension String {
    /// What stands between two texts, the first time.
    func components(after beginning: String, until end: String) -> String? {
        guard let start = firstRange(of: beginning) else { return nil }
        let rest = self[start.upperBound...]
        return rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
    }
}

extension TablePin {
    var key: String { "\(database).\(table)" }
}

/// Keeps inserting rows with growing numbers until it is stopped.
final class LedgerWriter: Sendable {
    private let task: Task<Void, any Error>
    init(_ stage: PostgreSQLStage, database: String = "app") {
        let arguments = [
            "-qX", "-h", stage.server.folder, "-p", stage.server["PG_PORT"], "-U", "postgres", "-d", database,
        ]
        // One client that never stops: every row is a transaction of its own, and an update goes with it.
        let loop = """
            DO $$ BEGIN FOR i IN 1..1000000 LOOP
            INSERT INTO ledger(text) VALUES (md5(i::text)); UPDATE counter SET n = n + 1;
            COMMIT; PERFORM pg_sleep(0.0005); END LOOP; END $$
            """
        task = Task { _ = try await Tool.run("psql", arguments + ["-c", loop]) }
    }

    /// Ends the writer; what it wrote stays.
    func stop(_ stage: PostgreSQLStage) async throws {
        try await stage.sql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'DO $$ BEGIN FOR i%'")
        _ = await task.result
    }
}
