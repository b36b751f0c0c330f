import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("Where a point is restored to", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct RestoreTargetTests {
        @Test("scratch runs a command with a private server, and leaves no process and no folder")
        func scratch() async throws {
            let service = try await Service([.mariadb("logical"), .files])
            try await service.done("backup", "nightly")
            let before = try temporaries(service)
            let script = """
                eval "$LIFEBOAT_SCRATCH_CONNECT -N -e 'SELECT COUNT(*) FROM app.files'"
                echo "$LIFEBOAT_SCRATCH_FOLDER" > '\(service.place.path("folder"))'
                """
            let outcome = await service.run(
                "restore", "--point", "latest", "--source", "db", "--into", "scratch", "--run", script, "--quiet")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.hasSuffix("\(ServiceData.rowCount)\n"), "\(outcome.output)")
            let folder = try service.place.read("folder").filter { $0 != "\n" }
            #expect(folder.hasPrefix(service.place.path("state/scratch/")) && access(folder, F_OK) != 0)
            #expect(try service.place.list("state/scratch").isEmpty)
            #expect(try temporaries(service) == before)
            let processes = try await Tool.run("ps", ["-eo", "args"])
            #expect(!processes.contains(folder))
        }

        private func temporaries(_ service: Service) throws -> [String] {
            try service.place.list("").filter { $0.hasPrefix("lifeboat-") }
        }

        @Test("a failing command of --run is told, and nothing is left")
        func failingCommand() async throws {
            let service = try await Service([.sqlite])
            try await service.done("backup", "nightly")
            let outcome = await service.run(
                "restore", "--point", "latest", "--source", "search", "--into", "scratch", "--run",
                "echo why >&2; exit 3")
            #expect(outcome.status == 1, "\(outcome)")
            #expect(
                outcome.messages.contains("exited with 3") && outcome.messages.contains("why"), "\(outcome.messages)")
            #expect(try service.place.list("state/scratch").isEmpty)
        }

        @Test("a logical MariaDB is loaded into a server that is empty, and into no other")
        func loadMariaDB() async throws {
            let service = try await Service([.mariadb("logical")])
            try await service.done("backup", "nightly")
            let target = try await StagingServer(.mariadb)
            let load = [
                "restore", "--point", "latest", "--source", "db", "--into", "127.0.0.1:\(target["MARIADB_PORT"])",
            ]
            let first = await service.place.run(load)
            #expect(first.status == 0, "\(first)")
            #expect(try await ServiceData.mariadb(target, ServiceData.mariadbCount) == "\(ServiceData.rowCount)\n")
            let second = await service.place.run(load)
            #expect(second.status == 1 && second.messages.contains("the server holds the database `app`"), "\(second)")
            #expect(second.messages.contains("hint:  restore into an empty server, or with --into scratch"))
        }

        @Test("a logical PostgreSQL is loaded into a server that is empty, and into no other")
        func loadPostgreSQL() async throws {
            let service = try await Service([.postgresql("logical")])
            try await service.done("backup", "nightly")
            let target = try await StagingServer(.postgres)
            try await ServiceData.postgresql(target, "CREATE ROLE loader SUPERUSER LOGIN PASSWORD 'open sesame'")
            try await ServiceData.postgresql(target, "DROP OWNED BY backup; DROP ROLE backup")
            let file = try service.place.write("open sesame\n", to: "target-password", mode: 0o600)
            let load = [
                "restore", "--point", "latest", "--source", "directory", "--into", "127.0.0.1:\(target["PG_PORT"])",
                "--target-user", "loader", "--target-password-file", file,
            ]
            let first = await service.place.run(load)
            #expect(first.status == 0, "\(first)")
            #expect(
                try await ServiceData.postgresql(target, ServiceData.postgresqlCount, "app")
                    == "\(ServiceData.rowCount)\n")
            let second = await service.place.run(load)
            #expect(second.status == 1 && second.messages.contains("app"), "\(second)")
        }

        @Test("a physical backup is not loaded into a server, and the message says what can be done")
        func physical() async throws {
            let service = try await Service([.mariadb("physical")])
            try await service.done("backup", "nightly")
            let outcome = await service.run(
                "restore", "--point", "latest", "--source", "db", "--into", "127.0.0.1:3306")
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.messages.contains("only logical backups can be loaded"))
            #expect(outcome.messages.contains("--into scratch") && outcome.messages.contains("--in-place"))
        }
    }
}
