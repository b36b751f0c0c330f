import DataSources
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite(
    "Exploring a MariaDB", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct MariaDBExploreTests {
    /// Every kind of value that a script may get wrong.
    static let schema = """
        CREATE DATABASE app;
        CREATE TABLE app.notes (
          id BIGINT UNSIGNED NOT NULL, tenant INT NOT NULL, title VARCHAR(200) COLLATE utf8mb4_general_ci,
          body LONGTEXT, old VARCHAR(50) CHARACTER SET latin1, raw VARBINARY(64), fixed BINARY(4), doc JSON,
          price DECIMAL(30,10), ratio DOUBLE, small FLOAT, day DATE, moment DATETIME(6), seen TIMESTAMP(6) NULL,
          span TIME(3), flags BIT(12), kind ENUM('a','b''c','ü'), marks SET('x','y'), place POINT, address INET6,
          upper VARCHAR(200) AS (UPPER(title)) VIRTUAL,
          changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
          path VARCHAR(100), PRIMARY KEY (tenant, id));
        """

    static func rows(_ tenant: Int, _ count: Int) -> String {
        """
        SET sql_mode = 'NO_BACKSLASH_ESCAPES';
        INSERT INTO app.notes (id, tenant, title, body, old, raw, fixed, doc, price, ratio, small, day, moment, seen,
          span, flags, kind, marks, place, address, path)
        SELECT seq, \(tenant), CONCAT('it''s "', seq, '" \\ ünïcödé 🦆 ; -- x'), CONCAT('a', CHAR(0), CHAR(10), CHAR(13), CHAR(26), '\\n', seq),
          CONVERT('grün' USING latin1), UNHEX(SHA2(seq, 256)), X'00FF2700', CONCAT('{"n": ', seq, ', "t": "\\u00e9"}'),
          seq / 7, seq / 3e-7, seq / 3, '0000-00-00', '2026-03-29 02:30:00.123456', FROM_UNIXTIME(1774747800.5 + seq),
          '-12:34:56.789', seq, 1 + seq % 3, seq % 4, POINT(seq, 0.1), '::ffff:1.2.3.4', CONCAT('t\(tenant)/f', seq)
        FROM app.seq_1_to_\(count);
        INSERT INTO app.notes (id, tenant, title, body) VALUES (9000, \(tenant), NULL, ''), (9001, \(tenant), '', NULL);
        """
    }

    static func stage() async throws -> ExploreStage {
        let stage = try await ExploreStage(
            .mariadb, schema: schema + rows(1, 20) + rows(7, 20), reconcile: "SELECT path FROM notes WHERE path > ''")
        return stage
    }

    static let columns =
        "*, HEX(body), HEX(old), HEX(raw), HEX(fixed), HEX(place), CAST(small AS DOUBLE), flags + 0, HEX(title)"

    private func content(_ stage: ExploreStage, _ condition: String) async throws -> String {
        try await stage.sql("SELECT \(Self.columns) FROM app.notes WHERE \(condition) ORDER BY tenant, id")
    }

    // live | base | one changes | all of 7 deleted, moved, overwritten | others write on | script
    // copy |                   ^ before
    @Test("one tenant's rows that were lost by mistake come back byte by byte, and nobody else's are touched")
    func tenant() async throws {
        let stage = try await Self.stage()
        for number in 1...3 {
            try FileManager.default.createDirectory(
                atPath: stage.stage.path + "/uploads/t7", withIntermediateDirectories: true)
            try Data("file \(number)".utf8).write(to: URL(filePath: stage.stage.path + "/uploads/t7/f\(number)"))
        }
        try await stage.pointOfFiles()
        try FileManager.default.removeItem(atPath: stage.stage.path + "/uploads/t7/f2")
        try await stage.sql("UPDATE app.notes SET title = 'changed since the base' WHERE tenant = 7 AND id = 3")
        let before = try await content(stage, "tenant = 7")
        let plain = try await stage.sql("SELECT @@gtid_binlog_pos")
        let good = plain.filter { $0 != "\n" }
        try await stage.sql("DELETE FROM app.notes WHERE tenant = 7 AND id < 15")
        try await stage.sql("UPDATE app.notes SET title = 'overwritten', ratio = 0 WHERE tenant = 7 AND id IN (16, 17)")
        try await stage.sql("INSERT INTO app.notes (id, tenant, title) VALUES (100, 7, 'newer')")
        try await stage.sql("UPDATE app.notes SET title = 'others go on' WHERE tenant = 1 AND id = 5")
        let others = try await content(stage, "tenant <> 7 OR id = 100")
        try await stage.reach()
        let copy = try await stage.explore(.through(good))
        #expect(copy.standing.position == good && copy.standing.next != nil)
        var request = DiffRequest(table: "app.notes", file: stage.stage.path + "/back.sql")
        request.condition = "tenant = 7"
        request.filesFolder = stage.stage.path + "/files"
        let result = try await copy.diff(request)
        #expect(result.insertCount == 14 && result.updateCount == 2 && result.liveOnlyCount == 1, "\(result)")
        #expect(result.missingFiles.count == 14 && result.restoredFiles == ["t7/f2"], "\(result)")
        #expect(try Data(contentsOf: URL(filePath: stage.stage.path + "/files/t7/f2")) == Data("file 2".utf8))
        #expect(try await content(stage, "tenant = 7") != before)
        var many = DiffRequest(table: "app.notes", file: stage.stage.path + "/many.sql")
        (many.condition, many.fileRowLimit) = (request.condition, 15)
        let unknown = try await copy.diff(many)
        #expect(unknown.areFilesUnknown && unknown.missingFiles.isEmpty && !result.areFilesUnknown)
        let words = try String(contentsOf: URL(filePath: many.file), encoding: .utf8)
        #expect(words.contains("-- " + BroughtBackFiles.tooMany))
        let said = try await stage.load(request.file)
        #expect(said == "16\t16\n", "\(said)")
        #expect(try await content(stage, "tenant = 7 AND id <> 100") == before)
        #expect(try await content(stage, "tenant <> 7 OR id = 100") == others)
        await #expect(throws: RecoveryError.self, "a script is not overwritten") { try await copy.diff(request) }
        request.file += ".again"
        let again = try await copy.diff(request)
        #expect(again.insertCount == 0 && again.updateCount == 0 && again.liveOnlyCount == 1)
        let export = stage.stage.path + "/export.sql"
        try await copy.export(ExportRequest(table: "app.notes", condition: "tenant = 7", file: export))
        try await stage.sql("DELETE FROM app.notes WHERE tenant = 7")
        try await source(export, stage)
        #expect(try await content(stage, "tenant = 7") == before)
        try await dropped(stage, copy, before)
        let process = try copy.server().processID
        try await copy.end()
        #expect(kill(process, 0) != 0)
        try stage.expectClean()
        await stage.end()
    }

    /// A table that is gone is not compared; with its definition it is exported, and loaded.
    private func dropped(_ stage: ExploreStage, _ copy: Exploration, _ before: String) async throws {
        try await stage.sql("DROP TABLE app.notes")
        let error = await #expect(throws: RecoveryError.self) {
            try await copy.diff(DiffRequest(table: "app.notes", file: stage.stage.path + "/gone.sql"))
        }
        #expect(error?.hint.contains("--definition") == true, "\(error?.hint ?? "")")
        let export = stage.stage.path + "/whole.sql"
        try await copy.export(ExportRequest(table: "app.notes", withDefinition: true, file: export))
        try await source(export, stage)
        #expect(try await content(stage, "tenant = 7") == before)
    }

    private func source(_ file: String, _ stage: ExploreStage) async throws {
        _ = try await Tool.run(
            "mariadb",
            ["--no-defaults", "-S", stage.server["MARIADB_SOCKET"], "-u", "root", "app", "-e", "source \(file)"])
    }

    @Test(
        "a step of one transaction shows exactly what the next one did, and seconds and positions go as far as they say"
    )
    func steps() async throws {
        let stage = try await ExploreStage(
            .mariadb, schema: "CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY)")
        var positions = [String]()
        for number in 1...8 {
            try await stage.sql("INSERT INTO app.t VALUES (\(number))")
            positions.append(try await stage.position())
            if number == 5 { try await stage.sql("FLUSH BINARY LOGS") }
        }
        try await stage.sql("DROP TABLE app.t")
        try await stage.reach()
        let copy = try await stage.explore(.through(positions[1]))
        func rows() async throws -> String {
            try await copy.query("SELECT COALESCE(MAX(n), 0), COUNT(*) FROM app.t;", database: nil).first?.compactMap {
                $0
            }
            .joined(separator: "/") ?? ""
        }
        #expect(try await rows() == "2/2")
        let next = try await copy.next(3)
        #expect(next.map(\.position) == Array(positions[2...4]))
        #expect(next.first?.changes.first?.table == "app.t")
        #expect(try await copy.step(.transactions(1)).position == positions[2])
        #expect(try await rows() == "3/3")
        #expect(try await copy.step(.transactions(4)).position == positions[6])
        #expect(try await rows() == "7/7")
        #expect(try await copy.step(.to(positions[7])).position == positions[7])
        #expect(try await rows() == "8/8")
        await #expect(throws: (any Error).self, "not back") { try await copy.step(.to(positions[0])) }
        #expect(try await rows() == "8/8")
        let end = try await copy.step(.seconds(3600))
        #expect(end.next == nil)
        await #expect(throws: SourceError.self) { try await rows() }
        let none = await #expect(throws: RecoveryError.self) { try await copy.step(.transactions(1)) }
        #expect(none?.code == .targetUnreachable)
        try await copy.end()
        try stage.expectClean()
        await stage.end()
    }

    @Test("a masked copy is masked after each step too, and gives nothing back to the live server")
    func masked() async throws {
        let stage = try await Self.stage()
        let good = try await stage.position()
        try await stage.sql(
            "INSERT INTO app.notes (id, tenant, title) VALUES (500, 7, 'a name that came later')")
        try await stage.reach()
        var context = stage.context
        let table = MaskProfile.Table(
            name: "app.notes", columns: [(name: "title", mask: .hash), (name: "body", mask: .null)])
        context.handover = HandoverRules(masks: [
            MaskProfile(name: "staging", source: stage.source.name, tables: [table])
        ])
        let known = try await AnySecond.read(stage.source, in: context)
        let copy = try await Exploration.start(
            try known.planner.plan(.through(good)), known, for: .masked("staging"), in: context)
        let wrong = "SELECT COUNT(*) FROM app.notes WHERE title NOT REGEXP '^[0-9a-f]{32}$' OR body IS NOT NULL;"
        #expect(try await copy.query(wrong, database: nil) == [["0"]])
        _ = try await copy.step(.transactions(1))
        #expect(try await copy.query(wrong, database: nil) == [["0"]])
        #expect(try await copy.query("SELECT COUNT(*) FROM app.notes WHERE id = 500;", database: nil) == [["1"]])
        let error = await #expect(throws: RecoveryError.self) {
            try await copy.diff(DiffRequest(table: "app.notes", file: stage.stage.path + "/back.sql"))
        }
        #expect(error?.code == .notConfigured && error?.hint.contains("--unmasked") == true)
        try await copy.end()
        try stage.expectClean()
    }

    @Test("a promoted copy goes on with its rows when exploring has ended, and can be removed")
    func promoted() async throws {
        let stage = try await ExploreStage(
            .mariadb, schema: "CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY)")
        try await stage.sql("INSERT INTO app.t VALUES (1)")
        try await stage.reach()
        let copy = try await stage.explore(.end)
        try await copy.promote()
        let durable = "SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite, @@innodb_flush_method;"
        #expect(try await copy.query(durable, database: nil) == [["1", "1", "fsync"]])
        let refused = await #expect(throws: RecoveryError.self) { try await copy.step(.seconds(1)) }
        #expect(refused?.code == .notHandedOver)
        let server = try copy.server()
        try await copy.end()
        #expect(try await server.query("SELECT n FROM app.t;", database: nil) == [["1"]])
        try await server.stop()
        for folder in copy.folders { try FileManager.default.removeItem(atPath: folder) }
        try stage.expectClean()
        await stage.end()
    }

    @Test("a table without a primary key wants --key, and a key that does not tell rows apart is refused")
    func keys() async throws {
        let stage = try await ExploreStage(
            .mariadb,
            schema: "CREATE DATABASE app; CREATE TABLE app.t (a INT, b INT); INSERT INTO app.t VALUES (1,1),(1,2)")
        try await stage.sql("DELETE FROM app.t")
        let good = try await stage.position()
        try await stage.reach()
        let copy = try await stage.explore(.before(good))
        var request = DiffRequest(table: "app.t", file: stage.stage.path + "/back.sql")
        request.windowRowCount = 1
        for key in [[], ["a"], ["c"]] {
            request.key = key
            let wrong = request
            let error = await #expect(throws: RecoveryError.self, "\(key)") { try await copy.diff(wrong) }
            #expect(error?.code == .notConfigured)
        }
        request.key = ["a", "b"]
        #expect(try await copy.diff(request).insertCount == 2)
        try await copy.end()
        await stage.end()
    }
}
