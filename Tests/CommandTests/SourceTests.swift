import FoundationEssentials
import GRDB
import Glibc
import TestSupport
import Testing

@Suite("Databases and programs as sources")
struct SourceTests {
    /// A database in WAL mode whose newest rows are in the log only; `writer` keeps it so.
    private func database(_ place: Workplace, rows: Int) throws -> (path: String, writer: DatabaseQueue) {
        let path = place.path("data/app.db")
        try place.write("", to: "data/other")
        let writer = try DatabaseQueue(path: path)
        try writer.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        }
        try writer.write { database in
            try database.execute(sql: "CREATE TABLE t(a INTEGER, b TEXT)")
            for row in 0..<rows {
                try database.execute(
                    sql: "INSERT INTO t VALUES (?, ?)", arguments: [row, String(repeating: "x", count: 100)])
            }
        }
        return (path, writer)
    }

    private func count(_ path: String) throws -> Int? {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read { database in
            #expect(try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok")
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM t")
        }
    }

    @Test("a database in use is saved as one plain file, with its owner and mode, and without its journals")
    func database() async throws {
        let place = try await Workplace.withRepository()
        let (path, writer) = try database(place, rows: 3000)
        chmod(path, 0o640)
        let data = place.path("data")
        let backup = await place.run("backup", "--path", data, "--sqlite", path)
        #expect(backup.status == 0, "\(backup.messages)")
        #expect(try place.list("").allSatisfy { !$0.hasPrefix("lifeboat-sqlite") }, "no copy is left behind")
        #expect(await place.run("ls", "latest", data).output == "\(data)\n\(path)\n\(data)/other\n")
        #expect(await place.run("restore", "-s", "latest", "-t", place.path("out")).status == 0)
        #expect(try count(place.path("out") + path) == 3000)
        var status = stat()
        #expect(stat(place.path("out") + path, &status) == 0 && status.st_mode & 0o7777 == 0o640)
        try await writer.write { try $0.execute(sql: "INSERT INTO t VALUES (-1, '')") }
        // The file itself has not changed, since the row is in the log; the second backup must have it all the same.
        #expect(await place.run("backup", "--path", data, "--sqlite", path).status == 0)
        #expect(await place.run("restore", "-s", "latest", "-t", place.path("out2")).status == 0)
        #expect(try count(place.path("out2") + path) == 3001)
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
    }

    @Test("a database that is excluded, none, absent, or without room for a copy is refused")
    func refused() async throws {
        let place = try await Workplace.withRepository()
        let (path, writer) = try database(place, rows: 10)
        let excluded = await place.run("backup", "--sqlite", path, "--exclude", "*.db")
        #expect(
            excluded.status == 64
                && excluded.errorLines.first == "error: the database is left out by an exclude pattern")
        let text = try place.write("no database at all, only some text that is long enough to look at", to: "text")
        #expect(
            await place.run("backup", "--sqlite", text).errorLines == [
                "error: this is no SQLite database", "where: \(text)",
                "hint:  --sqlite is for databases; give other files with --path",
            ])
        let absent = place.path("absent.db")
        #expect(
            await place.run("backup", "--sqlite", absent).errorLines == [
                "error: cannot back up the database: no such file or directory", "where: \(absent)",
                "hint:  check the path given to --sqlite",
            ])
        place.set("TMPDIR", "/no/such/folder")
        #expect(
            await place.run("backup", "--sqlite", path).errorLines == [
                "error: the folder for temporary files cannot be used: no such file or directory",
                "where: /no/such/folder",
                "hint:  set TMPDIR to a folder that exists",
            ])
        #expect(await place.run("snapshots", "--json").output == "[]\n")
        try writer.close()
    }

    @Test("what a program prints becomes a file; it sees none of our secrets")
    func program() async throws {
        let place = try await Workplace.withRepository()
        place.set("AWS_SECRET_ACCESS_KEY", "hidden")
        place.set("RESTIC_PASSWORD", "hidden")
        place.set("KEPT", "kept")
        let script = "seq 1 200000; env | grep -E 'AWS|PASSWORD|KEPT'; echo 'a word' >&2"
        let backup = await place.run(
            "backup", "--stdin-from-command", "--stdin-filename", "dumps/all.sql", "--", "sh", "-c", script)
        #expect(backup.status == 0 && backup.messages == "a word\n", "\(backup.messages)")
        let dump = await place.run("dump", "latest", "/dumps/all.sql")
        #expect(dump.output == (1...200_000).map { "\($0)\n" }.joined() + "KEPT=kept\n")
        #expect(try await place.restic("dump", "latest", "/dumps/all.sql") == dump.output)
    }

    @Test(
        "a program that fails makes no snapshot",
        arguments: [
            (
                "seq 1 100000; echo 'disk broke' >&2; exit 3",
                "the program exited with 3, so its output is no backup; no snapshot was made", "it said: disk broke"
            ),
            (
                "echo half; kill -9 $$",
                "the program was ended by signal 9, so its output is no backup; no snapshot was made",
                "it wrote nothing to its standard error"
            ),
            (
                "sleep 600 & exit 4", "the program exited with 4, so its output is no backup; no snapshot was made",
                "it wrote nothing to its standard error"
            ),
        ])
    func failing(script: String, message: String, hint: String) async throws {
        let place = try await Workplace.withRepository()
        let outcome = await place.run("backup", "--quiet", "--stdin-from-command", "--", "sh", "-c", script)
        #expect(outcome.status == 1)
        #expect(outcome.errorLines == ["error: \(message)", "where: sh", "hint:  \(hint)"])
        #expect(await place.run("snapshots", "--json").output == "[]\n")
        #expect(try place.list("repository/locks").isEmpty)
    }

    @Test("a program that is not there is told")
    func absent() async throws {
        let place = try await Workplace.withRepository()
        let outcome = await place.run("backup", "--stdin-from-command", "--", "no-such-program")
        #expect(outcome.status == 1 && outcome.messages.contains("hint:  is it installed, and in PATH?"))
    }
}
