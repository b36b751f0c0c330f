import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "A PostgreSQL at any moment, by the commands",
        .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
    struct PostgreSQLMomentTests {
        typealias Live = RewindCommandTests.Live

        private static let now = """
            SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            """

        private func describe(_ live: Live) throws {
            try live.service.configure { configuration in
                configuration.more = [
                    """
                    erasures:
                      victim:
                        source: directory
                        database: app
                        enumerate: SELECT n FROM victims
                        erase: ["DELETE FROM victims WHERE n = :key"]
                        verify: SELECT count(*) FROM victims WHERE n = :key
                    masks:
                      staging:
                        sources:
                          directory: {tables: [{table: app.public.people, text: [name]}]}
                    epochs:
                      - {source: directory, sql: INSERT INTO beats VALUES (900) ON CONFLICT DO NOTHING, database: app}
                    """
                ]
            }
        }

        @Test(
            "who was erased since is erased again in every copy; what is masked is; a folder is restored as it was, and marked"
        )
        func handover() async throws {
            let live = try await Live(.postgresql)
            try describe(live)
            let service = live.service
            try await JournalProcess.running(service) {
                try await live.caughtUp(1)
                try await service.done("backup", "nightly")
                let first = try await live.insert(1)
                let time = try await live.sql(Self.now)
                try await service.done("erasure", "add", "victim", "2")
                try await live.sql("DELETE FROM victims WHERE n = 2")
                try await service.done("erasure", "confirm", "1")
                try await live.insert(2)
                try await live.caughtUp(1)
                let bare = await service.run(
                    "restore", "--at-position", first, "--source", "directory", "--into", "scratch", "--run", "true")
                #expect(bare.status != 0 && bare.messages.contains("must be masked"), "\(bare)")
                #expect(
                    try await live.restored("--at-position", first, "--unmasked", "test") == [1, 900, 1001, 1003])
                #expect(try await live.restored("--at", time, "--unmasked", "test") == [1, 900, 1001, 1003])
                let names = "SELECT DISTINCT left(name, 5) FROM people"
                let masked = await service.run(
                    "restore", "--at-position", first, "--source", "directory", "--into", "scratch", "--mask",
                    "staging", "--run", "eval \"$LIFEBOAT_SCRATCH_CONNECT -qXAt -c '\\\\c app' -c '\(names)'\"")
                #expect(masked.status == 0 && masked.output.contains("xxxxx"), "\(masked)")
                #expect(!masked.output.contains("perso"), "\(masked)")
                #expect(masked.output.contains("1 erasure since then: 1 found and erased again"), "\(masked)")
                #expect(try service.place.list("state/scratch").isEmpty)
                try await folder(live, time)
            }
        }

        /// `--at TIME --to DIR`: the data folder can be started by hand, holds what was there at the time, and nothing else is done to it.
        private func folder(_ live: Live, _ time: String) async throws {
            let out = live.service.place.path("out")
            try await live.service.done("restore", "--at", time, "--source", "directory", "--to", out)
            let restored = "\(out)/directory"
            #expect(try FileManager.default.contentsOfDirectory(atPath: restored).sorted().count > 1)
            let scripts = Tool.supportFile("staging")
            chmod(out, 0o711)
            let said = try await Tool.run("bash", ["\(scripts)/start-postgres", restored])
            let port = said.split(separator: "\n").first { $0.contains("PG_PORT=") }?.split(separator: "=").last
            let rows = try await ServiceData.postgresql(
                folder: restored, port: String(try #require(port, "\(said)")), Live.rowsQuery, "app")
            _ = try await Tool.run("bash", ["\(scripts)/stop", restored, "postgres"])
            #expect(Live.numbers(rows) == [1, 1001, 1002, 1003])
            let again = await live.service.run("restore", "--at", time, "--source", "directory", "--to", out)
            #expect(again.status != 0 && again.messages.contains("there is something already"), "\(again)")
        }

        @Test("exploring answers in words, and exports a whole table that a server takes back")
        func explore() async throws {
            let live = try await Live(.postgresql)
            let service = live.service
            var position = ""
            try await JournalProcess.running(service) {
                try await live.caughtUp(1)
                try await service.done("backup", "nightly")
                position = try await live.insert(1)
                try await live.sql("DELETE FROM people WHERE id <= 120")
                try await live.insert(2)
                try await live.caughtUp(1)
            }
            let (whole, tools) = (service.place.path("people.sql"), ExploreCommandTests())
            let lines = [
                "where", "next", "next 1", "export --table app.public.people \(whole)", "step +1tx",
                "sql --database app SELECT count(*) AS n FROM people", "step sideways", "eat", "next x", "help", "quit",
            ]
            let outcome = try await tools.explore(service, ["--at-position", position, "--source", "directory"]) {
                input, _ in
                try input.writeAll((lines.joined(separator: "\n") + "\n").utf8)
                try input.close()
            }
            #expect(outcome.status == 1, "\(outcome)")
            let said = outcome.output.split(separator: "\n").map(String.init)
            let standing = said.filter { $0.hasPrefix("at ") }
            #expect(standing.count == 3 && standing[0].contains("on timeline 1"), "\(said)")
            #expect(standing[0] == standing[1] && standing[2] != standing[1])
            #expect(said.filter { $0.hasPrefix("next: ") }.count == 3)
            #expect(said.filter { $0 == "  delete app.public.people, 120 rows" }.count == 2, "\(said)")
            #expect(said.filter { $0 == "  insert app.public.beats, 1 row" }.count == 1, "\(said)")
            #expect(said.contains("rows of app.public.people are in \(whole), as statements that insert them"))
            let count = try #require(said.firstIndex(of: "80"), "\(said)")
            #expect(said[count + 1] == "1 row")
            #expect(said.filter { $0.hasPrefix("error: ") }.count == 3, "\(said)")
            #expect(said.contains { $0.hasPrefix("diff --table T") } && said.last?.hasPrefix("quit") == true, "\(said)")
            try tools.expectClean(service)
            // All of the table, by whoever loads it.
            let server = try service.server("directory")
            try await ServiceData.postgresql(server, "CREATE DATABASE fresh")
            try await ServiceData.postgresql(server, "CREATE TABLE people (id INT PRIMARY KEY, name TEXT)", "fresh")
            _ = try await Tool.run(
                "psql",
                [
                    "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-p", server["PG_PORT"], "-U", "postgres",
                    "-d", "fresh", "-f", whole,
                ])
            let sum = "SELECT count(*) || ' ' || min(name) || ' ' || max(id) FROM people"
            #expect(try await ServiceData.postgresql(server, sum, "fresh") == "200 person 1 200\n")
        }
    }
}
