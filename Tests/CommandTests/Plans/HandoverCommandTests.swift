import ArgumentParser
import Recovery
import Sealing
import TestSupport
import Testing
import Trees

@testable import LifeboatCommands

extension ServiceSuites {
    @Suite("What is restored and who gets it, by the commands", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct HandoverCommandTests {
        typealias Live = RewindCommandTests.Live

        /// Victims are people here: number 2 asks to be erased, and is.
        private func erase(_ live: Live, _ key: String) async throws {
            let context = live.service.place.context()
            let opened = try await RecoveryAccess(context: context, options: try GlobalOptions.parse([])).open()
            let ledger = ErasureLedger(opened.recovery.repository)
            let subject = ledger.subject(kind: "victim", key: key)
            let now = opened.recovery.now().rfc3339
            let added = try await ledger.append {
                ErasureEntry(number: $0, moment: .add, kind: "victim", subject: subject, time: now)
            }
            let position = try await live.sql("DELETE FROM victims WHERE n = \(key); SELECT @@gtid_binlog_pos")
            _ = try await ledger.append {
                ErasureEntry(
                    number: $0, moment: .confirm, kind: "victim", subject: subject, time: now, position: position,
                    confirms: added.number)
            }
        }

        private func describe(_ live: Live, verify: String) throws {
            try live.service.configure { configuration in
                configuration.more = [
                    """
                    erasures:
                      victim:
                        source: db
                        database: app
                        enumerate: SELECT n FROM victims
                        erase: ["DELETE FROM victims WHERE n = :key"]
                        verify: \(verify)
                    masks:
                      staging:
                        sources:
                          db: {tables: [{table: app.users, text: [name]}]}
                    epochs:
                      - {source: db, sql: INSERT IGNORE INTO beats VALUES (900), database: app}
                    """
                ]
            }
        }

        @Test(
            "who was erased since is erased again in every copy, in the new history's own log too; a copy that cannot be is none"
        )
        func erased() async throws {
            let live = try await Live(.mariadb)
            let verify = "SELECT COUNT(*) FROM victims WHERE n = :key"
            try describe(live, verify: verify)
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                let first = try await live.insert(1)
                try await erase(live, "2")
                try await live.caughtUp(1)
                let bare = await live.service.run(
                    "restore", "--at-position", first, "--source", "db", "--into", "scratch", "--run", "true")
                #expect(bare.status != 0 && bare.messages.contains("must be masked"), "\(bare)")
                #expect(
                    try await live.restored("--at-position", first, "--unmasked", "test") == [1, 900, 1001, 1003])
                let masked = await live.service.run(
                    "restore", "--at-position", first, "--source", "db", "--into", "scratch", "--mask", "staging",
                    "--run",
                    "eval \"$LIFEBOAT_SCRATCH_CONNECT app -N -e 'SELECT DISTINCT LEFT(name, 5) FROM users'\"")
                #expect(masked.status == 0 && masked.output.contains("xxxxx"), "\(masked)")
                #expect(masked.output.contains("1 erasure since then: 1 found and erased again"), "\(masked)")

                try describe(live, verify: "SELECT 1")
                let failed = await live.service.run(
                    "restore", "--point", "latest", "--source", "db", "--into", "scratch", "--unmasked", "test",
                    "--run",
                    "true")
                #expect(failed.status != 0 && failed.messages.contains("still there"), "\(failed)")
                #expect(try live.service.place.list("state/scratch").isEmpty)
                try describe(live, verify: verify)

                let rewound = try await live.service.done(
                    "restore", "--at-position", first, "--source", "db", "--in-place", "--confirm", "db")
                #expect(rewound.contains("1 erasure since then: 1 found and erased again"), "\(rewound)")
                #expect(try await live.rows() == [1, 900, 1001, 1003])
                try await live.caughtUp(2)
                let later = try await live.insert(2)
                try await live.caughtUp(2)
                // The base is older than the erasure; the position is not.
                #expect(
                    try await live.restored("--at-position", later, "--unmasked", "test").filter { $0 > 1000 }
                        == [1001, 1003])
            }
        }

        @Test("a point put in place where a journal runs is a rewind too")
        func point() async throws {
            let live = try await Live(.mariadb)
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.insert(1)
                try await live.service.done("backup", "nightly")
                try await live.insert(2)
                try await live.caughtUp(1)
                let before = try await live.sql("SELECT @@server_id")
                try await live.service.done(
                    "restore", "--point", "latest", "--source", "db", "--in-place", "--confirm", "db")
                #expect(try await live.rows() == [1, 1001, 1002, 1003])
                #expect(try await live.sql("SELECT @@server_id") != before)
                let third = try await live.insert(3)
                try await live.caughtUp(2)
                #expect(try await live.restored("--at-position", third) == [1, 3, 1001, 1002, 1003])
                let found = await live.service.run("find-event", "db", "--between", "-15m", "now")
                #expect(found.status == 0 && found.output.contains(third), "\(found)")
            }
        }

        @Test("a point of a MariaDB that had not written anything yet is put in place too", arguments: [false, true])
        func unwritten(isWrittenSince: Bool) async throws {
            let live = try await Live(.mariadb)
            try await live.sql("RESET MASTER")
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                if isWrittenSince { try await live.insert(1) }
                try await live.caughtUp(1)
                try await live.service.done(
                    "restore", "--point", "latest", "--source", "db", "--in-place", "--confirm", "db")
                #expect(try await live.rows() == [1001, 1002, 1003])
                try await live.caughtUp(2)
                try await live.service.done("backup", "nightly")
                let second = try await live.insert(2)
                try await live.insert(3)
                try await live.caughtUp(2)
                #expect(try await live.restored("--at-position", second) == [2, 1001, 1002, 1003])
            }
        }

        @Test("a point of a MariaDB whose binary log was off says so, and what to do")
        func withoutLog() async throws {
            let live = try await Live(.mariadb)
            let server = try live.service.server("db")
            _ = try await Tool.run("bash", [Tool.supportFile("staging") + "/stop", server.folder, "mariadb"])
            _ = try await Tool.run(
                "bash", [Tool.supportFile("staging") + "/start-mariadb", server.folder, "--set", "skip-log-bin"])
            try await live.service.done("backup", "nightly")
            _ = try await Tool.run("bash", [Tool.supportFile("staging") + "/stop", server.folder, "mariadb"])
            _ = try await Tool.run("bash", [Tool.supportFile("staging") + "/start-mariadb", server.folder])
            try await JournalProcess.running(live.service) {
                try await live.insert(1)
                try await live.caughtUp(1)
                let refused = await live.service.run(
                    "restore", "--point", "latest", "--source", "db", "--in-place", "--confirm", "db")
                #expect(
                    refused.status != 0 && refused.messages.contains("the server wrote no binary log"), "\(refused)")
                #expect(refused.messages.contains("since `log_bin` is set"), "\(refused)")
                #expect(try await live.rows() == [1, 1001, 1002, 1003])
            }
        }
    }
}
