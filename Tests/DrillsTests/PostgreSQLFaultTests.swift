import Runbooks
import TestSupport
import Testing

@testable import Drills

/// Faults by SQL on a real PostgreSQL, as data of a scenario.
@Suite(
    "Faults of a PostgreSQL",
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLFaultTests {
    private static let faults = """
          - {kind: garble-rows, host: db, table: public.people, column: name}
          - {kind: delete-rows, host: db, table: public.people, where: id <= 2}
          - {kind: drop-table, host: db, table: public.people}
          - {kind: garble-rows, host: db, table: public.notes, column: id}
        """

    private static func stage(_ server: StagingServer) throws -> (Scenario, DrillEnvironment) {
        let text = ScenarioFieldsTests.scenario.replacing("${APP}", with: "127.0.0.1:1")
        let old = "  - {kind: drop-table, host: app1, table: app.files}"
        let scenario = try Scenario(text: text.replacing(old, with: faults), file: "D.yaml")
        let client = "psql -qAtX -h \(server["PG_SOCKET_DIR"]) -p \(server["PG_PORT"]) -U postgres -d postgres"
        let environment = try DrillEnvironment(
            text: """
                environment: notes
                driver: local
                hosts: {db: {data: ["\(server["PG_DATA"])"]}}
                up: "true"
                down: "true"
                clear: "true"
                sql: \(client)
                sql-dialect: postgresql
                """, file: "notes.yaml")
        return (scenario, environment)
    }

    @Test("are made by the server that has read the word, and their places in the log are told")
    func faults() async throws {
        let server = try await StagingServer(.postgres)
        let (scenario, environment) = try Self.stage(server)
        let reach = EnvironmentReach(environment, variables: ["PATH": "/usr/bin:/bin"])
        let rows = "SELECT string_agg(id || name, ' ' ORDER BY id) FROM people"
        @Sendable func sql(_ text: String) async throws -> String {
            try await Tool.run(
                "psql",
                [
                    "-qAtX", "-h", server["PG_SOCKET_DIR"], "-p", server["PG_PORT"], "-U", "postgres", "-d", "postgres",
                    "-c", text,
                ]
            ).filter { !$0.isNewline }
        }
        _ = try await sql("CREATE TABLE people (id INT, name TEXT); CREATE TABLE notes (id INT)")
        _ = try await sql("INSERT INTO people VALUES (1, 'ab'), (2, 'cd'), (3, 'ef'); INSERT INTO notes VALUES (12)")
        let folder = try TemporaryFolder()
        let token = EnvironmentToken()
        let injector = ShellInjector(
            scenario, environment, token: token, in: DrillFolder(folder.path), reach: reach, seed: 1)
        let refused = await #expect(throws: DrillError.self) { try await injector.inject(0) }
        #expect(refused?.code == .unproven, "\(refused as Any)")
        #expect(try await sql(rows) == "1ab 2cd 3ef")

        try await token.plant(in: environment, by: reach)
        var ends = [try await sql("SELECT pg_current_wal_lsn()")]
        for (index, wanted) in ["1ba 2dc 3fe", "3fe"].enumerated() {
            try await injector.inject(index)
            #expect(try await sql(rows) == wanted)
            ends.append(try await sql("SELECT pg_current_wal_lsn()"))
        }
        try await injector.inject(2)
        #expect(try await sql("SELECT coalesce(to_regclass('people')::text, 'gone')") == "gone")
        await #expect(throws: DrillError.self, "an integer has no letters") { try await injector.inject(3) }
        #expect(try await sql("SELECT id FROM notes") == "12")
        #expect(try await sql("SELECT count(*) FROM pg_extension WHERE extname = 'pg_walinspect'") == "0")
        let truths = try LineLog<FaultTruth>(DrillFolder(folder.path).truth).read()
        #expect(truths.map(\.index) == [0, 1, 2])
        #expect(truths.map(\.detail) == ["3 rows", "2 rows", nil])
        for (truth, (before, after)) in zip(truths, zip(ends, ends.dropFirst())) {
            let place = try #require(truth.position.flatMap { LogPosition($0) }, "\(truth)")
            #expect(truth.position?.contains("..") == false, "where the commit ends is known: \(truth)")
            #expect(LogPosition(before)?.isBefore(place) == true && LogPosition(after)?.isBefore(place) == false)
        }
    }

    @Test("names that are none are refused, and quotes cannot be broken out of", arguments: SQLDialect.allCases)
    func names(_ dialect: SQLDialect) throws {
        var fault = Fault(kind: .dropTable, host: "db", table: "public.people", delay: .zero)
        #expect(
            try SQLFault(fault, dialect).statements.contains(
                dialect == .mariadb ? "`public`.`people`" : "\"public\".\"people\""))
        for table in ["people", "a.b.c", "public.", "public.a`b\"c", ""] {
            fault.table = table
            #expect(throws: DrillError.self) { try SQLFault(fault, dialect) }
        }
    }
}
