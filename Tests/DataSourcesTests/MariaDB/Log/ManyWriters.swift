import DataSources
import Glibc
import TestSupport
import Testing

/// Sessions that write at once; each says behind every transaction which GTID it got. The server's own `SHOW BINLOG EVENTS`
/// says in which order they committed, so that what the tables hold at any place can be worked out without our reader.
struct ManyWriters {
    /// A transaction as its writer remembers it.
    struct Step: Sendable {
        let gtid: String
        let act: String
        /// Seconds since 1970: before its first statement, and after its commit.
        let began: Double
        let ended: Double
    }

    static let schema = """
        CREATE DATABASE app; USE app; CREATE TABLE chain (w INT, n INT, filler VARCHAR(60), PRIMARY KEY (w, n));
        CREATE TABLE totals (w INT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO totals VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0);
        CREATE TABLE bulk (w INT, n INT, i INT, PRIMARY KEY (w, n, i));
        """
    /// What `state` works out: rows, sums, long transactions, tables and columns.
    static let question = """
        SET group_concat_max_len = 10000000;
        SELECT (SELECT COALESCE(GROUP_CONCAT(w, ':', n ORDER BY w, n), '') FROM app.chain),
        (SELECT GROUP_CONCAT(w, '=', n ORDER BY w) FROM app.totals),
        (SELECT COALESCE(GROUP_CONCAT(w, ':', n, '=', c ORDER BY w, n), '') FROM
          (SELECT w, n, COUNT(*) c FROM app.bulk GROUP BY w, n) t),
        (SELECT COALESCE(GROUP_CONCAT(table_name ORDER BY table_name), '') FROM information_schema.tables
          WHERE table_schema = 'app' AND table_name LIKE 'extra%'),
        (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'app' AND table_name = 'chain');
        """

    private let stage: MariaDBStage
    private var random: SeededGenerator
    private var numbers = [Int](repeating: 0, count: 5)
    private(set) var steps: [String: Step] = [:]

    init(_ stage: MariaDBStage, seed: UInt64) {
        self.stage = stage
        random = SeededGenerator(seed: seed)
    }

