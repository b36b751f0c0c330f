import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL under a running write load", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLReplayTests {
    // origin   | writes … | base | writes … | quiet: pins at their LSN | writes … | killed
    // restored            | base, then the origin's log ……………………………| stops here: every table equals its pin
    @Test("a base that was taken under load is replayed to the place of later pins, and every table equals its pin")
    func replay() async throws {
        let stage = try await PostgreSQLStage(["wal_keep_size=2GB"])
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(PhysicalTests.schema, database: "app")
        let writer = LedgerWriter(stage)
        try await stage.wait("SELECT count(*) > 1 FROM ledger", database: "app")
        let (reading, snapshot) = try await stage.backup(stage.source(.physical))
        let seen = try await stage.sql("SELECT count(*) FROM ledger", database: "app").dropLast()
        try await stage.wait("SELECT count(*) > \(seen) + 100 FROM ledger", database: "app")
        try await stage.sql(
            "CREATE TABLE later AS SELECT * FROM ballast; DELETE FROM ballast WHERE i % 3 = 0", database: "app")
        try await writer.stop(stage)

        let (position, pins, leftOut) = try await stage.source(.physical).pins(tables: [], budget: .seconds(60))
        #expect(leftOut == [])
        #expect(
            Set(pins.map(\.key)) == [
                "app.public.ledger", "app.public.counter", "app.public.ballast", "app.public.later",
            ])
        let place = try #require(position.endLSN.flatMap { LSN($0) })
        #expect(position.startLSN == position.endLSN, "a quiet server has one moment")
        let end = try #require(reading.position?.endLSN.flatMap { LSN($0) })
        #expect(end < place)
        // What comes behind the pins must not come back.
        try await stage.sql("UPDATE counter SET n = -1; DROP TABLE later; TRUNCATE ledger", database: "app")
        try await stage.sql("SELECT pg_switch_wal(); CHECKPOINT")
        try await stage.server.kill()

        let restorer = stage.restorer {
            $0.recovery = [
                "restore_command": "cp \(stage.server["PG_DATA"])/pg_wal/%f %p",
                "recovery_target_lsn": place.description, "recovery_target_inclusive": "off",
            ]
        }
        let server = try await stage.revive(snapshot, restorer: restorer)
        #expect(try await server.pins(like: pins) == pins)
        let row = try await server.query(
            "SELECT count(*), max(id), (SELECT n FROM counter) FROM ledger", database: "app")
        #expect(row[0][0] == row[0][2] && row[0][1].flatMap { Int($0) } ?? 0 > 100, "\(row)")
        #expect(try await server.check().allSatisfy { $0.isSound })
        try await server.stop()
    }

    @Test("a base whose log ends before the place that is asked for does not start")
    func logTooShort() async throws {
        let stage = try await PostgreSQLStage()
        let (_, snapshot) = try await stage.backup(stage.source(.physical))
        let restorer = stage.restorer { $0.recovery = ["recovery_target_lsn": "FF/0"] }
        let error = await #expect(throws: SourceError.self) { _ = try await stage.revive(snapshot, restorer: restorer) }
        #expect(error?.code == .toolFailed)
        #expect(
            error?.hint.contains("recovery ended before configured recovery target was reached") == true,
            "\(error as Any)")
    }

    @Test("a dump that was taken under load has every table equal to its pin once it is loaded, all of one moment")
    func logical() async throws {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(
            PhysicalTests.schema + "CREATE TABLE parts(i int, t text) PARTITION BY HASH (i);"
                + "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                + "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                + "INSERT INTO parts SELECT * FROM ballast", database: "app")
        let writer = LedgerWriter(stage)
        try await stage.wait("SELECT count(*) > 1 FROM ledger", database: "app")
        let (reading, snapshot) = try await stage.backup(stage.source(.logical))
        let seen = try await stage.sql("SELECT count(*) FROM ledger", database: "app")
        try await writer.stop(stage)
        #expect(
            Set(reading.pins.map(\.key)) == [
                "app.public.ledger", "app.public.counter", "app.public.ballast", "app.public.parts_0",
                "app.public.parts_1",
            ])
        #expect(reading.pins.allSatisfy { $0.method == "dump-sha256" })
        let server = try await stage.revive(snapshot)
        #expect(try await server.pins(like: reading.pins) == reading.pins)
        let row = try await server.query(
            "SELECT count(*), max(id), (SELECT n FROM counter) FROM ledger", database: "app")
        #expect(Set(row[0]).count == 1, "\(row)")
        let count = try #require(row[0][0].flatMap { Int($0) }), after = try #require(Int(seen.dropLast()))
        #expect((2..<after).contains(count), "rows were written before and after")
        try await server.stop()
    }
}
