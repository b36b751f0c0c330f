import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Recovery

/// A real MariaDB whose binary log is archived.
private struct LoggedServer {
    let server: StagingServer
    let stage: JournalStage

    init() async throws {
        let server = try await StagingServer(.mariadb)
        self.server = server
        var settings = MariaDBSettings()
        settings.server = ServerAddress(socket: server["MARIADB_SOCKET"])
        settings.user = "backup"
        let secret = server["MARIADB_DIR"] + "/backup.secret"
        settings.password = {
            SecretBytes(Array(try Data(contentsOf: URL(filePath: secret))).filter { $0 != 0x0A })
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = SourceEnvironment(
            variables: ["PATH": path, "LANG": "C.UTF-8"], temporaryFolder: "/tmp", now: now)
        stage = try await JournalStage(
            following: MariaDBSource(name: "db", settings: settings, environment: environment)
        ) { $0.segmentByteCount = 64 << 10 }
    }

    func sql(_ text: String) async throws {
        _ = try await Tool.run(
            "mariadb", ["--no-defaults", "-S", server["MARIADB_SOCKET"], "-u", "root", "-e", text])
    }

    func insert(_ count: Int) async throws {
        try await sql("USE app; INSERT INTO t (a) SELECT REPEAT('x', 100) FROM seq_1_to_\(count)")
    }

    /// The binary logs from `first` on, without the mark that one is in use.
    func files(from first: String = "") throws -> [String: [UInt8]] {
        let folder = server["MARIADB_DIR"] + "/binlog"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasPrefix("binlog.0") && $0 >= first
        }
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                var bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
                if bytes.count > 21 { bytes[21] &= 0xFE }
                return (name, bytes)
            })
    }

    func caughtUp() async throws {
        try await stage.until {
            let archived = try await stage.archived()
            guard let first = archived.keys.min() else { return false }
            return try archived == files(from: first)
        }
    }

    var isFollowing: Bool {
        get async throws { try await !stage.segments.isEmpty }
    }

    /// Commits rows one after another until the server is gone; gives those that it acknowledged.
    func writtenUntilKilled(_ round: Int) async throws -> Set<String> {
        async let acknowledged = Tool.run(
            "bash",
            [
                "-c",
                """
                seq 100000 999999 | sed "s/.*/INSERT INTO app.k VALUES ('row-$1-&'); SELECT 'row-$1-&';/" |
                    mariadb --no-defaults -S "$0" -u root -N --unbuffered 2>/dev/null; true
                """, server["MARIADB_SOCKET"], String(round),
            ])
        try await stage.until {
            let count = try await Tool.run(
                "mariadb",
                [
                    "--no-defaults", "-S", server["MARIADB_SOCKET"], "-u", "root", "-N", "-e",
                    "SELECT COUNT(*) FROM app.k WHERE a LIKE 'row-\(round)-%'",
                ])
            return (Int(count.split(separator: "\n").first ?? "") ?? 0) >= 100
        }
        try await server.kill()
        return Set(try await acknowledged.split(separator: "\n").map(String.init))
    }
}

@Suite(
    "MariaDB's journal", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct MariaDBJournalTests {
    // server   | writes | FLUSH | kill -9 | writes | store away, writes | kill -9 | writes | RESET MASTER
    // journal  | ..................................................| ends | ................| ..........
    @Test(
        "survives the death of the server, of itself and of the store, byte for byte, and tells a log that began anew")
    func deaths() async throws {
        let logged = try await LoggedServer()
        let stage = logged.stage
        try await logged.sql("CREATE DATABASE app; CREATE TABLE app.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        try await stage.running {
            try await stage.until { try await logged.isFollowing }
            try await logged.insert(2000)
            try await logged.sql("FLUSH BINARY LOGS")
            try await logged.insert(3000)
            try await logged.caughtUp()
            try await logged.server.kill()
            try await logged.server.start()
            try await logged.insert(100)
            try await logged.caughtUp()
        }
        #expect(try await stage.tree.records.count == 1 && stage.alarmed.isEmpty, "\(stage.alarmed)")

        let away = StoreError(.unreachable, "no route to host", subject: "test", isTransient: true)
        stage.faults.arm([.put: Array(repeating: .fail(away), count: 100_000)])
        try await stage.running(farewell: .zero) {
            try await logged.insert(1500)
            let end = try logged.files().values.map(\.count).reduce(0, +)
            try await stage.until {
                let spool = try SpoolFolder.all(in: stage.context.spoolFolder("db")).last
                let last = try logged.files().keys.max() ?? ""
                return try spool.flatMap { try SpoolFile.ifThere("\($0.path)/\(last)") }?.byteCount()
                    == UInt64(logged.files()[last]?.count ?? 0)
            }
            #expect(try logged.files().values.map(\.count).reduce(0, +) == end)
        }
        stage.faults.arm([:])
        try await logged.server.kill()
        try await logged.server.start()
        try await logged.insert(50)
        try await logged.sql("FLUSH BINARY LOGS")
        try await stage.running { try await logged.caughtUp() }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1, "\(coverage.gaps)")
        #expect(try await stage.tree.records.count == 1 && stage.alarmed.isEmpty)
        let state = try await
            (stage.context.factory.dataSource(stage.source, stage.context.environment, nil)
            as? any LogSource)?.logState()
        #expect(coverage.spans[0].to == state?.position)

        let old = try await stage.archived()
        try await logged.sql("RESET MASTER")
        try await logged.insert(10)
        try await stage.running { try await logged.caughtUp() }
        #expect(try await stage.tree.records.map(\.timeline) == [1, 2])
        #expect(try await stage.archived(1) == old)
        #expect(stage.alarmed.count == 1 && stage.alarmed[0].contains("a new base is needed"))
    }

    @Test("a server killed by SIGKILL and started again: nothing acknowledged is missing from the journal")
    func killed() async throws {
        let logged = try await LoggedServer()
        try await logged.sql("CREATE DATABASE app; CREATE TABLE app.k (a VARCHAR(40) PRIMARY KEY)")
        var acknowledged = Set<String>()
        try await logged.stage.running {
            try await logged.stage.until { try await logged.isFollowing }
            for round in 1...3 {
                acknowledged.formUnion(try await logged.writtenUntilKilled(round))
                try await logged.server.start()
            }
            try await logged.caughtUp()
        }
        // Rows lie in the log as they are.
        let text = try await logged.stage.archived().values.map { String(decoding: $0, as: Unicode.ASCII.self) }
        let archived = Set(
            text.flatMap { $0.components(separatedBy: "row-").dropFirst().map { "row-" + $0.prefix(8) } })
        #expect(acknowledged.count >= 290, "\(acknowledged.count)")
        #expect(acknowledged.subtracting(archived).isEmpty)
        #expect(logged.stage.alarmed.isEmpty, "\(logged.stage.alarmed)")
    }
}
