import DataSources
import Testing

@testable import Recovery

@Suite("Statements with a key")
struct SQLTemplateTests {
    @Test(
        "the key is found where it is one, and nowhere else",
        arguments: [
            ("DELETE FROM t WHERE id = :key", 1), ("SELECT ':key', \":key\", `:key` FROM t", 0),
            ("SELECT 1 -- :key\n, :key", 1), ("SELECT /* :key */ 1", 0), ("SELECT x::key FROM t", 0),
            ("SELECT :keys, :key_2, :KEY, :key", 1), ("UPDATE t SET a = 'it''s \\' :key' WHERE b=:key AND c=:key", 2),
            ("SELECT 'open :key", 0), ("", 0), (":key", 1),
        ])
    func places(text: String, count: Int) {
        let template = SQLTemplate(text)
        #expect(template.count == count)
        #expect(template.pieces.joined(separator: ":key") == text)
    }

    @Test("no byte of a key stands in MariaDB's statement as it is, and quotes are doubled for PostgreSQL")
    func bound() {
        let key = "x'; DROP TABLE users; --"
        let maria = SQLTemplate("SELECT :key").bound(to: key, kind: .mariadb)
        #expect(
            !maria.contains("DROP") && maria.hasPrefix("EXECUTE IMMEDIATE CONVERT(X'53454c454354203f' USING utf8mb4)"))
        let postgres = SQLTemplate("SELECT :key::text").bound(to: key, kind: .postgresql)
        #expect(postgres.contains("EXECUTE lifeboat_bound('x''; DROP TABLE users; --');"))
        #expect(postgres.contains("AS SELECT $1::text;"))
    }
}
