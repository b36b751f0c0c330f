import DataSources
import Testing

@testable import Recovery

@Suite("Known personal data")
struct KnownPersonalDataTests {
    /// Answers with `people` when a column is sampled, with one text column when columns are listed, and with `hit` otherwise.
    private static func query(people: [String?], hit: Bool = false) -> KnownPersonalData.Query {
        { sql, database in
            #expect(database == "app")
            if sql.hasPrefix("SELECT DISTINCT") { return people.map { [$0] } }
            if sql.contains("information_schema") { return [["app.notes", "text"], ["app.beats", "content"]] }
            #expect(!sql.contains("beats"), "an exempt table is not looked through")
            return hit ? [["1"]] : []
        }
    }

    @Test("values of columns are looked for in every text column but those of exempt tables", arguments: [true, false])
    func found(isThere: Bool) async throws {
        let known = try await KnownPersonalData(
            columns: ["app.users.email"], of: .mariadb, exempt: ["app.beats"],
            asking: Self.query(people: ["anna@example.org", nil, "no"]))
        #expect(known.count == 1, "what is short says nothing")
        let found = try await known.found(asking: Self.query(people: [], hit: isThere))
        #expect(found == (isThere ? ["app.notes.text"] : []))
    }

    @Test("nothing known is no proof", arguments: [[], ["no"]])
    func nothing(people: [String]) async {
        await #expect(throws: RecoveryError.self) {
            try await KnownPersonalData(
                columns: ["app.users.email"], of: .mariadb, exempt: [], asking: Self.query(people: people))
        }
    }

    @Test("what is no column is refused", arguments: ["users.email", "app.a.b.email"])
    func column(name: String) async {
        await #expect(throws: RecoveryError.self) {
            try await KnownPersonalData(columns: [name], of: .mariadb, exempt: [], asking: Self.query(people: []))
        }
    }
}
