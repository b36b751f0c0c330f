import DataSources
import Glibc
import TestSupport
import Testing

@Suite(
    "MariaDB, backed up and restored",
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"), .serialized)
struct MariaDBRoundTripTests {
    private func hostileStage() async throws -> MariaDBStage {
        let stage = try await MariaDBStage()
        try await stage.admin(HostileData.sql)
        let file = stage.folder("bodies.sql")
        try HostileData.write(HostileData.bodies, to: file)
        _ = try await Tool.run(
            "bash",
            [
                "-c", "mariadb --no-defaults --default-character-set=utf8mb4 --comments -S \"$0\" -u root < \"$1\"",
                stage.server["MARIADB_SOCKET"], file,
            ])
        try await stage.admin(HostileData.odd)
        try await stage.admin("GRANT EXECUTE ON app.* TO backup@localhost")
        return stage
    }

    @Test(
        "everything comes back row for row, from table files and from SQL",
        arguments: [DatabaseMethod.physical, .logical])
    func everything(_ method: DatabaseMethod) async throws {
        let stage = try await hostileStage()
        let source = stage.source(method)
        let (snapshot, _, reading) = try await stage.backup(source)
        // The staging server resolves no names, so it cannot show root's account on this machine's own.
        #expect(reading.warnings.filter { !$0.contains("an account is not in the backup") } == [])
        #expect(reading.method == method.rawValue)
        #expect(reading.serverVersion?.hasPrefix("10.11") == true)
        let (position, pins, leftOut) = try await source.pins(tables: [], budget: .seconds(30))
        #expect(leftOut == [])
        // Nobody writes, so base and pins stand at one position.
        #expect(reading.position == position)
        #expect(position.gtid?.isEmpty == false)
        try await stage.withScratch(snapshot) { server in
            let restored = try await server.pins(like: pins)
            #expect(Set(restored) == Set(pins))
            if method == .logical {
                #expect(reading.pins.count == pins.count)
                let dumped = try await server.pins(like: reading.pins)
                #expect(Set(dumped) == Set(reading.pins))
            }
            let outcomes = try await server.check()
            #expect(outcomes.filter { !$0.isSound } == [])
            try await proveObjects(stage, server)
        }
    }

    /// Views, routines, triggers, events and accounts are there, to the letter.
    private func proveObjects(_ stage: MariaDBStage, _ server: any ScratchServer) async throws {
        for sql in [
            "SELECT routine_name, routine_definition, sql_mode, routine_comment FROM information_schema.routines WHERE routine_schema = 'app' ORDER BY 1",
            "SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = 'app'",
            "SELECT event_name, event_definition, starts, interval_value FROM information_schema.events",
            "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = 'app' ORDER BY 1",
            "SELECT schema_name, default_character_set_name FROM information_schema.schemata ORDER BY 1",
            "SELECT user, host FROM mysql.user WHERE user NOT IN ('lifeboat_scratch', '') AND host <> @@hostname ORDER BY 1, 2",
            "SELECT a FROM app.versioned FOR SYSTEM_TIME ALL ORDER BY 1", "SELECT what FROM app.log ORDER BY 1",
        ] {
            let rows = try await server.query("SET time_zone = '+00:00'; \(sql);", database: nil)
            let live = try await live(stage, sql)
            #expect(rows == live, "\(sql)")
            #expect(!rows.isEmpty || sql.contains("app.log"))
        }
    }

    private func live(_ stage: MariaDBStage, _ sql: String) async throws -> [[String?]] {
        let root = stage.source(.logical, user: "root")
        return try await root.ask("SET time_zone = '+00:00'; \(sql);")
    }
}