    /// Four sessions write at once, `count` transactions each; every fourth writer has a domain of its own when `domains` is 2.
    mutating func write(_ count: Int, domains: Int, hasDefinitions: Bool) async throws {
        var scripts = [String]()
        for writer in 1...4 {
            var script = "SET SESSION innodb_lock_wait_timeout = 100;\n"
            if domains == 2, writer == 4 { script += "SET SESSION gtid_domain_id = 1;\n" }
            for _ in 0..<count { script += transaction(writer, hasDefinitions) }
            scripts.append(script)
        }
        let socket = stage.server["MARIADB_SOCKET"]
        let said = try await withThrowingTaskGroup(of: String.self) { group in
            for script in scripts {
                let file = try stage.newFolder("w") + "/script.sql"
                try wholeFile(script, to: file)
                group.addTask {
                    // Not `source`, which goes on behind an error.
                    try await Tool.run(
                        "bash",
                        ["-c", #"mariadb --no-defaults -S "$0" -u root -N -D app < "$1""#, socket, file])
                }
            }
            var said = ""
            for try await text in group { said += text }
            return said
        }
        for line in said.split(separator: "\n") {
            let fields = line.split(separator: "\t").map(String.init)
            try #require(fields.count == 4, "\(line)")
            steps[fields[1]] = Step(
                gtid: fields[1], act: fields[0], began: try #require(Double(fields[2])),
                ended: try #require(Double(fields[3])))
        }
    }

    private mutating func transaction(_ writer: Int, _ hasDefinitions: Bool) -> String {
        numbers[writer] += 1
        let (w, n) = (writer, numbers[writer])
        let act: String
        let sql: String
        switch Int.random(in: 0..<(hasDefinitions ? 14 : 10), using: &random) {
        case 0...3: (act, sql) = ("row", "INSERT INTO chain (w, n, filler) VALUES (\(w), \(n), MD5(\(n)))")
        case 4...6:
            (act, sql) = (
                "sum",
                """
                BEGIN; INSERT INTO chain (w, n, filler) VALUES (\(w), \(n), UUID());
                UPDATE totals SET n = n + \(n) WHERE w = \(w); UPDATE totals SET n = n + 1 WHERE w = 0; COMMIT
                """
            )
        case 7...8:
            (act, sql) = (
                "long",
                """
                BEGIN; INSERT INTO bulk SELECT \(w), \(n), seq FROM seq_1_to_200; DO SLEEP(0.02);
                INSERT INTO bulk SELECT \(w), \(n), seq FROM seq_201_to_400; DELETE FROM bulk WHERE w = \(w) AND n = \(n) AND i > 300;
                COMMIT
                """
            )
        case 9:
            (act, sql) = (
                "row",
                """
                BEGIN; INSERT INTO totals VALUES (\(w * 1000 + n), 1); ROLLBACK; SET binlog_format = STATEMENT;
                INSERT INTO chain (w, n, filler) VALUES (\(w), \(n), 's'); SET binlog_format = ROW
                """
            )
        case 10: (act, sql) = ("create", "CREATE TABLE extra_\(w)_\(n) AS SELECT seq FROM seq_1_to_5")
        case 11: (act, sql) = ("column", "ALTER TABLE chain ADD COLUMN c_\(w)_\(n) INT DEFAULT 7")
        case 12: (act, sql) = ("row", "INSERT INTO chain (w, n, filler) VALUES (\(w), \(n), 'r'); FLUSH BINARY LOGS")
        default: (act, sql) = ("truncate", "TRUNCATE TABLE bulk")
        }
        return """
            SET @began = SYSDATE(6); \(sql);
            SELECT '\(act) \(w) \(n)', @@last_gtid, UNIX_TIMESTAMP(@began), UNIX_TIMESTAMP(SYSDATE(6));

            """
    }

    /// The GTIDs of all transactions in the log's order, as the server itself says, with the file and where each begins.
    func order() async throws -> [(gtid: String, place: String)] {
        var order = [(gtid: String, place: String)]()
        for line in try await stage.admin("SHOW BINARY LOGS").split(separator: "\n") {
            let file = String(line.split(separator: "\t")[0])
            for event in try await stage.admin("SHOW BINLOG EVENTS IN '\(file)'").split(separator: "\n") {
                let fields = event.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                guard fields.count == 6, fields[2] == "Gtid" else { continue }
                let words = fields[5].split(separator: " ")
                let index = try #require(words.firstIndex(of: "GTID"), "\(event)")
                order.append((String(words[index + 1]), "\(file):\(fields[1])"))
            }
        }
        return order
    }

    /// What the tables hold when exactly these transactions are committed, in their order.
    func state(_ gtids: some Sequence<String>) -> [String] {
        var (rows, bulks, tables, columns) = (Set<[Int]>(), Set<[Int]>(), [String](), 3)
        var totals = [0, 0, 0, 0, 0]
        for step in gtids.compactMap({ steps[$0] }) {
            let words = step.act.split(separator: " ").map(String.init)
            let (w, n) = (Int(words[1]) ?? 0, Int(words[2]) ?? 0)
            switch words[0] {
            case "row": rows.insert([w, n])
            case "sum":
                rows.insert([w, n])
                totals[w] += n
                totals[0] += 1
            case "long": bulks.insert([w, n])
            case "create": tables.append("extra_\(w)_\(n)")
            case "column": columns += 1
            default: bulks = []
            }
        }
        func sorted(_ set: Set<[Int]>) -> [[Int]] { set.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) } }
        return [
            sorted(rows).map { "\($0[0]):\($0[1])" }.joined(separator: ","),
            totals.enumerated().map { "\($0.offset)=\($0.element)" }.joined(separator: ","),
            sorted(bulks).map { "\($0[0]):\($0[1])=300" }.joined(separator: ","),
            tables.sorted().joined(separator: ","),
            "\(columns)",
        ]
    }
}

/// Writes a text as a file.
func wholeFile(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw SourceError(.failed, "open: \(errno)", subject: path) }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else { throw SourceError(.failed, "write", subject: path) }
}
