import DataSources
import FoundationEssentials
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "Finding what did the damage in a PostgreSQL, by the commands",
        .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
    struct PostgreSQLFindEventTests {
        typealias Live = RewindCommandTests.Live

        private struct Found: Decodable {
            let transactions: [FoundTransaction]
        }

        /// What people, victims and beats hold; nothing of tables that are not there.
        private static let question = """
            SELECT (SELECT count(*) FROM people) || ' ' || (SELECT count(*) FROM people WHERE name = 'x') || ' ' ||
            coalesce((SELECT string_agg(n::text, ',' ORDER BY n) FROM beats), '') || ' ' ||
            coalesce(to_regclass('victims')::text, '-')
            """

        /// Each a transaction of its own, in one breath.
        private func sql(_ live: Live, _ statements: [String]) async throws {
            let server = try live.service.server("directory")
            _ = try await Tool.run(
                "psql",
                [
                    "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-p", server["PG_PORT"], "-U", "postgres",
                    "-d",
                ]
                    + ["app"] + statements.flatMap { ["-c", $0] })
        }

        /// The only transaction that is found, and the line to paste.
        private func find(_ live: Live, _ arguments: [String]) async throws -> (FoundTransaction, [String]) {
            let json = await live.service.place.run(["find-event", "directory", "--json"] + arguments)
            try #require(json.status == 0, "\(json)")
            let found = try Found.json(json.output)
            try #require(found.transactions.count == 1, "\(arguments): \(json)")
            let text = await live.service.place.run(["find-event", "directory"] + arguments)
            let line = text.output.split(separator: "\n").first { $0.hasPrefix("  lifeboat restore ") }
            let words = try #require(line, "\(text)").split(separator: " ").map(String.init)
            return (found.transactions[0], words)
        }

        private func restored(_ live: Live, _ words: [String]) async throws -> String {
            let command = "$LIFEBOAT_SCRATCH_CONNECT -qXAt -c '\\\\c app' -c \"\(Self.question)\""
            let outcome = await live.service.place.run(
                words + ["--quiet", "--run", "eval \"\(command.replacing("\"", with: "\\\""))\""])
            try #require(outcome.status == 0, "\(words): \(outcome)")
            return outcome.output.filter { !$0.isNewline }
        }

        @Test(
            "a DROP, a DELETE, an UPDATE of everything and a TRUNCATE among good writes are found, and undone by what is printed"
        )
        func found() async throws {
            let live = try await Live(.postgresql)
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                try await sql(
                    live,
                    [
                        "INSERT INTO beats VALUES (1)", "DROP TABLE victims", "INSERT INTO beats VALUES (2)",
                        "DELETE FROM people WHERE id <= 150", "INSERT INTO beats VALUES (3)",
                        "UPDATE people SET name = 'x'", "INSERT INTO beats VALUES (4)", "TRUNCATE people",
                        "INSERT INTO beats VALUES (5)", "CREATE TABLE late (n INT)", "INSERT INTO late VALUES (1)",
                        "DROP TABLE late", "INSERT INTO beats VALUES (6)",
                    ])
                try await live.caughtUp(1)
                let wanted: [([String], String, UInt64?, String)] = [
                    (["--drop", "victims", "--limit", "1"], "app.public.victims", nil, "200 0 1 victims"),
                    (["--delete-from", "app.people"], "app.public.people", 150, "200 0 1,2 -"),
                    (["--update", "people", "--rows", "50"], "app.public.people", 50, "50 0 1,2,3 -"),
                    (["--truncate", "public.people"], "app.public.people", nil, "50 50 1,2,3,4 -"),
                ]
                for (arguments, table, rowCount, state) in wanted {
                    let (found, words) = try await find(live, arguments)
                    #expect(
                        found.changes.contains { $0.table == table && $0.rowCount == rowCount },
                        "\(arguments): \(found)")
                    #expect(words[..<4] == ["lifeboat", "restore", "--before-position", found.position])
                    #expect(try await restored(live, Array(words.dropFirst())) == state, "\(arguments): \(found)")
                }
                try await nameless(live)
                // In place, with the line that was printed.
                let (drop, _) = try await find(live, ["--drop", "victims", "--limit", "1"])
                try await live.rewind(before: drop.position)
                #expect(try await live.rows() == [1, 1001, 1002, 1003])
            }
        }

        /// A table that was made and dropped since the last base: nobody knows its name, and it is not passed over.
        private func nameless(_ live: Live) async throws {
            let outcome = await live.service.place.run(["find-event", "directory", "--drop", "late"])
            #expect(outcome.status == 0 && outcome.output.contains("drop a table whose name is not known (base/"))
            #expect(!outcome.output.contains("app.public.people"), "\(outcome)")
            let (found, words) = try await find(live, ["--drop", "late", "--between", "-15m", "now"])
            #expect(found.changes.allSatisfy { $0.table.hasPrefix("base/") })
            let late = "SELECT count(*) FROM late"
            let command = "eval \"$LIFEBOAT_SCRATCH_CONNECT -qXAt -c '\\\\c app' -c '\(late)'\""
            let restored = await live.service.place.run(words.dropFirst() + ["--quiet", "--run", command])
            #expect(restored.status == 0 && restored.output == "1\n", "\(restored)")
        }

        @Test(
            "a base without a list of its tables, since the account may not see all, is restored to be asked for names")
        func withoutList() async throws {
            let live = try await Live(.postgresql)
            let server = try live.service.server("directory")
            try await ServiceData.postgresql(server, "CREATE DATABASE shut")
            try await ServiceData.postgresql(server, "REVOKE CONNECT ON DATABASE shut FROM PUBLIC")
            try await ServiceData.postgresql(server, "CREATE TABLE hidden (n INT)", "shut")
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                let backup = await live.service.run("backup", "nightly")
                #expect(backup.status == 0, "\(backup)")
                try await ServiceData.postgresql(server, "DROP TABLE hidden", "shut")
                try await live.sql("DROP TABLE victims")
                try await live.caughtUp(1)
                let (found, _) = try await find(live, ["--drop", "shut.hidden"])
                #expect(found.changes.contains { $0.action == "drop" && $0.table == "shut.public.hidden" }, "\(found)")
                let outcome = await live.service.run("find-event", "directory", "--drop", "victims")
                #expect(outcome.messages.contains("has no list of its tables"), "\(outcome)")
                #expect(outcome.messages.contains("the account may not connect to shut"), "\(outcome)")
                #expect(try live.service.place.list("state/scratch").isEmpty)
            }
        }
    }
}
