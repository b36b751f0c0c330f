import Glibc
import Repository
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite(
    "PostgreSQL: dumps", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct LogicalTests {
    /// All that a splitter could stumble over.
    static let odd = #"""
        CREATE SCHEMA "o'dd / sch""ema";
        CREATE TABLE "o'dd / sch""ema"."täble; -- no" ("co""l, 'x" int PRIMARY KEY, "line
        break" text, b bytea);
        INSERT INTO "o'dd / sch""ema"."täble; -- no" VALUES (1, E'\\.\n\\.\n--\nCOPY public.x (a) FROM stdin;\n', '\x00ff5c2e0a'),
            (2, NULL, NULL), (3, '', ''), (4, '\N', '\x'), (5, '-- PostgreSQL database dump complete', NULL);
        CREATE TABLE empty(id serial PRIMARY KEY, t text);
        CREATE TABLE "new
        line"(a int); INSERT INTO "new
        line" VALUES (1);
        CREATE TABLE parts(id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
        CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
        INSERT INTO parts SELECT i, date '2026-01-01' + i FROM generate_series(0, 300) i;
        CREATE SEQUENCE "odd 'seq"; SELECT setval('"odd ''seq"', 42);
        CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$
        -- Data for Name: x; Type: TABLE DATA; Schema: public; Owner: y
        SELECT '
        COPY public.empty (id, t) FROM stdin;
        1	x
        \.
        '::text $body$;
        CREATE FUNCTION g(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT $1 + 1; SELECT $1 + 2; END;
        CREATE VIEW v AS SELECT id, E'it''s \\ -- here' AS t FROM empty;
        CREATE MATERIALIZED VIEW m AS SELECT count(*) n FROM parts;
        COMMENT ON TABLE empty IS E'--\n-- PostgreSQL database dump complete\n--\n\nCOPY public.empty (id) FROM stdin;\n$x$';
        CREATE TABLE "o'brien" (id int); INSERT INTO "o'brien" VALUES (7);
        CREATE TABLE wide AS SELECT 1 AS id, repeat('abcdefghi\', 70000) AS t;
        SELECT lo_from_bytea(424242, '\x00010203ff'); COMMENT ON LARGE OBJECT 424242 IS E'it''s\nCOPY x (a) FROM stdin;\n';
        GRANT SELECT ON empty TO PUBLIC;
        """#

    @Test(
        "odd names, comments that look like data and data that looks like comments come back, every table equal to its pin"
    )
    func oddThings() async throws {
        let stage = try await PostgreSQLStage()
        try await stage.sql(#"CREATE DATABASE "b/ä 'q' = x""#)
        try await stage.sql("CREATE DATABASE empty")
        try await stage.sql(Self.odd, database: "b/ä 'q' = x")
        try await stage.sql(
            "DO $$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO backup', o); END LOOP; END $$",
            database: "b/ä 'q' = x")
        let before = try await stage.rowPins()
        let (reading, snapshot) = try await stage.backup(stage.source(.logical))
        #expect(reading.warnings.count == 1, "\(reading.warnings)")
        #expect(reading.pins.map(\.key).sorted() == before.map(\.key).sorted())
        #expect(reading.pins.map(\.rowCount).reduce(0, +) == before.map(\.rowCount).reduce(0, +))
        // The server's own workers may write to the log meanwhile.
        let (from, to) = (reading.position?.startLSN.flatMap { LSN($0) }, reading.position?.endLSN.flatMap { LSN($0) })
        #expect(try #require(from) <= #require(to))

        let server = try await stage.revive(snapshot)
        #expect(try await server.pins(like: reading.pins) == reading.pins)
        let after = try await server.pins(like: before)
        #expect(after == before)
        let database = "b/ä 'q' = x"
        #expect(try await server.query(#"SELECT last_value FROM "odd 'seq""#, database: database) == [["42"]])
        #expect(try await server.query("SELECT g(1), n FROM m", database: database) == [["3", "301"]])
        let object = try await server.query(
            "SELECT encode(lo_get(oid), 'hex') FROM pg_largeobject_metadata", database: database)
        #expect(object == [["00010203ff"]])
        #expect(try await server.query("SELECT NULL, ''", database: nil) == [[nil, ""]])
        try await server.stop()
    }
}
