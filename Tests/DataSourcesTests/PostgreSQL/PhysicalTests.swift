import Glibc
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
            "SELECT count(*), max(id), (SELECT n FROM counter), (SELECT count(*) FROM ballast) FROM ledger", database: "app")[0]
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
}
