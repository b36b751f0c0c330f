import Glibc
import Repository
import Synchronization
import TestSupport
import Testing

@testable import DataSources

/// A PostgreSQL whose every transaction has a number, given by a row lock that is held until it commits: commit order is the order
/// of numbers. Its log is followed, and shipped into a folder as the journal would: only what is valid, and never again.
final class LogStage: Sendable {
    static let schema = """
        CREATE TABLE counter(n bigint NOT NULL); INSERT INTO counter VALUES (0);
        CREATE TABLE chain(n bigint PRIMARY KEY, act text, xid bigint, inside pg_lsn, filler text);
        CREATE TABLE bulk(xid bigint, filler text);
        CREATE FUNCTION step(act text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE k bigint; BEGIN
        UPDATE counter SET n = n + 1 RETURNING n INTO k;
        INSERT INTO chain VALUES (k, act, pg_current_xact_id()::text::bigint, pg_current_wal_insert_lsn(), md5(k::text));
        END $$
        """

    /// A transaction as the origin remembers it.
    struct Step: Sendable {
        let number: Int
        let act: String
        let xid: String
        /// A place before its commit and behind that of the one before.
        let inside: String
        /// When it committed.
        let time: Double
    }

    let stage: PostgreSQLStage
    let source: PostgreSQLSource

    init(_ settings: [String] = []) async throws {
        stage = try await PostgreSQLStage(["track_commit_timestamp=on"] + settings)
        source = stage.source(.physical)
    }

    func makeSchema() async throws {
        // For later starts.
        try await stage.sql("ALTER SYSTEM SET track_commit_timestamp = on")
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(LogStage.schema, database: "app")
    }

    // MARK: Writing

    /// Transactions of one row each.
    func writeRows(_ count: Int) async throws {
        try await stage.sql(
            "DO $$ BEGIN FOR i IN 1..\(count) LOOP PERFORM step('row'); COMMIT; END LOOP; END $$", database: "app")
    }

    /// A transaction; its act is what `state` makes of it.
    func write(_ act: String, _ sql: String = "SELECT 1") async throws {
        try await stage.sql("BEGIN; \(sql); SELECT step('\(act)'); COMMIT", database: "app")
    }

    /// A transaction of many rows that takes its time while others commit.
    func writeLong() async throws {
        try await write(
            "bulk",
            "INSERT INTO bulk SELECT pg_current_xact_id()::text::bigint, md5(i::text) FROM generate_series(1, 500) i")
    }

    /// All that can happen, at once and one after another.
    func writeMixture(_ tag: String) async throws {
        async let rows: Void = writeRows(40)
        async let more: Void = writeRows(40)
        async let long: Void = writeLong()
        async let undone = stage.sql(
            "BEGIN; INSERT INTO bulk SELECT 0 FROM generate_series(1, 300); ROLLBACK", database: "app")
        async let ddl: Void = write("create extra_\(tag)", "CREATE TABLE extra_\(tag) AS SELECT 1 AS i")
        _ = try await (rows, more, long, undone, ddl)
        try await write("row", "ALTER TABLE extra_\(tag) ADD COLUMN j int DEFAULT 3")
        try await stage.sql("SELECT pg_switch_wal()")
        try await writeRows(5)
    }

    /// All transactions, in the order of their commits.
    func steps() async throws -> [Step] {
        let sql = """
            SELECT n, act, xid, inside, extract(epoch FROM pg_xact_commit_timestamp(xid::text::xid)) FROM chain ORDER BY n
            """
        return try await stage.sql(sql, database: "app").split(separator: "\n").map { line in
            let fields = line.split(separator: "|").map(String.init)
            let time = try #require(Double(fields[4]))
            return Step(
                number: try #require(Int(fields[0])), act: fields[1], xid: fields[2], inside: fields[3], time: time)
        }
    }

    /// What the tables hold when exactly these transactions are committed; as `question` answers it.
    static func state(_ steps: ArraySlice<Step>) -> [String] {
        var bulks = [String]()
        var tables = Set<String>()
        for step in steps {
            let words = step.act.split(separator: " ").map(String.init)
            switch words[0] {
            case "bulk": bulks.append("\(step.xid)=500")
            case "create": tables.insert(words[1])
            case "drop": tables.remove(words[1])
            case "truncate": bulks = []
            default: break
            }
        }
        let chain = steps.map { "\($0.number):\($0.xid)" }.joined(separator: ",")
        return ["\(steps.count)", chain, bulks.sorted().joined(separator: ","), tables.sorted().joined(separator: ",")]
    }

    static let question = """
        SELECT (SELECT n FROM counter), (SELECT coalesce(string_agg(n || ':' || xid, ',' ORDER BY n), '') FROM chain),
        (SELECT coalesce(string_agg(b, ',' ORDER BY b COLLATE "C"), '') FROM
        (SELECT xid || '=' || count(*) b FROM bulk GROUP BY xid) t),
        (SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class WHERE relname ~ '^extra_' AND relkind = 'r')
        """
}
