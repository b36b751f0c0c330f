import Glibc
import Repository
import Synchronization
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite(
    "PostgreSQL, when something goes wrong in the middle", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLFailureTests {
    /// Some 25 MB in a table, and one that a dump reads last.
    private func stage() async throws -> PostgreSQLStage {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(
            """
            CREATE TABLE big AS SELECT i, repeat(md5(i::text), 20) t FROM generate_series(1, 40000) i;
            CREATE TABLE zz_last AS SELECT i FROM generate_series(1, 1000) i
            """, database: "app")
        return stage
    }

    private func tool(_ method: DatabaseMethod) -> String { method == .physical ? "pg_basebackup" : "pg_dump" }

    /// Kills our own child of that name that talks to this server; tests of other suites have children too.
    private func killTool(_ method: DatabaseMethod, of stage: PostgreSQLStage) async throws -> Int {
        let pattern = "/\(tool(method)) .*-p \(stage.server["PG_PORT"]) "
        let found = try await Tool.run("pgrep", ["-P", String(getpid()), "-f", pattern])
        let children = found.split(separator: "\n").compactMap { Int32($0) }
        for child in children { kill(child, SIGKILL) }
        return children.count
    }

    /// Backs up with a harm that must have been done, and says how that failed.
    private func failure(
        _ stage: PostgreSQLStage, _ method: DatabaseMethod, _ harm: @escaping @Sendable () async throws -> Void
    ) async throws -> SourceError? {
        let isDone = Mutex(false)
        let error = await #expect(throws: SourceError.self) {
            try await stage.backup(stage.source(method)) {
                try await harm()
                isDone.withLock { $0 = true }
            }
        }
        #expect(isDone.withLock { $0 }, "the harm was done")
        #expect(try await stage.snapshotCount() == 0)
        return error
    }

    @Test("a tool that is killed in the middle makes no snapshot", arguments: [DatabaseMethod.physical, .logical])
    func killedTool(method: DatabaseMethod) async throws {
        let stage = try await stage()
        let error = try await failure(stage, method) {
            let count = try await killTool(method, of: stage)
            #expect(count == 1)
        }
        #expect(error?.code == .toolFailed, "\(error as Any)")
        #expect(error?.message == "the program was ended by signal 9, so its output is no backup")
        // And the next one works.
        _ = try await stage.backup(stage.source(method))
    }

    @Test("a tool that is killed while it writes several archives makes no snapshot, and leaves no pipes")
    func killedWithTablespaces() async throws {
        let stage = try await stage()
        _ = try await stage.makeTablespace("ts 1")
        try await stage.sql("CREATE TABLE far TABLESPACE \"ts 1\" AS SELECT * FROM big", database: "app")
        var environment = stage.environment
        environment.temporaryFolder = stage.folder("tmp")
        mkdir(stage.folder("tmp"), 0o700)
        let source = PostgreSQLSource(name: "db", settings: stage.settings(.physical), environment: environment)
        let error = await #expect(throws: SourceError.self) {
            try await stage.backup(source) { _ = try await killTool(.physical, of: stage) }
        }
        #expect(error?.message == "the program was ended by signal 9, so its output is no backup", "\(error as Any)")
        #expect(try await stage.snapshotCount() == 0)
        #expect(try await Tool.run("ls", ["-A", stage.folder("tmp")]) == "", "no pipe and no password is left")
    }

    @Test(
        "a server that is killed and started again in the middle makes no snapshot",
        arguments: [DatabaseMethod.physical, .logical])
    func killedServer(method: DatabaseMethod) async throws {
        let stage = try await stage()
        let error = try await failure(stage, method) {
            try await stage.server.kill()
            try await stage.server.start()
        }
        #expect(error?.code == .serverUnreachable || error?.code == .toolFailed, "\(error as Any)")
        _ = try await stage.backup(stage.source(method))
    }

    @Test("a server that is restarted cleanly in the middle makes no snapshot", arguments: [DatabaseMethod.logical])
    func restartedServer(method: DatabaseMethod) async throws {
        let stage = try await stage()
        let error = try await failure(stage, method) {
            try await stage.server.stop()
            try await stage.server.start()
        }
        #expect(error?.code == .serverUnreachable || error?.code == .toolFailed, "\(error as Any)")
    }

    @Test("a table that is dropped while a base is taken is gone after the restore, and everything else is there")
    func droppedFromBase() async throws {
        let stage = try await stage()
        let (_, snapshot) = try await stage.backup(stage.source(.physical)) {
            try await stage.sql("DROP TABLE zz_last; CREATE TABLE zz_new AS SELECT 1 a; CHECKPOINT", database: "app")
        }
        let server = try await stage.revive(snapshot)
        let names = try await server.query(
            "SELECT relname FROM pg_class WHERE relname ~ '^(big|zz_.*)$' ORDER BY 1", database: "app")
        #expect(names == [["big"], ["zz_new"]])
        let pins = try await stage.rowPins()
        #expect(try await server.pins(like: pins) == pins)
        #expect(try await server.check().allSatisfy { $0.isSound })
        try await server.stop()
    }

    @Test("a dump holds its tables: whoever drops one has to wait, and the dump has it whole")
    func droppedFromDump() async throws {
        let stage = try await stage()
        let refused = Mutex("")
        let (reading, snapshot) = try await stage.backup(stage.source(.logical)) {
            do {
                try await stage.sql("SET lock_timeout = '500ms'; DROP TABLE zz_last", database: "app")
            } catch {
                refused.withLock { $0 = "\(error)" }
            }
        }
        #expect(refused.withLock { $0.contains("lock timeout") })
        #expect(reading.pins.map(\.key).sorted() == ["app.public.big", "app.public.zz_last"])
        let server = try await stage.revive(snapshot)
        #expect(try await server.pins(like: reading.pins) == reading.pins)
        try await server.stop()
    }

    /// Renamed, not dropped: PostgreSQL lets a drop wait for every session to take note, that of the dump we hold up too.
    @Test("a database that goes while another one is dumped fails the source")
    func goneDatabase() async throws {
        let stage = try await stage()
        try await stage.sql("CREATE DATABASE later")
        let error = try await failure(stage, .logical) {
            try await stage.sql("ALTER DATABASE later RENAME TO gone")
        }
        #expect(error?.code == .toolFailed && error?.hint.contains("later") == true, "\(error as Any)")
    }
}
