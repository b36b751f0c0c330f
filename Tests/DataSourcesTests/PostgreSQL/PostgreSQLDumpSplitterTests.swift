import TestSupport
import Testing

@testable import DataSources

@Suite("a dump of pg_dump, taken apart")
struct PostgreSQLDumpSplitterTests {
    /// What was made of a dump.
    final class Gathered: DumpParts {
        var parts: [DumpPart: [UInt8]] = [:]
        var tables: [(table: DumpTable, bytes: [UInt8], rowCount: UInt64)] = []
        private var isOpen = false

        func take(_ bytes: UnsafeRawBufferPointer, of part: DumpPart) { parts[part, default: []] += Array(bytes) }
        func beginTable(_ table: DumpTable) {
            #expect(!isOpen)
            isOpen = true
            tables.append((table, [], 0))
        }
        func take(_ bytes: UnsafeRawBufferPointer) { tables[tables.count - 1].bytes += Array(bytes) }
        func endTable(rowCount: UInt64) {
            isOpen = false
            tables[tables.count - 1].rowCount = rowCount
        }

        func text(_ part: DumpPart) -> String { String(decoding: parts[part] ?? [], as: UTF8.self) }
        var names: [String] { tables.map { "\($0.table.schema).\($0.table.table)" } }
    }

    static let completion = "\n--\n-- PostgreSQL database dump complete\n--\n\n"

    /// A dump with these definitions before the rows, these rows, and something behind.
    static func dump(_ definitions: String, _ data: String, end: String = completion) -> [UInt8] {
        Array(
            "--\n-- PostgreSQL database dump\n--\n\nSET x = on;\n\n\(definitions)\n\n\(data)\nALTER TABLE t ADD PRIMARY KEY (a);\n\n\(end)"
                .utf8)
    }

    static let rows =
        "--\n-- Data for Name: t; Type: TABLE DATA\n--\n\nCOPY public.t (a, b) FROM stdin;\n1\tx\n2\t\\N\n\\.\n\n"

