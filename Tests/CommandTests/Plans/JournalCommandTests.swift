import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "The journal, as a program",
        .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
    struct JournalCommandTests {
        /// What `journal status --json` says of the one source.
        private struct Status: Decodable {
            struct Journal: Decodable {
                struct Span: Decodable { var to: String }
                struct Gap: Decodable { var reason: String }
                var is_running: Bool
                var timeline: UInt32?
                var server_position: String?
                var spans: [Span]
                var gaps: [Gap]
                var problems: [String]
            }
            var journals: [Journal]
        }

        private func status(_ service: Service) async throws -> (code: Int32, journal: Status.Journal) {
            let outcome = await service.run("journal", "status", "--json")
            let status = try JSONDecoder().decode(Status.self, from: Data(outcome.output.utf8))
            return (outcome.status, try #require(status.journals.first))
        }

        private func started(_ service: Service, _ body: (pid_t) async throws -> Void) async throws -> Outcome {
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: ["journal", "run"],
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in try await body(execution.processIdentifier.value) }
            return Outcome(
                status: Program.status(result.terminationStatus), output: result.standardOutput,
                messages: result.standardError)
        }

        private func caughtUp(_ service: Service) async throws {
            let end = ContinuousClock.now + .seconds(240)
            while true {
                let journal = try await status(service).journal
                if journal.is_running, let to = journal.spans.last?.to, to == journal.server_position { return }
                try #require(ContinuousClock.now < end, "\(journal)")
            }
        }

        private func insert(_ service: Service) async throws {
            let socket = try service.server("db")["MARIADB_SOCKET"]
            _ = try await Tool.run(
                "mariadb",
                [
                    "--no-defaults", "-S", socket, "-u", "root", "-e",
                    "CREATE DATABASE IF NOT EXISTS more; "
                        + "CREATE TABLE IF NOT EXISTS more.t (a INT); INSERT INTO more.t VALUES (1)",
                ])
        }

        @Test("archives, is killed, goes on without gap, and ends in order; status says what is wrong at each step")
        func journal() async throws {
            let service = try await Service([.mariadb("physical")])
            #expect(await service.run("journal", "status").status == 64)
            try service.set("db", "journal", "true")
            let killed = try await started(service) { pid in
                try await insert(service)
                try await caughtUp(service)
                let before = try await status(service)
                #expect(before.code == 1 && before.journal.problems.count == 1, "\(before)")
                #expect(before.journal.problems[0].hasPrefix("a base is due"))
                try await service.done("backup", "nightly")
                #expect(try await service.done("points", "--json").contains("\"journal_timeline\":1"))
                let after = try await status(service)
                #expect(after.code == 0 && after.journal.problems.isEmpty, "\(after)")
                #expect(await service.run("journal", "run").status == 11)
                #expect(kill(pid, SIGKILL) == 0)
            }
            #expect(killed.status == 128 + SIGKILL)
            let down = try await status(service)
            #expect(down.code == 1 && !down.journal.is_running && down.journal.problems.count == 1)
            try await insert(service)
            let ended = try await started(service) { pid in
                try await insert(service)
                try await caughtUp(service)
                try await insert(service)
                #expect(kill(pid, SIGTERM) == 0)
            }
            #expect(ended.status == 0, "\(ended)")
            let last = try await status(service).journal
            #expect(last.spans.count == 1 && last.gaps.isEmpty && last.timeline == 1, "\(last)")
            try await service.place.restic("check", "--read-data")
        }
    }
}
