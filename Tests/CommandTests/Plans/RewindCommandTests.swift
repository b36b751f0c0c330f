import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("Rewinds of real servers, by the commands", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct RewindCommandTests {
        typealias Engine = InPlacePlanTests.Engine

        /// A live server whose rows are known at every position.
        struct Live {
            let engine: Engine
            let service: Service

            init(_ engine: Engine, with parts: [Service.Part] = []) async throws {
                self.engine = engine
                service = try await Service([engine.part] + parts)
                try service.set(engine.source, "journal", "true")
                try service.set(engine.source, "pins", "{off: true}")
                let server = try service.server(engine.source)
                if engine == .mariadb {
                    let options = server.folder + "/lifeboat.cnf"
                    try Data().write(to: URL(filePath: options))
                    try service.set("db", "option-file", options)
                    try service.set("db", "log-bin", server.folder + "/binlog/binlog")
                    try service.set(
                        "db", "start",
                        "\"bash \(Tool.supportFile("staging"))/start-mariadb \(server.folder) --set '!include \(options)'\""
                    )
                }
                try await sql("CREATE TABLE beats (n INT PRIMARY KEY)")
                try await sql("CREATE TABLE victims (n INT PRIMARY KEY)")
                try await sql("INSERT INTO victims VALUES (1), (2), (3)")
            }

            @discardableResult
            func sql(_ text: String) async throws -> String {
                let server = try service.server(engine.source)
                let output =
                    engine == .mariadb
                    ? try await ServiceData.mariadb(server, "USE app; " + text)
                    : try await ServiceData.postgresql(server, text, "app")
                return output.split(separator: "\n").last.map(String.init) ?? ""
            }

            static let rowsQuery = "SELECT n FROM beats UNION ALL SELECT 1000 + n FROM victims ORDER BY n"

            /// Writes, a transaction each, and gives where the server stands behind it.
            @discardableResult
            func insert(_ number: Int) async throws -> String {
                try await sql("INSERT INTO beats VALUES (\(number))")
                return try await sql(
                    engine == .mariadb ? "SELECT @@gtid_binlog_pos" : "SELECT pg_current_wal_lsn()")
            }

            /// Writes 3, drops the table, writes 4, all in one breath; gives the position of the DROP.
            func dropWithinGoodWrites() async throws -> String {
                guard engine == .mariadb else { return try await dropInPostgreSQL() }
                let server = try service.server("db")
                let output = try await ServiceData.mariadb(
                    server,
                    "USE app; INSERT INTO beats VALUES (3); DROP TABLE victims; SELECT @@gtid_binlog_pos; INSERT INTO beats VALUES (4)"
                )
                return output.filter { !$0.isNewline }
            }

            /// The server writes records of its own at any time, and `pg_current_wal_lsn` may be the end of such a one: a restore to
            /// before that leaves the record out, and has the DROP. So the log is asked where the DROP itself ends.
            private func dropInPostgreSQL() async throws -> String {
                try await sql("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
                try await sql("INSERT INTO beats VALUES (3)")
                let begin = try await sql("SELECT pg_current_wal_lsn()")
                let number = try await sql("DROP TABLE victims; SELECT pg_current_xact_id()::xid")
                try await sql("SELECT pg_logical_emit_message(false, 'test', 'a record between')")
                try await sql("INSERT INTO beats VALUES (4)")
                return try await sql(
                    """
                    SELECT end_lsn FROM pg_get_wal_records_info('\(begin)', pg_current_wal_lsn())
                    WHERE resource_manager = 'Transaction' AND record_type = 'COMMIT' AND xid = '\(number)'
                    """)
            }

            func rows() async throws -> [Int] {
                let server = try service.server(engine.source)
                return Self.numbers(
                    engine == .mariadb
                        ? try await ServiceData.mariadb(server, "USE app; " + Self.rowsQuery)
                        : try await ServiceData.postgresql(server, Self.rowsQuery, "app"))
            }

            static func numbers(_ text: String) -> [Int] { text.split(separator: "\n").compactMap { Int($0) } }

            /// The rows of a copy in a private server.
            func restored(_ arguments: String...) async throws -> [Int] {
                let command =
                    engine == .mariadb
                    ? "$LIFEBOAT_SCRATCH_CONNECT app -N -e '\(Self.rowsQuery)'"
                    : "$LIFEBOAT_SCRATCH_CONNECT -qXAt -c '\\\\c app' -c '\(Self.rowsQuery)'"
                let outcome = await service.place.run(
                    [
                        "restore", "--source", engine.source, "--into", "scratch", "--quiet", "--run",
                        "eval \"\(command)\"",
                    ]
                        + arguments)
                guard outcome.status == 0 else {
                    throw Tool.Failure(description: "\(arguments): \(outcome.output)\(outcome.messages)")
                }
                return Self.numbers(outcome.output)
            }

            private struct Found: Decodable {
                struct Transaction: Decodable { let position: String }
                let transactions: [Transaction]
            }

            func found(_ arguments: String...) async throws -> [String] {
                let outcome = await service.place.run(["find-event", engine.source, "--json"] + arguments)
                try #require(outcome.status == 0, "\(outcome)")
                return try Found.json(outcome.output).transactions.map(\.position)
            }

            func rewind(before position: String) async throws {
                try await service.done(
                    "restore", "--before-position", position, "--source", engine.source, "--in-place", "--confirm",
                    engine.source)
            }

            func caughtUp(_ timeline: UInt32) async throws {
                try await JournalProcess.caughtUp(service, timeline: timeline)
            }
        }

        @Test(
            "a table that was dropped within the second of good writes is back; and after a second rewind every branch is there row by row",
            arguments: Engine.allCases)
        func twice(_ engine: Engine) async throws {
            let live = try await Live(engine)
            let victims = [1001, 1002, 1003]
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                _ = try await live.insert(1)
                let second = try await live.insert(2)
                let drop = try await live.dropWithinGoodWrites()
                try await live.sql("CREATE TABLE victims (n INT PRIMARY KEY)")
                let cutOff = try await live.insert(5)
                try await live.caughtUp(1)
                #expect(try await live.found("--drop", "victims") == [drop])
                #expect(try await live.restored("--before-position", drop) == [1, 2, 3] + victims)

                try await live.rewind(before: drop)
                #expect(try await live.rows() == [1, 2, 3] + victims)
                _ = try await live.insert(11)
                let eleven = try await live.insert(12)
                let thirteen = try await live.insert(13)
                try await live.caughtUp(2)
                let tree = try await live.service.done("timeline", engine.source)
                #expect(tree.contains("timeline 2, live") && tree.contains("left timeline 1 at"), "\(tree)")
                try await live.service.done("backup", "nightly")
                let fourteen = try await live.insert(14)
                try await live.caughtUp(2)
                #expect(try await live.restored("--at-position", fourteen) == [1, 2, 3, 11, 12, 13, 14] + victims)

                try await live.service.done("restore", "--drop-aside", "--source", engine.source)
                try await live.rewind(before: thirteen)
                #expect(try await live.rows() == [1, 2, 3, 11, 12] + victims)
                let last = try await live.insert(21)
                try await live.insert(22)
                try await live.caughtUp(3)
                #expect(try await live.restored("--at-position", second, "--timeline", "3") == [1, 2] + victims)
                #expect(try await live.restored("--at-position", cutOff, "--timeline", "1") == [1, 2, 3, 4, 5])
                #expect(
                    try await live.restored("--at-position", eleven, "--timeline", "2") == [1, 2, 3, 11, 12] + victims)
                #expect(
                    try await live.restored("--at-position", fourteen, "--timeline", "2")
                        == [1, 2, 3, 11, 12, 13, 14] + victims)
                #expect(
                    try await live.restored("--at-position", last, "--timeline", "3") == [1, 2, 3, 11, 12, 21] + victims
                )
                #expect(try await live.restored("--at", "now") == [1, 2, 3, 11, 12, 21, 22] + victims)
            }
        }
    }
}