    /// Splits a dump that comes in pieces; the pieces of a pipe have any size, but short ones only come at the end.
    func split(_ bytes: [UInt8]) throws -> Gathered {
        let gathered = Gathered()
        var rest = bytes[...]
        try PostgreSQLDumpSplitter(gathered, subject: "dump").read { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        return gathered
    }

    @Test(
        "what looks like rows within a quote of a definition stays a definition",
        arguments: [
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\nCOPY public.evil (a) FROM stdin;\n1\n\\.\n$$;",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ $$ \nCOPY public.evil (a) FROM stdin;\n$$ $_$;",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $a$ $a $aa$ $A$ '\nBEGIN;\nCOMMIT;\n\" $a$;",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $ä_1$\nSELECT pg_catalog.setval('x', 1);\n$ä_1$;",
            "COMMENT ON TABLE t IS 'it''s\nCOPY public.evil (a) FROM stdin;\n1\n\\.\n$$';",
            "COMMENT ON TABLE t IS E'\\\\''\nCOPY public.evil (a) FROM stdin;\n\\\\';",
            "CREATE TABLE public.\"\"\"\nCOPY public.evil (a) FROM stdin;\n'\" (a int);",
            "CREATE TABLE public.\"$$\" (\"$x$\" int);", "-- it's a \"comment\" with $$ in it\nSELECT 1;",
            "CREATE VIEW v AS SELECT $1 AS a;", "SELECT 'x' -- it's\n;",
        ])
    func quotes(_ definition: String) throws {
        let found = try split(Self.dump(definition, Self.rows))
        #expect(found.names == ["public.t"])
        #expect(found.tables.first?.rowCount == 2)
        #expect(found.text(.preData).contains(definition))
        #expect(found.text(.postData).hasPrefix("ALTER TABLE t"))
    }

    @Test(
        "rows that look like anything else are rows",
        arguments: [
            "--", "-- PostgreSQL database dump complete", "COPY public.evil (a) FROM stdin;", "\\\\.", "\\.x", "\\N",
            "'", "\"", "$$", "BEGIN;", "", "\\", "ALTER TABLE x;", "\\unrestrict x", "\\..", "x\\.",
        ])
    func oddRows(_ row: String) throws {
        let part = "COPY public.t (a) FROM stdin;\n\(row)\n\(row)\n\\.\n"
        let found = try split(Self.dump("CREATE TABLE t();", part + "\n" + part.replacing("public.t", with: "s.u")))
        #expect(found.names == ["public.t", "s.u"])
        #expect(found.tables.map(\.rowCount) == [2, 2])
        #expect(found.tables.first.map { String(decoding: $0.bytes, as: UTF8.self) } == part)
    }

    @Test("a row that is longer than all buffers comes whole, also where its pieces begin with what ends a table")
    func longRows() throws {
        // Pieces of 256 KiB: with each length, another byte of the row is the first of a piece.
        for length in (1 << 18) - 104...(1 << 18) - 90 {
            let row = String(repeating: "x", count: length) + "\\.\n\\\\.\n"
            let found = try split(
                Self.dump(
                    "CREATE TABLE t();",
                    "COPY public.t (a) FROM stdin;\n\(row)\\.\n\nCOPY public.u (a) FROM stdin;\n\\.\n\n"))
            try #require(found.names == ["public.t", "public.u"], "\(length)")
            #expect(found.tables.map(\.rowCount) == [2, 0])
        }
    }

    @Test("names of tables are read as SQL writes them")
    func names() throws {
        let data = #"""
            COPY "a.b"."c "" d" (x) FROM stdin;
            \.

            COPY public."e
            f FROM stdin;
            " ("g
            h") FROM stdin;
            1
            \.


            """#
        let found = try split(Self.dump("CREATE TABLE t();", data))
        #expect(found.names == ["a.b.c \" d", "public.e\nf FROM stdin;\n"])
        #expect(found.tables.map(\.rowCount) == [0, 1])
    }

    @Test("sequences and large objects, and a comment on one, do not end the rows")
    func others() throws {
        let data = """
            SELECT pg_catalog.lo_create('16401');

            ALTER LARGE OBJECT 16401 OWNER TO postgres;

            COMMENT ON LARGE OBJECT 16401 IS 'it''s
            COPY public.evil (a) FROM stdin;
            ';

            SECURITY LABEL FOR x ON LARGE OBJECT 16401 IS 'y';

            \(Self.rows)
            SELECT pg_catalog.setval('public.s', 3, true);

            BEGIN;

            SELECT pg_catalog.lo_open('16401', 131072);
            SELECT pg_catalog.lowrite(0, '\\x00');
            SELECT pg_catalog.lo_close(0);

            COMMIT;

            COPY public.u (a) FROM stdin;
            \\.


            """
        let found = try split(Self.dump("CREATE TABLE t();", data))
        #expect(found.names == ["public.t", "public.u"])
        #expect(found.text(.sequences) == "SELECT pg_catalog.setval('public.s', 3, true);\n")
        #expect(found.text(.largeObjects).contains("COMMENT ON LARGE OBJECT"))
        #expect(found.text(.postData).hasPrefix("ALTER TABLE t"))
    }

    @Test("a dump that ends early is refused, wherever it ends")
    func truncated() throws {
        let whole = Self.dump("CREATE FUNCTION f() AS $$\nx\n$$;", Self.rows)
        _ = try split(whole)
        for count in 0..<whole.count {
            let error = #expect(throws: SourceError.self, "\(count) of \(whole.count)") {
                try split(Array(whole[..<count]))
            }
            #expect(error?.code == .malformedStream)
        }
    }

    @Test("the key that newer versions put behind the last line is no reason to refuse, and nothing else may be there")
    func ends() throws {
        let end = Self.completion
        #expect(
            try split(Self.dump("CREATE TABLE t();", Self.rows, end: end + "\\unrestrict aB3\n\n")).names == [
                "public.t"
            ])
        for more in ["x\n", "\n", "\\unrestrict aB3\n\nx\n", "\\unrestrict aB3", end + "--"] {
            #expect(throws: SourceError.self, "\(more)") { try split(Self.dump("", Self.rows, end: end + more)) }
        }
    }

    @Test(
        "a quote, a statement or a table that never ends is refused, even before a last line",
        arguments: [
            dump("CREATE FUNCTION f() AS $x$;", rows), dump("CREATE TABLE \"x;", rows), dump("COMMENT 'x;", rows),
            dump("CREATE TABLE t();", "COPY public.t (a) FROM stdin;\n1\n"),
            dump("CREATE TABLE t();", "COPY public.\"t (a) FROM stdin;\n1\n\\.\n"),
            dump("CREATE TABLE t();", "COPY t (a) FROM stdin;\n\\.\n"),
            dump("CREATE TABLE t();", "COPY public.t (a) FROM '/etc/passwd';\n"),
            dump("CREATE TABLE t();", "COPY public.t (a) FROM stdin WITH (FORMAT csv);\n1\n\\.\n"),
        ])
    func endless(_ dump: [UInt8]) {
        let error = #expect(throws: SourceError.self) { try split(dump) }
        #expect(error?.code == .malformedStream)
    }

    @Test("random bytes are refused and never more than an error")
    func random() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "COPY public.t (a) FROM stdin;\n", "\\.\n", "\n", "'", "\"", "$$", "$x$", "--", "\\", "BEGIN;\n", "x",
            Self.completion,
        ]
        for _ in 0..<2000 {
            let text = (0..<20).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let found = try? split(Array(text.utf8))
            // What is taken is the input, but for comments and empty lines between tables.
            if let found {
                let taken = found.parts.values.map(\.count).reduce(0, +) + found.tables.map(\.bytes.count).reduce(0, +)
                #expect(taken <= text.utf8.count && text.hasSuffix("\n"), "seed \(seed)")
            }
        }
    }
}
