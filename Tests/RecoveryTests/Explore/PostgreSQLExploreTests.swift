import DataSources
import FoundationEssentials
import TestSupport
import Testing

@testable import Recovery

@Suite(
    "Exploring a PostgreSQL", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLExploreTests {
    static let schema = #"""
        CREATE TYPE mood AS ENUM ('good', 'it''s bad');
        CREATE TABLE notes (
          id BIGINT GENERATED ALWAYS AS IDENTITY, tenant INT NOT NULL, title TEXT, raw BYTEA, doc JSON, docs JSONB,
          price NUMERIC, ratio DOUBLE PRECISION, small REAL, day DATE, moment TIMESTAMPTZ, span INTERVAL, flags BIT(5),
          list TEXT[], mood mood, address INET, amount MONEY, fixed CHAR(5), path TEXT,
          twice NUMERIC GENERATED ALWAYS AS (price * 2) STORED, PRIMARY KEY (id));
        INSERT INTO notes (tenant, title, raw, doc, docs, price, ratio, small, day, moment, span, flags, list, mood, address,
          amount, fixed, path)
        SELECT 1 + n % 2 * 6, E'it''s "' || n || E'" \\ ünïcödé 🦆 ; -- x\n\r\t' || chr(8238) || '$$', decode('00ff275c', 'hex'),
          '{"b":1, "a" : "\u00e9"}', '{"x": [1, null]}', n / 7.0, n / 3e-7, n / 3.0, '0044-03-15 BC',
          '2026-03-29 02:30:00.123456+01', '-1 year 2 days 03:04:05.678', B'10101', ARRAY['a,"b', NULL, ''],
          'it''s bad', '10.0.0.0/8', 12.34, 'ab', 'f' || n FROM generate_series(1, 40) AS n;
        INSERT INTO notes (tenant, title) VALUES (7, NULL), (7, '')
        """#

    private func content(_ stage: ExploreStage, _ condition: String) async throws -> String {
        try await stage.sql("SELECT n::text FROM notes n WHERE \(condition) ORDER BY id")
    }

    @Test("one tenant's rows come back byte by byte, and a step of one transaction shows the next one's effect")
    func tenant() async throws {
        let stage = try await ExploreStage(.postgresql, schema: Self.schema)
        let before = try await content(stage, "tenant = 7")
        let good = try await stage.position()
        try await stage.sql("DELETE FROM notes WHERE tenant = 7 AND id < 20")
        try await stage.sql("UPDATE notes SET title = 'x', docs = NULL WHERE tenant = 7 AND id > 38")
        try await stage.sql("UPDATE notes SET tenant = 8 WHERE tenant = 7 AND id = 37")
        try await stage.sql("UPDATE notes SET title = 'others go on' WHERE tenant = 1 AND id = 4")
        let others = try await content(stage, "tenant = 1")
        _ = try await stage.sql("SELECT pg_switch_wal()")
        try await stage.reach()
        let copy = try await stage.explore(.through(good))
        var request = DiffRequest(table: "notes", file: stage.stage.path + "/back.sql")
        request.condition = "tenant = 7"
        let result = try await copy.diff(request)
        #expect(result.insertCount == 10 && result.liveOnlyCount == 0 && result.updateCount == 4, "\(result)")
        try await stage.load(request.file)
        #expect(try await content(stage, "tenant = 7") == before)
        #expect(try await content(stage, "tenant = 1") == others)
        let export = stage.stage.path + "/export.sql"
        try await copy.export(ExportRequest(table: "notes", condition: "tenant = 7", file: export))
        try await stage.sql("DELETE FROM notes WHERE tenant = 7")
        try await stage.load(export)
        #expect(try await content(stage, "tenant = 7") == before)
        _ = try await copy.step(.transactions(1))
        let count = "SELECT count(*) FROM notes WHERE tenant = 7 AND id < 20"
        #expect(try await copy.query(count, database: nil) == [["0"]])
        let rest = "SELECT count(*) FROM notes WHERE title = 'x'"
        #expect(try await copy.query(rest, database: nil) == [["0"]])
        try await copy.end()
        try stage.expectClean()
        await stage.end()
    }

    @Test("a promoted copy writes to disk what it says is written, whatever the origin did, and goes on with its rows")
    func promoted() async throws {
        let stage = try await ExploreStage(
            .postgresql, schema: "CREATE TABLE t (n INT PRIMARY KEY)",
            careless: ["ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off"])
        try await stage.sql("INSERT INTO t VALUES (1)")
        try await stage.reach()
        let copy = try await stage.explore(.end)
        let settings = """
            SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
            ORDER BY name
            """
        #expect(try await copy.query(settings, database: nil).first == ["fsync", "off"])
        try await copy.promote()
        let wanted = [["fsync", "on"], ["full_page_writes", "on"], ["synchronous_commit", "on"]]
        #expect(try await copy.query(settings, database: nil) == wanted)
        let server = try copy.server()
        try await copy.end()
        #expect(try await server.query("SELECT n FROM t", database: nil) == [["1"]])
        try await server.stop()
        for folder in copy.folders { try FileManager.default.removeItem(atPath: folder) }
        try stage.expectClean()
        await stage.end()
    }
}
