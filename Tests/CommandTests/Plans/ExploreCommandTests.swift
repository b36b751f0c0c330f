import FoundationEssentials
import Glibc
import Recovery
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import LifeboatCommands

@Suite("A line typed while exploring")
struct ExploreLineTests {
    @Test(
        "is understood",
        arguments: [
            ("  ", ExploreLine.nothing), ("where", .whereabouts), ("next", .next(5)), ("next 12", .next(12)),
            ("step +30s", .step(.seconds(30))), ("step +2m", .step(.seconds(120))),
            ("step +1tx", .step(.transactions(1))), ("step to 0-1-5", .step(.to("0-1-5"))), ("sql", .client),
            ("sql SELECT 'a  b'", .sql("SELECT 'a  b'", database: nil)),
            ("sql --database app SELECT 1", .sql("SELECT 1", database: "app")),
            ("export --table a.t back.sql", .export(ExportRequest(table: "a.t", file: "back.sql"))),
            (
                "export --definition --table a.t back.sql",
                .export(ExportRequest(table: "a.t", withDefinition: true, file: "back.sql"))
            ),
            (
                "diff --table a.t --where \"name = 'it'\" --key a --key b --files 'a dir' x.sql",
                .diff(table: "a.t", condition: "name = 'it'", key: ["a", "b"], filesFolder: "a dir", file: "x.sql")
            ),
        ])
    func understood(line: String, meaning: ExploreLine) throws { #expect(try ExploreLine(line) == meaning) }

    @Test(
        "is refused",
        arguments: [
            "drop", "next 0", "next x", "step", "step 30s", "step +0tx", "step +x", "diff x.sql", "diff --table a.t",
            "diff --table a.t one two", "export --table a.t --key b x", "diff --table 'a.t x", "sql --database app",
        ])
    func refused(line: String) { #expect(throws: CommandError.self) { try ExploreLine(line) } }
}

extension ServiceSuites {
    @Suite(
        "Exploring, as a program",
        .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
    struct ExploreCommandTests {
        private func sql(_ service: Service, _ text: String) async throws -> String {
            let socket = try service.server("db")["MARIADB_SOCKET"]
            return try await Tool.run("mariadb", ["--no-defaults", "-S", socket, "-u", "root", "-N", "-B", "-e", text])
                .filter { $0 != "\n" }
        }

        /// A service with rows whose last transaction is a mistake, and its journal until then; gives its position.
        private func stage() async throws -> (Service, String) {
            let service = try await Service([.mariadb("physical")])
            try service.set("db", "journal", "true")
            _ = try await sql(service, "CREATE DATABASE more; CREATE TABLE more.t (n INT PRIMARY KEY, a TEXT)")
            var position = ""
            _ = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: ["journal", "run"],
                environment: Program.variables(service.place.environment), input: .none, output: .discarded,
                error: .discarded
            ) { execution in
                defer { kill(execution.processIdentifier.value, SIGTERM) }
                try await until(service) { $0.contains("\"is_running\":true") && $0.contains("\"spans\":[{") }
                try await service.done("backup", "nightly")
                _ = try await sql(service, "INSERT INTO more.t VALUES (1, 'one'), (2, 'two')")
                position = try await sql(service, "DELETE FROM more.t WHERE n = 2; SELECT @@gtid_binlog_pos")
                let wanted = position
                try await until(service) { $0.contains("\"to\":\"\(wanted)\"") }
            }
            return (service, position)
        }

        private func until(_ service: Service, _ isSo: (String) -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(240)
            while true {
                let status = await service.run("journal", "status", "--json").output
                if isSo(status) { return }
                try #require(ContinuousClock.now < end, "\(status)")
            }
        }

        func explore(
            _ service: Service, _ arguments: [String], _ body: (FileDescriptor, pid_t) async throws -> Void
        ) async throws -> Outcome {
            let ends = try FileDescriptor.pipe()
            _ = fcntl(ends.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: Arguments(["explore"] + arguments),
                environment: Program.variables(service.place.environment),
                input: .fileDescriptor(ends.readEnd, closeAfterSpawningProcess: true),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in try await body(ends.writeEnd, execution.processIdentifier.value) }
            return Outcome(
                status: Program.status(result.terminationStatus), output: result.standardOutput,
                messages: result.standardError)
        }

        func expectClean(_ service: Service) throws {
            #expect(try FileManager.default.contentsOfDirectory(atPath: service.place.path("state/scratch")).isEmpty)
        }

        @Test(
            "answers each line with one object, goes on after a mistake, and leaves nothing behind, also when interrupted"
        )
        func program() async throws {
            let (service, position) = try await stage()
            let script = service.place.path("back.sql")
            let lines = [
                "sql SELECT n, a FROM more.t ORDER BY n", "nonsense", "next", "diff --table more.t \(script)",
                "step +1tx", "sql SELECT COUNT(*) FROM more.t", "quit", "where",
            ]
            let outcome = try await explore(service, ["--before-position", position, "--json"]) { input, _ in
                try input.writeAll((lines.joined(separator: "\n") + "\n").utf8)
                try input.close()
            }
            #expect(outcome.status == 1, "\(outcome)")
            let answers = outcome.output.split(separator: "\n").map(String.init)
            try #require(answers.count == 7, "\(outcome)")
            #expect(answers[0].contains("\"answer\":\"where\"") && answers[0].contains(position))
            #expect(answers[1] == #"{"answer":"rows","rows":[["1","one"],["2","two"]]}"#)
            #expect(answers[2].contains("\"answer\":\"error\"") && answers[2].contains("nonsense"))
            #expect(answers[3].contains("\"action\":\"delete\"") && answers[3].contains("more.t"))
            #expect(answers[4].contains("\"inserts\":1") && answers[4].contains("\"updates\":0"))
            #expect(answers[6] == #"{"answer":"rows","rows":[["1"]]}"#)
            try expectClean(service)
            _ = try await sql(service, "source \(script)")
            #expect(try await sql(service, "SELECT GROUP_CONCAT(n, a ORDER BY n) FROM more.t") == "1one,2two")

            let sign = service.place.path("sign.sql")
            let interrupted = try await explore(service, ["--before-position", position]) { input, process in
                try input.writeAll("export --table more.t \(sign)\n".utf8)
                while access(sign, F_OK) != 0, kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(50)) }
                kill(process, SIGINT)
            }
            #expect(interrupted.status == 130, "\(interrupted)")
            try expectClean(service)
        }
    }
}
