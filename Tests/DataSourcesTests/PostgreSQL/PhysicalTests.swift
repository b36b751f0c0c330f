import Glibc
import ObjectStore
import Repository
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite(
    "PostgreSQL: bases", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PhysicalTests {
    static let schema = """
        CREATE TABLE ledger(id bigserial PRIMARY KEY, text text NOT NULL); CREATE TABLE counter(n bigint NOT NULL);
        INSERT INTO counter VALUES (0); CREATE TABLE ballast AS SELECT i, md5(i::text) t FROM generate_series(1, 20000) i;
        """

    @Test("a base taken while rows are written comes back as one moment: no row is missing in between")
    func underLoad() async throws {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(Self.schema, database: "app")
        let writer = LedgerWriter(stage)
        try await stage.wait("SELECT count(*) > 1 FROM ledger", database: "app")
        let (reading, snapshot) = try await stage.backup(stage.source(.physical))
        try await writer.stop(stage)

        let position = try #require(reading.position)
        let start = try #require(position.startLSN.flatMap { LSN($0) })
        let end = try #require(position.endLSN.flatMap { LSN($0) })
        #expect(start < end)
        #expect(position.timeline == 1)
        #expect(reading.serverVersion?.hasPrefix("15.") == true)
        let server = try await stage.revive(snapshot)
        let row = try await server.query(
            "SELECT count(*), max(id), (SELECT n FROM counter), (SELECT count(*) FROM ballast) FROM ledger",
            database: "app")[0]
        let count = try #require(row[0].flatMap { Int($0) })
        #expect(count > 1)
        #expect(row == ["\(count)", "\(count)", "\(count)", "20000"])
        let outcomes = try await server.check()
        #expect(outcomes.map(\.name) == ["pg_amcheck", "checksums"])
        #expect(outcomes.allSatisfy { $0.isSound }, "\(outcomes)")
        let timeline = try await server.query("SELECT timeline_id FROM pg_control_checkpoint()", database: nil)
        #expect(timeline == [["2"]])
        try await server.stop()
    }

    @Test("tablespaces come back in a place of their own, and every table is what it was")
    func tablespaces() async throws {
        let stage = try await PostgreSQLStage()
        let place = try await stage.makeTablespace("ts 1")
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(
            Self.schema + #"CREATE TABLE far TABLESPACE "ts 1" AS SELECT * FROM ballast"#, database: "app")
        let before = try await stage.rowPins()
        let (_, snapshot) = try await stage.backup(stage.source(.physical))
        try await stage.server.kill()
        _ = try await Tool.run("rm", ["-rf", place])
        let server = try await stage.revive(snapshot)
        #expect(try await server.pins(like: before) == before)
        let location = try await server.query(
            "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'ts 1'", database: nil)
        #expect(location[0][0]?.hasPrefix(stage.folder("revived-data.tablespaces/")) == true)
        try await server.stop()
    }

    @Test(
        "RESTORE.md, followed to the letter with restic and stock tools, brings everything back",
        arguments: [
            DatabaseMethod.physical, .logical,
        ])
    func notes(method: DatabaseMethod) async throws {
        let stage = try await PostgreSQLStage()
        _ = try await stage.makeTablespace("ts 1")
        try await stage.sql("CREATE DATABASE app; ")
        try await stage.sql(
            Self.schema + #"CREATE TABLE far TABLESPACE "ts 1" AS SELECT * FROM ballast"#, database: "app")
        let before = try await stage.rowPins()
        let (_, snapshot) = try await stage.backup(stage.source(method))
        try await stage.server.kill()
        let (port, target) = try await stage.follow(snapshot)
        var settings = stage.settings(.physical, user: "postgres")
        settings.server = ServerAddress(socket: target, port: port)
        settings.password = nil
        let source = PostgreSQLSource(name: "db", settings: settings, environment: stage.environment)
        let after = try await source.pins(tables: [], budget: .seconds(60)).pins
        #expect(after.sorted { $0.key < $1.key } == before.sorted { $0.key < $1.key })
        let data = "\(target)/db/data"
        _ = try await Tool.run(
            "runuser", ["-u", "postgres", "--", "\(stage.server["PG_BIN"])/pg_ctl", "-D", data, "-m", "fast", "stop"])
    }

    @Test(
        "a connection that the server ends in the middle fails the source",
        arguments: [DatabaseMethod.physical, .logical])
    func endedConnection(method: DatabaseMethod) async throws {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(
            "CREATE TABLE t AS SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 40000) i", database: "app")
        let source = stage.source(method)
        let failure = await #expect(throws: SourceError.self) {
            try await source.read { content in
                guard case .stream(let stream) = content else { return }
                // The first megabyte comes; then the server ends the connection of the tool.
                try await BlockingLane(name: "archiver", threadCount: 1).run {
                    let sink = CuttingSink(after: 1 << 20) {
                        _ = try await stage.sql(
                            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'backup'")
                    }
                    try stream.stream(into: sink)
                }
            }
        }
        #expect(failure?.code == .toolFailed || failure?.code == .serverUnreachable, "\(String(describing: failure))")
    }
}
