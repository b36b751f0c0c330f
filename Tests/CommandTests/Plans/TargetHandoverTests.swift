import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("What is loaded into a server of the operator's", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct TargetHandoverTests {
        /// A database with people, one of whom is erased since the point.
        private struct Town {
            let part: SourcePart
            let service: Service

            var source: String { part == .mariadb ? "db" : "directory" }
            var table: String { part == .mariadb ? "users" : "people" }

            init(_ part: SourcePart) async throws {
                self.part = part
                service = try await Service([part == .mariadb ? .mariadb("logical") : .postgresql("logical")])
                try describe()
                try await service.done("backup", "nightly")
                #expect(await service.place.run(["erasure", "add", "user"], input: "7").status == 0)
                try await part.erase(service, 7)
                try await service.done("erasure", "confirm", "1")
            }

            func describe(verify: String? = nil) throws {
                let epoch = part == .mariadb ? "INSERT INTO files VALUES (9000, 'epoch', 0)" : "CREATE TABLE epochs ()"
                let table = part == .mariadb ? "app.users" : "app.public.people"
                try service.configure { configuration in
                    configuration.more = [
                        """
                        erasures:
                          user:
                            source: \(source)
                            database: app
                            enumerate: SELECT id FROM \(self.table)
                            erase: ["DELETE FROM \(self.table) WHERE id = :key"]
                            verify: \(verify ?? "SELECT COUNT(*) FROM \(self.table) WHERE id = :key")
                        masks:
                          staging:
                            sources:
                              \(source): {tables: [{table: \(table), text: [name]}]}
                        epochs:
                          - {source: \(source), sql: "\(epoch)", database: app}
                        """
                    ]
                }
            }

            func target() async throws -> StagingServer {
                let target = try await StagingServer(part == .mariadb ? .mariadb : .postgres)
                if part == .postgresql {
                    try await ServiceData.postgresql(
                        target, "CREATE ROLE loader SUPERUSER LOGIN PASSWORD 'open sesame'")
                    try await ServiceData.postgresql(target, "DROP OWNED BY backup; DROP ROLE backup")
                    try service.place.write("open sesame\n", to: "target-password", mode: 0o600)
                }
                return target
            }

            func load(_ target: StagingServer, _ more: String...) async -> Outcome {
                let address = "127.0.0.1:\(target[part == .mariadb ? "MARIADB_PORT" : "PG_PORT"])"
                var arguments = ["restore", "--point", "latest", "--source", source, "--into", address] + more
                if part == .postgresql {
                    arguments += ["--target-user", "loader", "--target-password-file"]
                    arguments.append(service.place.path("target-password"))
                }
                return await service.place.run(arguments)
            }

            func ask(_ target: StagingServer, _ sql: String, _ database: String = "app") async throws -> String {
                part == .mariadb
                    ? try await ServiceData.mariadb(target, "USE \(database); " + sql)
                    : try await ServiceData.postgresql(target, sql, database)
            }

            /// Does what the hint says.
            func empty(_ target: StagingServer, _ outcome: Outcome) async throws {
                let hint = try #require(outcome.messages.split(separator: "\n").first { $0.contains("empty it") })
                let statements = hint.split(separator: ";").filter { $0.contains("DROP ") }.map {
                    "DROP " + $0.split(separator: "DROP ", maxSplits: 1)[1]
                }
                #expect(!statements.isEmpty)
                let base = part == .mariadb ? "mysql" : "postgres"
                for statement in statements { _ = try await ask(target, statement, base) }
            }
        }

        @Test(
            "who was erased since is erased there, it is masked and epochs begin; without a profile or a reason nothing is loaded",
            arguments: [SourcePart.mariadb, .postgresql])
        func whole(_ part: SourcePart) async throws {
            let town = try await Town(part)
            let target = try await town.target()
            let bare = await town.load(target)
            #expect(bare.status != 0 && bare.messages.contains("must be masked"), "\(bare)")
            let loaded = await town.load(target, "--mask", "staging")
            #expect(loaded.status == 0, "\(loaded)")
            #expect(loaded.output.contains("1 erasure since then: 1 found and erased again"), "\(loaded)")
            #expect(loaded.output.contains("1 epoch begun"), "\(loaded)")
            if part == .mariadb { #expect(loaded.messages.contains("keeps a log of its own"), "\(loaded)") }
            let left = try await town.ask(target, "SELECT COUNT(*), COUNT(DISTINCT LEFT(name, 4)) FROM \(town.table)")
            #expect(
                left.split { $0 == "\t" || $0 == "|" || $0 == "\n" } == ["\(ServiceData.rowCount - 1)", "1"], "\(left)")
            #expect(try await town.ask(target, "SELECT COUNT(*) FROM \(town.table) WHERE id = 7") == "0\n")
            let epoch =
                part == .mariadb ? "SELECT COUNT(*) FROM files WHERE id = 9000" : "SELECT COUNT(*) + 1 FROM epochs"
            #expect(try await town.ask(target, epoch) == "1\n")
        }

        @Test(
            "a failure behind the load says what is on the server and how to empty it; emptied so, it takes the next try",
            arguments: [SourcePart.mariadb, .postgresql])
        func failing(_ part: SourcePart) async throws {
            let town = try await Town(part)
            let target = try await town.target()
            try town.describe(verify: "SELECT 1")
            let failed = await town.load(target, "--unmasked", "test")
            #expect(failed.status == 1 && failed.messages.contains("is still there"), "\(failed)")
            #expect(failed.messages.contains("holds what was loaded, which is not handed over"), "\(failed)")
            #expect(failed.messages.contains("DROP DATABASE"), "\(failed)")
            #expect(!failed.messages.contains("DROP ROLE loader") && !failed.messages.contains("DROP USER `root`"))
            try town.describe()
            let occupied = await town.load(target, "--unmasked", "test")
            #expect(occupied.status == 1 && occupied.messages.contains("app"), "\(occupied)")
            #expect(!occupied.messages.contains("holds what was loaded"), "\(occupied)")
            try await town.empty(target, failed)
            let again = await town.load(target, "--unmasked", "test")
            #expect(again.status == 0, "\(again)")
        }

        @Test("an account that may load and not delete ends it in the middle, and what it loaded is named")
        func privileges() async throws {
            let town = try await Town(.mariadb)
            let target = try await town.target()
            try await ServiceData.mariadb(
                target,
                "CREATE USER loader@'%'; GRANT SELECT, INSERT, CREATE, DROP, ALTER, INDEX, LOCK TABLES, REFERENCES, "
                    + "CREATE VIEW, SHOW VIEW, TRIGGER, CREATE ROUTINE, EVENT ON *.* TO loader@'%'")
            let failed = await town.load(target, "--unmasked", "test", "--target-user", "loader")
            #expect(failed.status == 1 && failed.messages.contains("DELETE command denied"), "\(failed)")
            #expect(failed.messages.contains("DROP DATABASE `app`"), "\(failed)")
            #expect(try await town.ask(target, "SELECT COUNT(*) FROM users") == "\(ServiceData.rowCount)\n")
        }
    }
}
