import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A restore of a service by classes", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct ClassedRestoreCommandTests {
        private struct Answer: Decodable {
            struct Times: Decodable {
                var degraded_at: String?
                var degraded_seconds: Double?
                var finished: String
                var seconds: Double
                var hook_failures: [String]
            }
            struct Order: Decodable {
                struct Step: Decodable {
                    var source: String
                    var restore_class: String
                    var patterns: [String]
                }
                var steps: [Step]
                var predicted_degraded_seconds: Double?
                var predicted_seconds: Double
            }
            var times: Times?
            var order: Order?
        }

        private func answer(_ outcome: Outcome, status: Int32 = 0) throws -> Answer {
            try #require(outcome.status == status, "\(outcome)")
            let line = try #require(outcome.output.split(separator: "\n").first)
            return try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
        }

        /// SQLite comes first, files after it; each hook writes down what is live then.
        private func service(_ parts: [Service.Part], first: String) async throws -> Service {
            let service = try await Service(parts)
            try service.set(first, "restore-class", "first")
            let (hooks, uploads) = (service.place.path("hooks"), service.place.path("uploads"))
            try service.configure {
                $0.more = [
                    "degraded: echo $LIFEBOAT_SERVICE $LIFEBOAT_SOURCES + $(ls \(uploads)) >> \(hooks)",
                    "recovered: echo $LIFEBOAT_SERVICE $LIFEBOAT_SOURCES + $(ls \(uploads)) >> \(hooks)",
                ]
            }
            return service
        }

        private func damageFiles(_ service: Service) throws {
            let uploads = service.place.path("uploads")
            for number in 1...5 { unlink("\(uploads)/\(number).txt") }
            try service.place.write("pay", to: "uploads/ransom")
        }

        private static let all = "1.txt 2.txt 3.txt 4.txt 5.txt"

        private func inPlace(_ sources: String..., confirm: String = "cloud", more: [String] = []) -> [String] {
            ["restore", "--point", "latest", "--in-place", "--confirm", confirm] + sources.flatMap { ["--source", $0] }
                + more
        }

        @Test(
            "in place the hook comes between SQLite and files; the dry run says the order; another name changes nothing"
        )
        func inPlace() async throws {
            let service = try await service([.files, .sqlite], first: "search")
            try await service.done("backup", "nightly")
            let file = service.place.path("search.db")
            try await ServiceData.sqlite(file, "DELETE FROM words")
            try damageFiles(service)

            let dry = try answer(
                await service.place.run(inPlace("uploads", "search", more: ["--dry-run", "--json"])))
            #expect(dry.order?.steps.map(\.source) == ["search", "uploads"])
            #expect(dry.order?.steps.map(\.restore_class) == ["first", "rest"])
            let (degraded, whole) = (dry.order?.predicted_degraded_seconds, dry.order?.predicted_seconds)
            #expect(degraded ?? 0 > 0 && whole ?? 0 >= degraded ?? .infinity && dry.times == nil)
            let wrong = await service.place.run(inPlace("uploads", "search", confirm: "search"))
            #expect(wrong.status == 64 && wrong.messages.contains("the name that was typed is not cloud"), "\(wrong)")
            #expect(try service.place.list("uploads") == ["ransom"])

            let outcome = await service.place.run(inPlace("uploads", "search", more: ["--json"]))
            let times = try #require(try answer(outcome).times)
            #expect(times.degraded_at != nil && times.hook_failures.isEmpty)
            #expect(times.degraded_seconds ?? .infinity <= times.seconds)
            #expect(try await ServiceData.sqlite(file, ServiceData.sqliteCount) == "\(ServiceData.rowCount)\n")
            #expect(
                try service.place.read("hooks") == "cloud search + ransom\ncloud search uploads + \(Self.all)\n")
            for source in ["search", "uploads"] {
                #expect(await service.run("restore", "--undo", "--source", source).status == 0)
            }
            #expect(try await ServiceData.sqlite(file, ServiceData.sqliteCount) == "0\n")
            #expect(try service.place.list("uploads").contains("ransom"))
        }

        @Test("a hook that fails is told and makes the exit status 1, and everything is restored")
        func failingHook() async throws {
            let service = try await service([.files, .sqlite], first: "search")
            try service.configure { $0.more = ["degraded: exit 3"] }
            try await service.done("backup", "nightly")
            try damageFiles(service)
            let outcome = await service.place.run(inPlace("uploads", "search"))
            #expect(
                outcome.status == 1 && outcome.messages.contains("warning: the degraded command failed"), "\(outcome)")
            #expect(outcome.messages.contains("degraded service is up after "), "\(outcome)")
            #expect(try service.place.list("uploads").joined(separator: " ") == Self.all)
        }

        @Test("into a folder, what the tree names first is there when the hook runs")
        func folder() async throws {
            let service = try await service([.files, .sqlite], first: "search")
            try service.set("uploads", "restore-first", "[\"1.*\", \"2.*\"]")
            let out = service.place.path("out")
            let tree = out + "/uploads" + service.place.path("uploads")
            try service.configure {
                $0.more = [
                    "degraded: echo $LIFEBOAT_TARGET $(ls \(out)) $(ls \(tree)) >> \(service.place.path("hooks"))"
                ]
            }
            try await service.done("backup", "nightly")
            let dry = await service.run("restore", "--point", "latest", "--to", out, "--dry-run")
            #expect(dry.output.contains("first: uploads: 1.*, 2.*"), "\(dry)")
            #expect(dry.output.contains("predicted: degraded service after"), "\(dry)")
            let outcome = await service.run("restore", "--point", "latest", "--to", out, "--json")
            #expect(try answer(outcome).times?.degraded_at != nil)
            #expect(try service.place.read("hooks") == "\(out) search uploads 1.txt 2.txt\n")
            #expect(
                try service.place.list("out/uploads" + service.place.path("uploads")).joined(separator: " ") == Self.all
            )
        }

        @Test(
            "killed between the classes, the same command goes on; MariaDB is not restored twice, the hook not run twice"
        )
        func killed() async throws {
            let service = try await service([.files, .mariadb("physical")], first: "db")
            try service.set("uploads", "maximum-shrinkage", "1")
            try await service.done("backup", "nightly")
            let server = try service.server("db")
            try await ServiceData.mariadb(server, "DROP TABLE app.files")
            try damageFiles(service)
            // The command that stops the files waits to be killed where MariaDB is up and the hook has run.
            let wait = service.place.path("wait")
            #expect(mkfifo(wait, 0o600) == 0)
            try service.set("uploads", "stop", "\"echo $$ > '\(wait).pid'; cat '\(wait)'\"")
            _ = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: Arguments(inPlace("uploads", "db")),
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in
                _ = try await FifoEnd(wait)
                #expect(kill(execution.processIdentifier.value, SIGKILL) == 0)
            }
            if let pid = pid_t(try service.place.read("wait.pid").filter(\.isNumber)) { kill(-pid, SIGKILL) }
            #expect(try service.place.read("hooks") == "cloud db + ransom\n")
            try service.set("uploads", "stop", nil)
            // Written after MariaDB was up: restored again it would be gone. And `latest` is still the one of then.
            try await ServiceData.mariadb(server, "INSERT INTO app.files VALUES (100000, 'since', 1)")
            try await service.done("backup", "nightly")

            let outcome = await service.place.run(inPlace("uploads", "db"))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.messages.contains("first: db, restored before"), "\(outcome)")
            let count = try await ServiceData.mariadb(server, ServiceData.mariadbCount)
            #expect(count.filter(\.isNumber) == "\(ServiceData.rowCount + 1)")
            #expect(try service.place.read("hooks") == "cloud db + ransom\ncloud db uploads + \(Self.all)\n")
        }

        private struct FilesAnswer: Decodable {
            struct Files: Decodable {
                var from_earlier: [String]
                var rows_without_file: [String]
            }
            var files: [Files]
        }

        @Test("a moment of MariaDB, with the files that belong to it, takes the place of both by one command")
        func moment() async throws {
            let live = try await RewindCommandTests.Live(.mariadb, with: [.files])
            let (service, uploads) = (live.service, live.service.place.path("uploads"))
            try service.set("db", "restore-class", "first")
            try service.set(
                "db", "reconcile", "{query: SELECT path FROM files, database: app, files: uploads, root: \(uploads)}")
            try service.configure { $0.more = ["degraded: ls \(uploads) | xargs >> \(service.place.path("hooks"))"] }
            try await live.sql("DELETE FROM files; INSERT INTO files VALUES (1, '1.txt', 8), (2, '2.txt', 8)")
            try await JournalProcess.running(service) {
                try await live.caughtUp(1)
                try await service.done("backup", "nightly")
                // The log has whole seconds: the drop must not seem to be as old as the first tree.
                let clock = "SELECT UNIX_TIMESTAMP()"
                let second = try await live.sql(clock)
                while try await live.sql(clock) == second {}
                try await live.insert(1)
                let drop = try await live.dropWithinGoodWrites()
                unlink(uploads + "/2.txt")
                // The first tree that is younger than the drop lacks what the row of then still names.
                try await service.done("backup", "nightly")
                try await live.caughtUp(1)
                try damageFiles(service)

                let folder = service.place.path("out")
                mkdir(folder, 0o755)
                let beside = try answer(
                    await service.run("restore", "--before-position", drop, "--to", folder, "--json"))
                #expect(beside.times?.degraded_at != nil && beside.times?.hook_failures == [])
                #expect(try service.place.list("out/uploads" + uploads).joined(separator: " ") == Self.all)

                let arguments = [
                    "restore", "--before-position", drop, "--source", "uploads", "--source", "db", "--in-place",
                    "--confirm",
                    "cloud", "--json",
                ]
                let dry = try answer(await service.place.run(arguments + ["--dry-run"]))
                #expect(dry.order?.steps.map(\.source) == ["db", "uploads"])
                let outcome = await service.place.run(arguments)
                #expect(try answer(outcome).times?.degraded_at != nil)
                let line = try #require(outcome.output.split(separator: "\n").first)
                let files = try JSONDecoder().decode(FilesAnswer.self, from: Data(line.utf8)).files
                #expect(
                    files.map(\.from_earlier) == [["2.txt"]] && files.allSatisfy(\.rows_without_file.isEmpty), "\(line)"
                )
                #expect(try await live.rows() == [1, 3, 1001, 1002, 1003])
                #expect(try service.place.read("hooks") == "ransom\nransom\n")
                #expect(try service.place.list("uploads").joined(separator: " ") == Self.all)
                try await live.caughtUp(2)
            }
        }

        @Test("who was erased since does not come back with any of it: neither rows nor files")
        func erased() async throws {
            let service = try await service([.files, .mariadb("physical")], first: "db")
            try service.configure {
                $0.more = [
                    "erasures:", "  user:", "    source: db", "    database: app",
                    "    enumerate: SELECT id FROM users",
                    "    erase: ['DELETE FROM users WHERE id = :key']",
                    "    verify: SELECT COUNT(*) FROM users WHERE id = :key", "    files-source: uploads",
                    "    files: ['\(service.place.path("uploads"))/:key.txt']",
                ]
            }
            try await service.done("backup", "nightly")
            #expect(await service.place.run(["erasure", "add", "user"], input: "2").status == 0)
            let outcome = await service.place.run(inPlace("uploads", "db"))
            #expect(outcome.status == 0, "\(outcome)")
            let live = try service.server("db")
            #expect(try await ServiceData.mariadb(live, "SELECT COUNT(*) FROM app.users WHERE id = 2") == "0\n")
            #expect(try !service.place.list("uploads").contains("2.txt"))
            #expect(try service.place.list("uploads").contains("1.txt"))
        }
    }
}
