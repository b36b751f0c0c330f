import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "MariaDB: what a log can hold, replayed", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct ReplayedKindsTests {
    private static let question = "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', id, a))), 0) FROM app.t;"

    private func world(_ more: String = "") async throws -> (MariaDBStage, ReplayedBase) {
        let stage = try await MariaDBStage()
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300));
            INSERT INTO t (a) VALUES ('base'); \(more)
            """)
        return (stage, try await ReplayedBase(stage, .physical))
    }

    private func now(_ stage: MariaDBStage) async throws -> [[String?]] {
        try await stage.source(.logical, user: "root").ask(ReplayedKindsTests.question)
    }

    @Test("files that were loaded, as rows and as statements, come again", arguments: ["ROW", "STATEMENT"], [0, 4])
    func loadData(_ format: String, _ threads: Int) async throws {
        let (stage, base) = try await world()
        let file = try stage.newFolder("load") + "/rows.tsv"
        // More than one block of a loaded file.
        try wholeFile((1...20_000).map { "\($0 + 10)\tline \($0) of a file\n" }.joined(), to: file)
        try await stage.admin(
            "SET binlog_format = \(format); LOAD DATA LOCAL INFILE '\(file)' INTO TABLE t; DELETE FROM t WHERE id % 7 = 0",
            database: "app")
        unlink(file)
        let rows = try await base.restore(
            .end, try await base.log(), asking: ReplayedKindsTests.question, threads: threads)
        let wanted = try await now(stage)
        #expect(rows == wanted && rows[0][0] == "17144")
    }

    @Test("temporary tables that statements read from come again, over a rotation", arguments: [0, 4])
    func temporaryTables(_ threads: Int) async throws {
        let (stage, base) = try await world()
        try await stage.admin(
            """
            SET binlog_format = STATEMENT; CREATE TEMPORARY TABLE tmp (b VARCHAR(20)); INSERT INTO tmp VALUES ('one'), ('two');
            INSERT INTO t (a) SELECT b FROM tmp; FLUSH BINARY LOGS; UPDATE tmp SET b = CONCAT(b, '!');
            INSERT INTO t (a) SELECT b FROM tmp; DROP TEMPORARY TABLE tmp; SET binlog_format = ROW;
            CREATE TEMPORARY TABLE tmp (b VARCHAR(20)); INSERT INTO tmp VALUES ('three'); INSERT INTO t (a) SELECT b FROM tmp;
            """, database: "app")
        let rows = try await base.restore(
            .end, try await base.log(), asking: ReplayedKindsTests.question, threads: threads)
        let wanted = try await now(stage)
        #expect(rows == wanted && rows[0][0] == "6")
    }

    @Test(
        "distributed transactions are there once they were committed, and not while they were only prepared",
        arguments: [0, 4])
    func distributed(_ threads: Int) async throws {
        let (stage, base) = try await world()
        try await stage.admin(
            """
            XA START 'one'; INSERT INTO t (a) VALUES ('xa'); XA END 'one'; XA PREPARE 'one'; XA COMMIT 'one';
            XA START 'two'; INSERT INTO t (a) VALUES ('undone'); XA END 'two'; XA PREPARE 'two'; XA ROLLBACK 'two';
            XA START 'three'; INSERT INTO t (a) VALUES ('whole'); XA END 'three'; XA COMMIT 'three' ONE PHASE;
            INSERT INTO t (a) VALUES ('between');
            """, database: "app")
        let log = try await base.log()
        let all = try await base.restore(.end, log, asking: ReplayedKindsTests.question, threads: threads)
        let wanted = try await now(stage)
        #expect(all == wanted && all[0][0] == "4")
        let found = try await stage.restorer.find(EventQuestion(), in: log, limit: 100)
        // One is prepared and committed by two transactions of the log.
        let rows = try await base.restore(
            .through(found[0].position), log, asking: "SELECT COUNT(*) FROM app.t; XA RECOVER;", threads: threads)
        #expect(rows.count == 2 && rows[0][0] == "1" && rows[1].last == .some("one"))
    }

    @Test("an event that cannot be applied is told in the engine's words, and with its place", arguments: [0, 4])
    func engineError(_ threads: Int) async throws {
        let (stage, base) = try await world()
        try await stage.admin("INSERT INTO t (a) VALUES ('good'); UPDATE t SET a = 'x' WHERE id = 1", database: "app")
        let log = try await base.log()
        let (data, run) = try await base.copy()
        var restorer = stage.restorer
        restorer.workerCount = threads
        // Somebody has changed the base.
        let server = try await restorer.start(data: data, run: run)
        _ = try await server.query("DELETE FROM app.t;", database: nil)
        try await server.stop()
        let stop = try await restorer.locate(.end, in: log)
        let failing = restorer
        let error = await #expect(throws: SourceError.self) {
            _ = try await failing.replay(log, to: stop, data: data, run: run)
        }
        #expect(
            error?.code == .checkFailed && error?.message.contains("Can't find record in 't'") == true,
            "\(error?.message ?? "")")
        #expect(error?.hint.contains("binlog.000001:") == true)
        #expect(access("\(run)/server/relay", F_OK) != 0)
    }

    @Test("a DROP is left out and the good writes of the same second before it are there")
    func sameSecond() async throws {
        let (stage, base) = try await world("CREATE TABLE u (k INT);")
        var question = EventQuestion()
        question.actions = [.drop]
        question.table = "app.u"
        for number in 1... {
            try #require(number < 50, "a second has always ended in between")
            try await stage.admin(
                "CREATE TABLE IF NOT EXISTS u (k INT); INSERT INTO t (a) VALUES ('good \(number)'); DROP TABLE u; "
                    + "INSERT INTO t (a) VALUES ('later')", database: "app")
            let log = try await base.log()
            let drop = try #require(try await stage.restorer.find(question, in: log, limit: 100).last)
            let all = try await stage.restorer.find(EventQuestion(), in: log, limit: 1000)
            let index = try #require(all.firstIndex { $0.position == drop.position })
            guard all[index - 1].time == drop.time, all[index + 1].time == drop.time else { continue }
            let rows = try await base.restore(
                .before(drop.position), log,
                asking: "SELECT (SELECT COUNT(*) FROM app.u), a FROM app.t ORDER BY id DESC LIMIT 1;")
            #expect(rows == [["0", "good \(number)"]])
            return
        }
    }

    @Test("the live server, started on a folder with a new history, writes positions above all that were seen")
    func liveServer() async throws {
        let (stage, base) = try await world()
        try await stage.admin(
            "INSERT INTO t (a) VALUES ('one'); SET gtid_domain_id = 3; INSERT INTO t (a) VALUES ('two')",
            database: "app")
        let seen = try await base.source.logState()
        let (data, run) = try await base.copy()
        var settings = MariaDBSettings()
        let binlog = stage.server["MARIADB_DIR"] + "/binlog/binlog"
        settings.logBin = binlog
        settings.systemUser = stage.server["MARIADB_USER"]
        let restorer = MariaDBRestorer(settings: settings, environment: stage.environment)
        let (logs, owner) = (stage.server["MARIADB_DIR"] + "/binlog", stage.server["MARIADB_USER"])
        _ = try await Tool.run("install", ["-d", "-o", owner, "-m", "700", logs + "-new"])
        try await stage.server.stop()
        #expect(try await restorer.logFolder() == logs)
        let history = try await restorer.writingLog(to: logs + "-new").beginHistory(
            data: data, run: run, highest: [seen.position], serverNames: [seen.server])
        // As a restore in place does: the folders are exchanged, and the option line is written.
        let live = stage.server["MARIADB_DATA"]
        for (path, new) in [(live, data), (logs, logs + "-new")] {
            _ = try await Tool.run("mv", [path, path + "-old"])
            _ = try await Tool.run("mv", [new, path])
        }
        _ = try await Tool.run("chown", ["-R", owner, live])
        try wholeFile(String(history.server), to: stage.server["MARIADB_DIR"] + "/server-id")
        try await stage.server.start()
        try await stage.admin(
            "INSERT INTO t (a) VALUES ('new'); SET gtid_domain_id = 3; INSERT INTO t (a) VALUES ('new')",
            database: "app")
        let state = try await stage.source(.physical).logState()
        #expect(state.server == history.server && state.server != seen.server)
        let (old, new) = (try #require(GTIDState(seen.position)), try #require(GTIDState(state.position)))
        for domain in [UInt32(0), 3] {
            let newest = try #require(new.newest(of: domain))
            #expect(newest.sequence > (old.newest(of: domain)?.sequence ?? 0) + 1_000_000)
            #expect("\(newest.server)" == history.server)
        }
        let rows = try await stage.source(.logical, user: "root").ask(ReplayedKindsTests.question)
        #expect(rows[0][0] == "3", "the base's row and two new ones")
    }
}
