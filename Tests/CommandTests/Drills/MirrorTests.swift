import Drills
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "A console's own table",
        .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
    struct MirrorTests {
        /// A console's table, with an account that may add rows to it and nothing else.
        private func console(_ service: Service) async throws -> StagingServer {
            let server = try await StagingServer(.mariadb)
            try await ServiceData.mariadb(
                server,
                """
                CREATE DATABASE `con``sole`;
                CREATE TABLE `con``sole`.`dr tests` (
                    number INT AUTO_INCREMENT PRIMARY KEY, drill VARCHAR(64) NOT NULL UNIQUE, result VARCHAR(20) NOT NULL,
                    attended BOOLEAN NOT NULL, fault DATETIME(3), seconds DOUBLE, bytes BIGINT, programs TEXT,
                    position VARCHAR(100), note VARCHAR(20) NOT NULL DEFAULT 'ours', approved VARCHAR(50));
                CREATE TABLE `con``sole`.secrets (x INT); INSERT INTO `con``sole`.secrets VALUES (1);
                INSERT INTO `con``sole`.`dr tests` (drill, result, attended) VALUES ('by-hand', 'pass', 1);
                CREATE USER mirror@localhost IDENTIFIED BY 'it''s';
                GRANT SELECT, INSERT ON `con``sole`.`dr tests` TO mirror@localhost;
                """)
            try service.place.write("it's", to: "mirror.password", mode: 0o600)
            try configure(service, server, table: "dr tests")
            return server
        }

        private func configure(_ service: Service, _ server: StagingServer, table: String) throws {
            try service.configure { configuration in
                configuration.more = [
                    "mirror:", "  socket: \(server["MARIADB_SOCKET"])", "  user: mirror",
                    "  password: {file: \(service.place.path("mirror.password"))}", "  database: con`sole",
                    "  table: \(table)",
                    "  columns: {id: drill, verdict: result, attended: attended, fault-at: fault, rto-full-s: seconds, "
                        + "data-bytes: bytes, versions: programs, target-position: position, approved-by: approved}",
                ]
            }
        }

        @Test("drills are inserted once, with every character, by an account that may do nothing else")
        func mirror() async throws {
            let service = try await Service([.sqlite])
            let server = try await console(service)
            #expect(try await service.done("catalog", "mirror").contains("0 drills inserted"))
            let desk = try await DrillDesk(service)
            try await desk.record(DrillDesk.test("D", "2026-10-21", seconds: 0.000_012_5, verdict: .fail))
            let planned = try await service.done("catalog", "mirror", "--dry-run")
            #expect(planned.contains("would insert D-20261021T080000Z"), "\(planned)")
            let count = "SELECT COUNT(*) FROM `con``sole`.`dr tests`"
            #expect(try await ServiceData.mariadb(server, count) == "1\n")
            #expect(try await service.done("catalog", "mirror").contains("inserted D-20261021T080000Z"))
            try await desk.record(DrillDesk.test("D", "2026-11-20", attended: true))
            let second = try await service.done("catalog", "mirror")
            #expect(second.contains("1 drill inserted") && second.contains("1 there already"), "\(second)")
            #expect(try await service.done("catalog", "mirror").contains("0 drills inserted"))
            let rows = try await ServiceData.mariadb(
                server,
                """
                SELECT drill, result, attended, fault, seconds, bytes, HEX(programs), position, note, approved IS NULL
                FROM `con``sole`.`dr tests` ORDER BY number
                """)
            let programs = #"["lifeboat 0.1.0","it's \\ \"x\""]"#.utf8.map { String($0, radix: 16, uppercase: true) }
            let lines = rows.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            try #require(lines.count == 3)
            #expect(lines[0][0] == "by-hand")
            #expect(
                lines[1] == [
                    "D-20261021T080000Z", "fail", "0", "2026-10-21 08:00:00.250", "0.0000125", "1073741824",
                    programs.joined(), "0-1-4711", "ours", "1",
                ])
            #expect(lines[2].prefix(3) == ["D-20261120T080000Z", "pass", "1"])
        }

        @Test("a table that the account may not use, or whose columns are others, is told with what to do")
        func refused() async throws {
            let service = try await Service([.sqlite])
            let server = try await console(service)
            try configure(service, server, table: "secrets")
            let denied = await service.run("catalog", "mirror")
            #expect(denied.status == 1, "\(denied)")
            #expect(denied.messages.contains("GRANT SELECT, INSERT ON `con``sole`.`secrets`"), "\(denied.messages)")
            try configure(service, server, table: "dr tests")
            try await ServiceData.mariadb(server, "ALTER TABLE `con``sole`.`dr tests` DROP COLUMN seconds")
            try await DrillDesk(service).record(DrillDesk.test("D", "2026-10-21"))
            let other = await service.run("catalog", "mirror")
            #expect(other.status == 1 && other.messages.contains("compare `columns`"), "\(other.messages)")
        }

        @Test("without `mirror:`, without id, or with a column that we do not have, the configuration is refused")
        func configuration() async throws {
            let service = try await Service([.sqlite])
            let without = await service.run("catalog", "mirror")
            #expect(without.status == 64 && without.messages.contains("has no mirror"), "\(without.messages)")
            for (columns, message) in [("{verdict: v}", "lacks id"), ("{id: i, verdikt: v}", "verdict")] {
                try service.configure {
                    $0.more = ["mirror: {database: a, table: b, columns: \(columns)}"]
                }
                let outcome = await service.run("config", "check")
                #expect(outcome.status == 1 && outcome.messages.contains(message), "\(outcome.messages)")
            }
        }
    }
}
