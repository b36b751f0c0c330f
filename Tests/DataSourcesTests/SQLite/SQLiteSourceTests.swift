import Glibc
import TestSupport
import Testing

@testable import DataSources

@Suite("SQLite as a source") struct SQLiteSourceTests {
    @Test("a database with a running writer comes back whole, equal to its pins, with owner and mode")
    func roundTrip() async throws {
        let yard = try await Yard()
        let file = yard.folder("app.db")
        try await shell(
            """
            sqlite3 '\(file)' "PRAGMA journal_mode=wal; CREATE TABLE u(a INTEGER PRIMARY KEY, b); CREATE TABLE log(x);
            CREATE TABLE f(u REFERENCES u(a));
            WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO u SELECT i, randomblob(50) FROM n;
            INSERT INTO f VALUES (7)" >/dev/null
            chmod 640 '\(file)'; chown nobody '\(file)'
            """)
        async let writer = shell(
            "for i in $(seq 40); do sqlite3 -cmd '.timeout 5000' '\(file)' 'INSERT INTO log VALUES(1)'; done")
        let source = SQLiteSource(name: "app", settings: SQLiteSettings(file: file), environment: yard.environment)
        let (reading, restored) = try await yard.roundTrip(source, to: "out")
        _ = try await writer
        #expect(
            reading.method == "online-backup" && reading.consistentFrom.prefix(19) <= reading.consistentTo.prefix(19))
        #expect(reading.pins.map(\.table) == ["f", "log", "u"])
        #expect(try await shell("stat -c '%a %U' '\(restored)/app/app.db'") == "640 nobody\n")
        let restorer = SQLiteRestorer(settings: SQLiteSettings(file: file), environment: yard.environment)
        try await restorer.build(files: restored + "/app", data: yard.folder("data"), run: yard.folder("run"))
        let scratch = try await restorer.start(data: yard.folder("data"), run: yard.folder("run"))
        #expect(try await scratch.pins(like: reading.pins) == reading.pins)
        #expect(try await scratch.check().allSatisfy(\.isSound))
        #expect(
            try await scratch.query("SELECT count(*), NULL, x'ab' FROM u", database: nil) == [["5000", nil, "x'ab'"]])
        await #expect(throws: SourceError.self) { try await scratch.query("DELETE FROM u", database: nil) }
        // What is wrong is found.
        try await shell(
            "sqlite3 '\(yard.folder("data"))/app.db' 'UPDATE u SET b = 1 WHERE a = 9; DELETE FROM u WHERE a = 7'")
        #expect(try await scratch.pins(like: reading.pins).filter { !reading.pins.contains($0) }.map(\.table) == ["u"])
        #expect(try await scratch.check().filter { !$0.isSound }.map(\.name) == ["foreign_key_check"])
    }

    @Test("what is absent, or no database, is refused and told by doctor")
    func refused() async throws {
        let yard = try await Yard()
        try await shell("head -c 5000 /dev/urandom > '\(yard.folder("noise"))'")
        for (name, code) in [("absent", SourceError.Code.suspectContent), ("noise", .failed)] {
            let source = SQLiteSource(
                name: "app", settings: SQLiteSettings(file: yard.folder(name)), environment: yard.environment)
            let error = await #expect(throws: SourceError.self) {
                _ = try await yard.roundTrip(source, to: "out-\(name)")
            }
            #expect(error?.code == code)
            #expect(await source.examine().contains { $0.severity == .problem })
        }
    }
}
