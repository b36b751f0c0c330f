import DataSources
import FoundationEssentials
import TestSupport
import Testing

@testable import Recovery

@Suite(
    "Comparing more rows than are held in memory", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct DiffWindowTests {
    /// Keys that Swift, and the engines among themselves, sort otherwise: by a collation, by the number of an ENUM.
    private static func schema(_ kind: SourceKind) -> String {
        kind == .postgresql
            ? """
            CREATE TYPE sort AS ENUM ('z', 'b', 'a');
            CREATE TABLE edges (sort sort, name TEXT COLLATE "und-x-icu", n INT, v INT, PRIMARY KEY (sort, name, n));
            CREATE TABLE numbers (n BIGINT PRIMARY KEY, v TEXT);
            INSERT INTO numbers SELECT n, 'v' || n FROM generate_series(1, 25000) AS n;
            """
            : """
            CREATE DATABASE app; USE app;
            CREATE TABLE edges (sort ENUM('z', 'b', 'a'), name VARCHAR(20) COLLATE utf8mb4_general_ci, n INT UNSIGNED,
              v INT, PRIMARY KEY (sort, name, n));
            CREATE TABLE numbers (n BIGINT PRIMARY KEY, v TEXT);
            INSERT INTO numbers SELECT seq, CONCAT('v', seq) FROM seq_1_to_25000;
            """
    }

    private static let names = ["É'a", "e-b", "Z", "z\\", "ä", ""]

    private static func row(_ number: Int) -> String {
        let name = names[number % names.count].replacing("'", with: "''")
        return "('\(["z", "b", "a"][number / 2 % 3])', '\(name)', \(number), \(number))"
    }

    private func stage(_ kind: SourceKind) async throws -> (stage: ExploreStage, database: String) {
        let stage = try await ExploreStage(kind, schema: Self.schema(kind))
        return (stage, kind == .mariadb ? "app." : "")
    }

    private func numbers(_ numbers: [Int]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }

    /// `SET` makes MariaDB take a backslash for what it is, as PostgreSQL does.
    private func insert(_ numbers: some Sequence<Int>, _ table: String, _ stage: ExploreStage) async throws {
        let plain = stage.source.kind == .mariadb ? "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; " : ""
        let rows = numbers.map(Self.row).joined(separator: ", ")
        try await stage.sql(plain + "INSERT INTO \(table) VALUES \(rows)")
    }

    // copy | 1 2 3 4 5 ... 40           windows of 1, 3, 40 and 41 rows
    // live | x 2 ! 4 x ... 40 101 ... 160   (x deleted, ! changed)
    @Test(
        "what lies at the edge of a window is told as what lies within one, however many rows only live has",
        arguments: [SourceKind.mariadb, .postgresql])
    func edges(_ kind: SourceKind) async throws {
        let (stage, database) = try await stage(kind)
        let table = database + "edges"
        try await insert(1...40, table, stage)
        let content = "SELECT sort, name, n, v FROM \(table) WHERE n <= 40 ORDER BY n"
        let before = try await stage.sql(content)
        let good = try await stage.position()
        let deleted = (1...40).filter { $0 % 4 == 1 }
        let changed = (1...40).filter { $0 % 3 == 0 && $0 % 4 != 1 }
        try await stage.sql("DELETE FROM \(table) WHERE n IN (\(numbers(deleted)))")
        try await stage.sql("UPDATE \(table) SET v = -v WHERE n IN (\(numbers(changed)))")
        try await insert(101...160, table, stage)
        if kind == .postgresql { try await stage.sql("SELECT pg_switch_wal()") }
        try await stage.reach()
        let copy = try await stage.explore(.through(good))
        var statements = Set<Set<Substring>>()
        var request = DiffRequest(table: table, file: "")
        for count in [1, 3, 40, 41] {
            request.windowRowCount = count
            request.file = stage.stage.path + "/back\(count).sql"
            let result = try await copy.diff(request)
            #expect(
                result.insertCount == deleted.count && result.updateCount == changed.count
                    && result.liveOnlyCount == 60, "windows of \(count): \(result)")
            let script = try String(contentsOf: URL(filePath: request.file), encoding: .utf8)
            statements.insert(Set(script.split(separator: "\n").filter { !$0.contains("compared with the live") }))
        }
        #expect(statements.count == 1, "windows of every size give the same statements")
        request.condition = "v > 0 AND n <= 40"
        request.windowRowCount = 2
        request.file = stage.stage.path + "/condition.sql"
        let some = try await copy.diff(request)
        #expect(
            some.insertCount == deleted.count && some.updateCount == changed.count && some.liveOnlyCount == 0, "\(some)"
        )
        try await stage.load(stage.stage.path + "/back3.sql")
        #expect(try await stage.sql(content) == before)
        #expect(try await stage.sql("SELECT COUNT(*) FROM \(table)").filter { !$0.isNewline } == "100")
        try await copy.end()
        await stage.end()
    }

    @Test(
        "tables of more rows than a window come back, from either side", arguments: [SourceKind.mariadb, .postgresql])
    func many(_ kind: SourceKind) async throws {
        let (stage, database) = try await stage(kind)
        let table = database + "numbers"
        let sum = "SELECT COUNT(*), SUM(n), MIN(v), MAX(v) FROM \(table) WHERE n > 0 AND n <= 25000"
        let before = try await stage.sql(sum)
        let good = try await stage.position()
        // The last row of the first window, the first of the second, and the ends.
        try await stage.sql("DELETE FROM \(table) WHERE n IN (1, 9999, 10000, 25000)")
        try await stage.sql("UPDATE \(table) SET v = 'x' WHERE n IN (10001, 20000)")
        try await stage.sql("INSERT INTO \(table) SELECT n + 25000, v FROM \(table) WHERE n > 2000")
        try await stage.sql(
            "INSERT INTO \(table) SELECT -n, v FROM \(table) WHERE n BETWEEN 11 AND 12010 AND n < 25000")
        if kind == .postgresql { try await stage.sql("SELECT pg_switch_wal()") }
        try await stage.reach()
        let only = try await stage.sql("SELECT COUNT(*) FROM \(table) WHERE n <= 0 OR n > 25000")
        let copy = try await stage.explore(.through(good))
        let request = DiffRequest(table: table, file: stage.stage.path + "/back.sql")
        let result = try await copy.diff(request)
        #expect(result.insertCount == 4 && result.updateCount == 2, "\(result)")
        #expect("\(result.liveOnlyCount)" == only.filter { !$0.isNewline } && result.liveOnlyCount > 20_000)
        try await stage.load(request.file)
        #expect(try await stage.sql(sum) == before)
        try await copy.end()
        await stage.end()
    }
}
