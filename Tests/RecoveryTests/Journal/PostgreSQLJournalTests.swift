import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Recovery

/// WAL files are preallocated and renamed, which binary logs are not.
@Suite(
    "PostgreSQL's journal", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLJournalTests {
    private func sql(_ server: StagingServer, _ text: String) async throws -> String {
        try await Tool.run(
            "psql",
            [
                "-X", "-At", "-h", server["PG_SOCKET_DIR"], "-p", server["PG_PORT"], "-U", server["PG_SUPERUSER"], "-d",
                "postgres", "-c", text,
            ]
        )
    }

    @Test("survives switches of WAL, the death of the server and its own end, without gap or overlap")
    func deaths() async throws {
        let server = try await StagingServer(.postgres)
        var settings = PostgreSQLSettings()
        settings.server = ServerAddress(host: "127.0.0.1", port: Int(server["PG_PORT"]))
        settings.user = "backup"
        let secret = server.folder + "/backup.secret"
        settings.password = {
            SecretBytes(Array(try Data(contentsOf: URL(filePath: secret))).filter { $0 != 0x0A })
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = SourceEnvironment(
            variables: ["PATH": path, "LANG": "C.UTF-8"], temporaryFolder: "/tmp", now: now)
        let source = PostgreSQLSource(name: "db", settings: settings, environment: environment)
        let stage = try await JournalStage(following: source) {
            $0.segmentByteCount = 256 << 10
            $0.closeEvery = .zero
        }
        func caughtUp() async throws {
            let state = try await source.logState()
            try await stage.until {
                guard let end = try await stage.coverage()?.spans.last?.end else { return false }
                return end >= LogPlace(file: state.currentFile, offset: state.currentOffset)
            }
        }
        try await stage.running {
            try await stage.until { try await !stage.segments.isEmpty }
            _ = try await sql(server, "CREATE TABLE t AS SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g")
            _ = try await sql(server, "SELECT pg_switch_wal()")
            _ = try await sql(server, "INSERT INTO t SELECT g, 'y' FROM generate_series(1, 500) g")
            try await caughtUp()
            try await server.kill()
            try await server.start()
            _ = try await sql(server, "INSERT INTO t SELECT g, 'z' FROM generate_series(1, 500) g")
            try await caughtUp()
        }
        _ = try await sql(server, "SELECT pg_switch_wal()")
        _ = try await sql(server, "INSERT INTO t VALUES (0, 'last')")
        try await stage.running {
            try await caughtUp()
            try await stage.until { try await stage.closedFiles().count >= 2 }
        }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1, "\(coverage.gaps)")
        #expect(try await stage.tree.records.count == 1 && stage.alarmed.isEmpty, "\(stage.alarmed)")
        for (name, bytes) in try await stage.archived() {
            let live = Array((try? Data(contentsOf: URL(filePath: "\(server["PG_DATA"])/pg_wal/\(name)"))) ?? Data())
            #expect(live.isEmpty || live.starts(with: bytes), "\(name) is the server's")
        }
    }
}
