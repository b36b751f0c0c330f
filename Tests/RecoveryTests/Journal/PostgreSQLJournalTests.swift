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

    private func source(of server: StagingServer) -> PostgreSQLSource {
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
        return PostgreSQLSource(name: "db", settings: settings, environment: environment)
    }

    /// The numbers of the transactions whose commits are in archived segments.
    private func commits(in archived: [String: [UInt8]], _ server: StagingServer) async throws -> Set<String> {
        let folder = server.folder + "-archived"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in archived where name.count == 24 {
            let filled = bytes + [UInt8](repeating: 0, count: (16 << 20) - bytes.count)
            try Data(filled).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        // It fails at the end of what there is, as it must.
        let said = try await Tool.run(
            "bash",
            [
                "-c", #"cd "$1" && "$0" -r Transaction "$(ls | head -n 1)" "$(ls | tail -n 1)"; true"#,
                server["PG_BIN"] + "/pg_waldump", folder,
            ])
        return Set(
            said.split(separator: "\n").compactMap { line in
                guard line.contains("desc: COMMIT"), let begin = line.firstRange(of: "tx:") else { return nil }
                return String(line[begin.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
            })
    }

    /// Commits rows one after another until the server is gone; gives the transactions that it acknowledged.
    private func writtenUntilKilled(_ server: StagingServer, _ stage: JournalStage) async throws -> Set<String> {
        let before = Int(try await sql(server, "SELECT COUNT(*) FROM k").split(separator: "\n")[0]) ?? 0
        async let acknowledged = Tool.run(
            "bash",
            [
                "-c",
                """
                yes "INSERT INTO k VALUES (repeat('x', 100)) RETURNING pg_current_xact_id();" |
                    psql -XqAt -v ON_ERROR_STOP=1 -h "$0" -p "$1" -U "$2" -d postgres 2>/dev/null; true
                """, server["PG_SOCKET_DIR"], server["PG_PORT"], server["PG_SUPERUSER"],
            ])
        try await stage.until {
            let count = try await sql(server, "SELECT COUNT(*) FROM k")
            return (Int(count.split(separator: "\n").first ?? "") ?? 0) >= before + 100
        }
        try await server.kill()
        return Set(try await acknowledged.split(separator: "\n").map(String.init))
    }

    // The server is told to wait for the journal only in the second half: before, what is lost is there once it is back.
    @Test(
        "a server killed by SIGKILL: nothing acknowledged is missing once it is back, nor before when it waits for us")
    func killed() async throws {
        let server = try await StagingServer(.postgres)
        let source = source(of: server)
        let stage = try await JournalStage(following: source) { $0.segmentByteCount = 256 << 10 }
        var acknowledged = Set<String>()
        try await stage.running {
            try await stage.until { try await !stage.segments.isEmpty }
            _ = try await sql(server, "CREATE TABLE k (a TEXT)")
            acknowledged = try await writtenUntilKilled(server, stage)
            try await server.start()
            let state = try await source.logState()
            try await stage.until {
                guard let end = try await stage.coverage()?.spans.last?.end else { return false }
                return end >= LogPlace(file: state.currentFile, offset: state.currentOffset)
            }
            #expect(acknowledged.count >= 90, "\(acknowledged.count)")
            #expect(acknowledged.subtracting(try await commits(in: stage.archived(), server)).isEmpty)

            _ = try await sql(server, "ALTER SYSTEM SET synchronous_standby_names = 'lifeboat_db'")
            _ = try await sql(server, "SELECT pg_reload_conf()")
            try await stage.until {
                try await sql(server, "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'")
                    .hasPrefix("lifeboat_db")
            }
            acknowledged = try await writtenUntilKilled(server, stage)
        }
        #expect(acknowledged.count >= 90, "\(acknowledged.count)")
        #expect(acknowledged.subtracting(try await commits(in: stage.archived(), server)).isEmpty)
        #expect(try await stage.tree.records.count == 1 && stage.alarmed.isEmpty, "\(stage.alarmed)")
    }

    @Test("survives switches of WAL, the death of the server and its own end, without gap or overlap")
    func deaths() async throws {
        let server = try await StagingServer(.postgres)
        let source = source(of: server)
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
