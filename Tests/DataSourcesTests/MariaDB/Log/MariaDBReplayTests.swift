import DataSources
import Glibc
import Repository
import TestSupport
import Testing

/// A server whose log is followed from its beginning, and a base of it.
private struct Replayed {
    let stage: MariaDBStage
    let source: MariaDBSource
    let snapshot: Snapshot
    let start: SourcePosition

    init(_ stage: MariaDBStage, _ method: DatabaseMethod) async throws {
        self.stage = stage
        source = stage.source(method)
        let (snapshot, _, reading) = try await stage.backup(source)
        self.snapshot = snapshot
        start = try #require(reading.position)
    }

    /// The log as it is now, in a folder of ours.
    func log() async throws -> ReplayLog {
        let follower = LogFollower(source, first: start.binlogFile, into: try stage.newFolder("log"))
        _ = try await follower.caughtUp()
        _ = await follower.end()
        let files = try source.logFiles(in: follower.folder).map { ReplayLog.File(name: $0.name, path: $0.path) }
        return ReplayLog(files: files, start: start)
    }

    /// Restores the base, replays to a target, and asks what is there.
    func restore(_ target: LogTarget, _ log: ReplayLog, asking sql: String) async throws -> [[String?]] {
        let stop = try await stage.restorer.locate(target, in: log)
        let files = try await stage.files(of: snapshot)
        let (run, data) = (try stage.newFolder("r"), files + "-data")
        try await stage.restorer.build(files: files, data: data, run: run)
        let report = try await stage.restorer.replay(log, to: stop, data: data, run: run)
        #expect(report.position == stop.position)
        #expect(wholeFile("\(data)/multi-master.info").isEmpty && access("\(run)/server/relay", F_OK) != 0)
        #expect(access("\(data)/master.info", F_OK) != 0 && access("\(data)/relay-log.info", F_OK) != 0)
        let server = try await stage.restorer.start(data: data, run: run)
        let rows = try await server.query(sql, database: nil)
        let traces = try await server.query("SELECT * FROM mysql.gtid_slave_pos;", database: nil)
        #expect(traces.isEmpty)
        try await server.stop()
        return rows
    }
}

