import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A database of any second with its files", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct FilesAtCommandTests {
        private struct Answer: Decodable {
            struct Files: Decodable {
                var source: String
                var folder: String?
                var skew_seconds: Double
                var row_count: Int?
                var from_earlier: [String]
                var rows_without_file: [String]
            }
            var files: [Files]
        }

        private func files(_ outcome: Outcome) throws -> Answer.Files {
            try #require(outcome.status == 0, "\(outcome)")
            let line = try #require(outcome.output.split(separator: "\n").first)
            return try #require(JSONDecoder().decode(Answer.self, from: Data(line.utf8)).files.first)
        }

        /// Runs the journal beside `body`, and until it has all of the log.
        private func journaling(_ service: Service, _ body: () async throws -> Void) async throws {
            _ = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: ["journal", "run"],
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in
                let end = ContinuousClock.now + .seconds(240)
                // A base from before the journal has begun would not be one of its timeline.
                while await !service.run("journal", "status").output.contains("running, timeline 1") {
                    try #require(ContinuousClock.now < end)
                }
                try await body()
                while await service.run("journal", "status").status != 0 { try #require(ContinuousClock.now < end) }
                _ = kill(execution.processIdentifier.value, SIGTERM)
            }
        }

        @Test(
            "into a folder, into scratch and as a dry run, rows without file are listed, and lost files come from earlier"
        )
        func restore() async throws {
            let service = try await Service([.mariadb("physical"), .files])
            let server = try service.server("db")
            try await ServiceData.mariadb(
                server,
                "DELETE FROM app.files; INSERT INTO app.files VALUES (1, '1.txt', 8), (2, '2.txt', 8), (9, '9.txt', 1)")
            try service.set(
                "db", "reconcile",
                "{query: SELECT path FROM files, database: app, files: uploads, root: \(service.place.path("uploads"))}"
            )
            try service.set("db", "journal", "true")
            try await journaling(service) {
                try await service.done("backup", "nightly")
                try await ServiceData.mariadb(server, "DELETE FROM app.users WHERE id = 1")
            }
            try FileManager.default.removeItem(atPath: service.place.path("uploads/2.txt"))
            try await service.done("backup", "nightly")

            let folder = service.place.path("out")
            mkdir(folder, 0o755)
            let dry = try files(await service.run("restore", "--at", "now", "--to", folder, "--dry-run", "--json"))
            let without = await service.run("restore", "--at", "now", "--dry-run")
            #expect(without.status == 0 && without.output.contains("dry run"), "a plan needs no target: \(without)")
            #expect(dry.folder == nil && dry.row_count == nil)
            let done = try files(await service.run("restore", "--at", "now", "--to", folder, "--json"))
            #expect(done.row_count == 3 && done.from_earlier == ["2.txt"] && done.rows_without_file == ["9.txt"])
            let restored = "out/uploads" + service.place.path("uploads")
            #expect(try service.place.list(restored) == ["1.txt", "2.txt", "3.txt", "4.txt", "5.txt"])
            #expect(access(folder + "/db/data/app", F_OK) == 0)

            let scratch = await service.run(
                "restore", "--at", "now", "--source", "db", "--source", "uploads", "--into", "scratch", "--run",
                "ls $LIFEBOAT_SCRATCH_FOLDER/../beside/uploads\(service.place.path("uploads"))")
            #expect(scratch.output.hasSuffix("1.txt\n2.txt\n3.txt\n4.txt\n5.txt\n"), "\(scratch)")
            #expect(scratch.output.contains("ROWS WITHOUT FILE: 1\n    9.txt\n"), "\(scratch)")
            #expect(try service.place.list("state/scratch").isEmpty)
            let wrong = await service.run("restore", "--at", "now", "--source", "uploads", "--into", "scratch")
            #expect(wrong.status == 64 && wrong.messages.contains("name one database"), "\(wrong)")
        }
    }
}
