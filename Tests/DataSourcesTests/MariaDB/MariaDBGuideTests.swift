import DataSources
import Glibc
import TestSupport
import Testing

@Suite(
    "MariaDB, with stock tools and under load",
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"), .serialized)
struct MariaDBGuideTests {
    private func fill(_ stage: MariaDBStage) async throws {
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE `o/d '"` (id INT PRIMARY KEY, t TEXT);
            INSERT INTO `o/d '"` SELECT seq, IF(seq % 3, MD5(seq), NULL) FROM seq_1_to_5000;
            CREATE TABLE w (id BIGINT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), n INT NOT NULL DEFAULT 0);
            CREATE VIEW v AS SELECT id FROM w;
            """)
    }

    /// The `sh` block of a snapshot's RESTORE.md, taken out by restic, so that none of ours has a hand in it.
    private func runGuide(
        _ stage: MariaDBStage, _ snapshot: String, _ variables: [String: String]
    ) async throws -> String {
        var variables = variables
        variables["RESTIC_REPOSITORY"] = stage.folder("repository")
        variables["RESTIC_PASSWORD"] = "test"
        variables["SNAPSHOT"] = snapshot
        variables["WORK"] = try stage.newFolder("w")
        let text = try await Tool.run(
            "restic", ["--no-cache", "dump", snapshot, "/main/RESTORE.md"], variables: variables)
        let block = text.split(separator: "```sh\n").last?.split(separator: "```").first.map(String.init)
        _ = try await Tool.run("bash", ["-c", try #require(block)], variables: variables)
        return text
    }

    @Test("a physical snapshot comes back by the commands in its RESTORE.md alone")
    func physicalGuide() async throws {
        let stage = try await MariaDBStage()
        try await fill(stage)
        let source = stage.source(.physical)
        let (_, id, reading) = try await stage.backup(source)
        let (_, pins, _) = try await source.pins(tables: [], budget: .seconds(30))
        let data = try stage.newFolder("d") + "/data"
        let guide = try await runGuide(stage, "\(id)", ["DATA": data, "OWNER": stage.server["MARIADB_USER"]])
        #expect(guide.contains("GTID `\(reading.position?.gtid ?? "?")`"))
        #expect(guide.contains(reading.serverVersion ?? "?"))
        let server = try await stage.restorer.start(data: data, run: try stage.newFolder("r"))
        let restored = try await server.pins(like: pins)
        try await server.stop()
        #expect(Set(restored) == Set(pins))
        #expect(pins.count == 2)
    }

    @Test(
        "a logical snapshot comes back by the commands in its RESTORE.md alone, and by load into an empty server only")
    func logicalGuide() async throws {
        let (stage, empty) = (try await MariaDBStage(), try await MariaDBStage())
        try await fill(stage)
        let source = stage.source(.logical)
        let (snapshot, id, reading) = try await stage.backup(source)
        let options = stage.folder("target.cnf")
        try HostileData.write("[client]\nuser=root\nsocket=\(empty.server["MARIADB_SOCKET"])\n", to: options)
        _ = try await runGuide(stage, "\(id)", ["OPTIONS": options])
        let root = empty.source(.logical, user: "root")
        let (_, pins, _) = try await source.pins(tables: [], budget: .seconds(30))
        #expect(Set(try await root.pins(tables: [], budget: .seconds(30)).pins) == Set(pins))
        #expect(reading.pins.map(\.rowCount).sorted() == [0, 5000])

        try await empty.admin("CREATE USER loader@'%'; GRANT ALL ON *.* TO loader@'%' WITH GRANT OPTION")
        let target = ServerTarget(
            host: "127.0.0.1", port: try #require(Int(empty.server["MARIADB_PORT"])), user: "loader", password: nil)
        let files = try await stage.files(of: snapshot)
        let error = await #expect(throws: SourceError.self) {
            try await stage.restorer.load(files: files, into: target)
        }
        #expect(error?.code == .targetOccupied)
        try await empty.admin("DROP DATABASE app")
        try await stage.restorer.load(files: files, into: target)
        #expect(Set(try await root.pins(tables: [], budget: .seconds(30)).pins) == Set(pins))
    }

    @Test("a base taken under load, with the binary log replayed to a pin, equals that pin row for row")
    func replay() async throws {
        let stage = try await MariaDBStage()
        try await fill(stage)
        let socket = stage.server["MARIADB_SOCKET"]
        // Writes until the file is gone; each statement its own transaction.
        let flag = stage.folder("writing")
        try HostileData.write("", to: flag)
        let writer = Task {
            try await Tool.run(
                "bash",
                [
                    "-c",
                    """
                    while [ -e "$1" ]; do echo "INSERT INTO w (v) VALUES (UUID()); UPDATE w SET n = n + 1 WHERE id % 7 = 0;
                    DELETE FROM w WHERE id % 11 = 3; UPDATE \\`o/d '\\"\\` SET t = UUID() WHERE id % 500 = 1;"
                    done | mariadb --no-defaults -S "$0" -u root app
                    """, socket, flag,
                ])
        }
        let source = stage.source(.physical)
        let (snapshot, _, reading) = try await stage.backup(source)
        let (position, pins, leftOut) = try await source.pins(tables: [], budget: .seconds(30))
        unlink(flag)
        _ = try await writer.value
        #expect(leftOut == [])
        let (base, pinned) = (try #require(reading.position?.gtid), try #require(position.gtid))
        #expect(base != pinned)
        try await stage.withScratch(snapshot) { server in
            let before = try await server.pins(like: pins)
            #expect(Set(before) != Set(pins), "something was written between base and pin")
            let connect = server.howToConnect[0]
            _ = try await Tool.run(
                "bash",
                [
                    "-c",
                    """
                    set -o pipefail
                    mariadb-binlog --no-defaults --start-position="$0" --stop-position="$1" "$2"/binlog.0* | \(connect) --binary-mode
                    """, base, pinned, stage.server["MARIADB_DIR"] + "/binlog",
                ])
            let after = try await server.pins(like: pins)
            #expect(Set(after) == Set(pins))
        }
    }

    @Test("a budget that is too small leaves tables out by name, and the server ends the query")
    func budget() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE small (a INT PRIMARY KEY); INSERT INTO small VALUES (1);
            CREATE TABLE large (a INT PRIMARY KEY, t CHAR(200)); INSERT INTO large SELECT seq, MD5(seq) FROM seq_1_to_400000;
            ANALYZE TABLE small, large;
            """)
        let source = stage.source(.logical)
        let (position, pins, leftOut) = try await source.pins(tables: [], budget: .milliseconds(150))
        #expect(position.gtid?.isEmpty == false)
        #expect(pins.map(\.table) == ["small"])
        #expect(leftOut == ["app.large"])
        let error = await #expect(throws: SourceError.self) {
            _ = try await source.pins(tables: ["app.nowhere"], budget: .seconds(1))
        }
        #expect(error?.code == .suspectContent)
    }

    @Test("doctor names settings and tables that put an objective at risk")
    func doctor() async throws {
        let stage = try await MariaDBStage(settings: ["binlog-row-image=MINIMAL", "sync-binlog=0"])
        try await stage.admin("CREATE DATABASE app; CREATE TABLE app.old (a INT) ENGINE=MyISAM")
        let findings = await stage.source(.physical).examine()
        #expect(findings.filter { $0.severity == .problem } == [])
        let warnings = findings.filter { $0.severity == .warning }.map(\.remedy)
        for remedy in [
            "SET GLOBAL binlog_row_image = FULL;", "SET GLOBAL sync_binlog = 1;", "ALTER TABLE app.old ENGINE=InnoDB;",
            "add a primary key to app.old",
        ] { #expect(warnings.contains(remedy), "\(warnings)") }
    }
}