@Suite(
    "MariaDB's log, replayed", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct MariaDBReplayTests {
    /// One transaction each; every one also writes down what the tables are after it.
    private static let writes = [
        "INSERT INTO t (a) VALUES ('one'), ('two'), ('three')", "UPDATE t SET a = CONCAT(a, 'x')",
        "SET gtid_domain_id = 1; INSERT INTO u VALUES (1, 1.5)", "CREATE TABLE copy AS SELECT * FROM t",
        "BEGIN; INSERT INTO t (a) SELECT a FROM t; DELETE FROM u; UPDATE t SET a = 'long' WHERE id > 3; COMMIT",
        "ALTER TABLE t ADD b INT DEFAULT 7", "FLUSH BINARY LOGS; INSERT INTO t (a) VALUES ('new file')",
        "SET binlog_format = STATEMENT; INSERT INTO t (a) VALUES (REPEAT('s', 20))",
        "SET gtid_domain_id = 1; INSERT INTO u SELECT seq, seq / 3 FROM seq_1_to_500", "DELETE FROM t WHERE id = 2",
        "DROP TABLE copy", "TRUNCATE TABLE u",
    ]
    private static let question = """
        SELECT 't', COUNT(*), SUM(CRC32(CONCAT_WS(',', id, a))) FROM app.t UNION ALL
        SELECT 'u', COUNT(*), SUM(CRC32(CONCAT_WS(',', k, v))) FROM app.u UNION ALL
        SELECT 'n', COUNT(*), GROUP_CONCAT(table_name ORDER BY 1) FROM information_schema.tables WHERE table_schema = 'app';
        """

    @Test(
        "every table equals the prefix of the writes that ends at the target, whatever the base was",
        arguments: [DatabaseMethod.physical, .logical])
    func rowExact(_ method: DatabaseMethod) async throws {
        let stage = try await MariaDBStage()
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300));
            CREATE TABLE u (k INT, v DECIMAL(20, 7)); INSERT INTO t (a) VALUES ('base');
            """)
        let root = stage.source(.logical, user: "root")
        let replayed = try await Replayed(stage, method)
        var prefixes = [(position: String, content: [[String?]])]()
        for write in MariaDBReplayTests.writes {
            try await stage.admin(write, database: "app")
            prefixes.append((try await root.logState().position, try await root.ask(MariaDBReplayTests.question)))
        }
        try await stage.server.stop()
        try await stage.server.start()
        try await stage.admin("INSERT INTO t (a) VALUES ('after the restart')", database: "app")
        prefixes.append((try await root.logState().position, try await root.ask(MariaDBReplayTests.question)))
        let log = try await replayed.log()
        #expect(log.files.count >= 3)

        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the targets: \(seed)")
        var random = SeededGenerator(seed: seed)
        let chosen = prefixes.indices.dropLast().shuffled(using: &random).prefix(method == .physical ? 4 : 1)
        for index in chosen + [prefixes.count - 1] {
            let rows = try await replayed.restore(
                .through(prefixes[index].position), log, asking: MariaDBReplayTests.question)
            #expect(rows == prefixes[index].content, "write \(index)")
        }
    }

    @Test("a DROP and an UPDATE of every row are found, and left out though good writes came in the same second")
    func corruption() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300));
            CREATE TABLE u (k INT, v INT); INSERT INTO t (a) SELECT seq FROM seq_1_to_100;
            """)
        let root = stage.source(.logical, user: "root")
        let replayed = try await Replayed(stage, .physical)
        try await stage.admin("INSERT INTO t (a) VALUES ('good'); INSERT INTO u VALUES (1, 1)", database: "app")
        let good = try await root.ask(MariaDBReplayTests.question)
        try await stage.admin("UPDATE t SET a = 'bad'; INSERT INTO u VALUES (2, 2); DROP TABLE u", database: "app")
        let log = try await replayed.log()

        var question = EventQuestion()
        question.actions = [.update]
        question.table = "app.t"
        question.minimumRowCount = 50
        let found = try await stage.restorer.find(question, in: log, limit: 10)
        #expect(found.count == 1 && found[0].changes.map(\.rowCount) == [101])
        let rows = try await replayed.restore(
            .before(try #require(found.first).position), log, asking: MariaDBReplayTests.question)
        #expect(rows == good)

        question = EventQuestion()
        question.actions = [.drop]
        let drops = try await stage.restorer.find(question, in: log, limit: 10)
        #expect(drops.map { $0.changes.map(\.table) } == [["app.u"]])
        let place = try #require(drops.first)
        let stop = try await stage.restorer.locate(.before("\(place.file):\(place.offset)"), in: log)
        #expect(stop == (try await stage.restorer.locate(.before(place.position), in: log)))
        #expect(stop.offset == place.offset && stop.next?.hasPrefix(place.position) == true)

        let outside = await #expect(throws: SourceError.self) {
            _ = try await stage.restorer.locate(.through("0-9-9"), in: log)
        }
        #expect(outside?.code == .checkFailed && outside?.hint.contains(place.position) == true)
    }

    @Test("rows of every type of column are counted, in compressed events too", arguments: [false, true])
    func everyType(_ isCompressed: Bool) async throws {
        let stage = try await MariaDBStage(
            settings: isCompressed ? ["log-bin-compress=1", "log-bin-compress-min-len=10"] : [])
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; SET sql_mode = '';
            CREATE TABLE every (id INT PRIMARY KEY AUTO_INCREMENT, a TINYINT, b SMALLINT, c MEDIUMINT, d BIGINT, e FLOAT,
              f DOUBLE, g DECIMAL(30, 11), h BIT(11), i DATE, j TIME, k TIME(3), l DATETIME, m DATETIME(6), n TIMESTAMP NULL,
              o TIMESTAMP(1) NULL, p YEAR, q CHAR(10), r CHAR(255) CHARACTER SET utf8mb4, s VARCHAR(20), t VARCHAR(2000),
              u TINYTEXT, v TEXT, w MEDIUMTEXT, x LONGBLOB, y ENUM('a', 'b'), z SET('a', 'b', 'c'), aa JSON, ab INET6, ac UUID,
              ad BINARY(16), ae VARBINARY(300), af GEOMETRY, ag TEXT COMPRESSED, ah VARCHAR(500) COMPRESSED, ai BOOLEAN,
              aj DECIMAL(9, 9), ak BIT(8));
            INSERT INTO every SELECT NULL, 1, 2, 3, 4, 1.5, 2.5, 123456789.123, b'101', '2026-01-02', '10:11:12',
              '10:11:12.345', NOW(), NOW(6), NOW(), NOW(1), 2026, 'q', REPEAT('r', 200), 's', REPEAT('t', 1000), 'u',
              REPEAT('v', 300), 'w', REPEAT('x', 70000), 'b', 'a,c', '{}', '::1', UUID(), 'ad', 'ae', POINT(1, 2),
              REPEAT('c', 500), REPEAT('d', 300), TRUE, 0.5, b'1' FROM seq_1_to_37;
            INSERT INTO every (id) SELECT 1000 + seq FROM seq_1_to_11; UPDATE every SET s = 'other', x = NULL;
            DELETE FROM every WHERE id > 1000;
            """)
        let source = stage.source(.physical)
        let follower = LogFollower(source, first: "binlog.000001", into: try stage.newFolder("log"))
        _ = try await follower.caughtUp()
        _ = await follower.end()
        let files = try source.logFiles(in: follower.folder).map { ReplayLog.File(name: $0.name, path: $0.path) }
        var question = EventQuestion()
        question.table = "every"
        question.minimumRowCount = 1
        let found = try await stage.restorer.find(
            question, in: ReplayLog(files: files, start: SourcePosition()), limit: 10)
        #expect(found.flatMap { $0.changes }.map(\.action) == ["insert", "insert", "update", "delete"])
        #expect(found.flatMap { $0.changes }.map(\.rowCount) == [37, 11, 48, 11])
    }

    @Test("events of the event scheduler keep their state")
    func events() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin("CREATE DATABASE app")
        let replayed = try await Replayed(stage, .physical)
        try await stage.admin(
            """
            CREATE EVENT on_one ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
            CREATE EVENT off_one ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1;
            """, database: "app")
        let rows = try await replayed.restore(
            .end, try await replayed.log(), asking: "SELECT name, status FROM mysql.event ORDER BY 1;")
        #expect(rows == [["off_one", "DISABLED"], ["on_one", "ENABLED"]])
    }

    @Test("a restored folder with a new history writes positions that nobody has seen")
    func history() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin("CREATE DATABASE app; CREATE TABLE app.t (a INT)")
        let replayed = try await Replayed(stage, .physical)
        try await stage.admin("INSERT INTO app.t VALUES (1); SET gtid_domain_id = 3; INSERT INTO app.t VALUES (2)")
        let highest = try await replayed.source.logState()
        let files = try await stage.files(of: replayed.snapshot)
        let (run, data) = (try stage.newFolder("r"), files + "-data")
        try await stage.restorer.build(files: files, data: data, run: run)
        var settings = MariaDBSettings()
        settings.logBin = "binlog"
        let restorer = MariaDBRestorer(settings: settings, environment: stage.environment)
        let history = try await restorer.beginHistory(
            data: data, run: run, highest: [highest.position], serverNames: [highest.server])
        #expect(history.server != highest.server && history.optionLines == ["server_id=\(history.server)"])
        let numbers = history.position.split(separator: ",").map { $0.split(separator: "-").compactMap { UInt64($0) } }
        #expect(numbers.map { $0[0] } == [0, 3] && numbers.allSatisfy { $0[1] == UInt64(history.server) ?? 0 })
        #expect(numbers.allSatisfy { $0[2] > 1_000_000 })
        #expect(access("\(data)/binlog.000001", F_OK) == 0)
        let index = String(decoding: wholeFile("\(data)/binlog.index"), as: UTF8.self)
        #expect(index.hasPrefix("./binlog.000001\n"))
        #expect(!String(decoding: wholeFile("\(data)/binlog.000001"), as: UTF8.self).contains("lifeboat_scratch"))
    }
}
