import Sealing
import TestSupport
import Testing

@testable import DataSources

/// One right that is taken away.
struct TakenRight: Sendable {
    let method: DatabaseMethod
    /// Statements of the superuser, in the database `app`.
    let sql: String
    /// What `examine` must say mends it.
    let remedy: String
    /// A word of the finding that names the thing.
    let word: String
    static let byTable = """
        REVOKE pg_read_all_data FROM backup; GRANT SELECT ON ALL TABLES IN SCHEMA public, s TO backup;
        GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, s TO backup; GRANT USAGE ON SCHEMA s TO backup;
        """
    static let all = [
        TakenRight(
            method: .physical, sql: "ALTER ROLE backup NOREPLICATION", remedy: #"ALTER ROLE "backup" REPLICATION"#,
            word: "REPLICATION"),
        TakenRight(
            method: .logical, sql: "REVOKE pg_read_all_data FROM backup; ",
            remedy: #"GRANT pg_read_all_data TO "backup""#,
            word: "public.t of app"),
        TakenRight(
            method: .logical, sql: byTable + "REVOKE SELECT ON s.one FROM backup",
            remedy: #"GRANT pg_read_all_data TO "backup""#, word: "s.one of app"),
        TakenRight(
            method: .logical, sql: byTable + "REVOKE SELECT ON SEQUENCE s.q FROM backup",
            remedy: #"GRANT pg_read_all_data TO "backup""#, word: "s.q of app"),
        TakenRight(
            method: .logical, sql: byTable + "REVOKE USAGE ON SCHEMA s FROM backup",
            remedy: #"GRANT pg_read_all_data TO "backup""#, word: "s.one of app"),
        TakenRight(
            method: .logical, sql: "REVOKE CONNECT ON DATABASE app FROM PUBLIC",
            remedy: #"GRANT CONNECT ON DATABASE "app" TO "backup""#, word: "app"),
        TakenRight(
            method: .physical, sql: "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC",
            remedy: #"GRANT CONNECT ON DATABASE "postgres" TO "backup""#, word: "postgres"),
        TakenRight(
            method: .logical, sql: "ALTER TABLE s.one ENABLE ROW LEVEL SECURITY",
            remedy: #"ALTER ROLE "backup" BYPASSRLS"#, word: "s.one of app"),
        TakenRight(
            method: .physical, sql: "ALTER ROLE backup NOLOGIN", remedy: #"ALTER ROLE "backup" LOGIN"#,
            word: "not permitted to log in"),
    ]
}

@Suite(
    "PostgreSQL: what the account may", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLPrivilegeTests {
    private func stage() async throws -> PostgreSQLStage {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE DATABASE app")
        try await stage.sql(
            """
            CREATE TABLE t(id int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.one(id int PRIMARY KEY);
            CREATE SEQUENCE s.q;
            """, database: "app")
        return stage
    }

    /// A backup is refused for the account's sake, and `examine` names what mends it.
    private func refused(_ source: PostgreSQLSource, _ stage: PostgreSQLStage, _ word: String) async throws -> [Finding]
    {
        let before = try await stage.snapshotCount()
        let error = await #expect(throws: SourceError.self) { try await stage.backup(source) }
        #expect(error?.code == .accessDenied || error?.hint.contains("row-level security") == true, "\(error as Any)")
        #expect(error?.hint.isEmpty == false)
        #expect(try await stage.snapshotCount() == before)
        let problems = await source.examine().filter { $0.severity == .problem }
        #expect(problems.contains { $0.message.contains(word) }, "\(problems)")
        return problems
    }

    @Test("a right that is taken away fails the backup, and the very statement that examine names mends it")
    func rights() async throws {
        let stage = try await stage()
        for right in TakenRight.all {
            let source = stage.source(right.method)
            #expect(await source.examine().filter { $0.severity == .problem } == [], "before \(right)")
            try await stage.sql(right.sql, database: "app")
            let problems = try await refused(source, stage, right.word)
            #expect(Set(problems.map(\.remedy)) == [right.remedy], "\(right): \(problems)")
            try await stage.sql(right.remedy, database: "app")
            #expect(await source.examine().filter { $0.severity == .problem } == [], "after \(right)")
            _ = try await stage.backup(source)
        }
    }

    @Test(
        "a line that is missing in pg_hba.conf is named, and the very line that examine names mends it",
        arguments: [DatabaseMethod.physical, .logical])
    func hosts(method: DatabaseMethod) async throws {
        let stage = try await stage()
        let file = "\(stage.server["PG_DATA"])/pg_hba.conf"
        let left =
            method == .physical
            ? "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n" : "local all all trust\n"
        func put(_ text: String) async throws {
            let before = try await stage.sql("SELECT pg_conf_load_time()").dropLast()
            try SmallFile.write(file, Array(text.utf8))
            try await stage.sql("SELECT pg_reload_conf()")
            // It only asks the postmaster, which new sessions come from.
            try await stage.wait("SELECT pg_conf_load_time() > '\(before)'")
        }
        try await put(left)
        let source = stage.source(method)
        let remedy: String
        if method == .physical {
            remedy = "pg_hba.conf: host replication backup 127.0.0.1/32 scram-sha-256; then SELECT pg_reload_conf()"
        } else {
            remedy = "pg_hba.conf: host all backup 127.0.0.1/32 scram-sha-256; then SELECT pg_reload_conf()"
        }
        let problems = try await refused(source, stage, "no pg_hba.conf entry")
        #expect(problems.map(\.remedy) == [remedy])
        let line = try #require(remedy.components(after: "pg_hba.conf: ", until: ";"))
        try await put("\(left)\(line)\n")
        #expect(await source.examine().filter { $0.severity == .problem } == [])
        _ = try await stage.backup(source)
    }

    @Test("a wrong password is said to be wrong, and a large object that may not be read is counted")
    func passwordAndObjects() async throws {
        let stage = try await stage()
        let wrong = stage.source(.logical) { $0.password = { SecretBytes("wrong".utf8) } }
        let problems = try await refused(wrong, stage, "password authentication failed")
        #expect(problems.count == 1 && problems[0].remedy.contains("\\password backup"), "\(problems)")
        try await stage.sql("SELECT lo_from_bytea(4711, 'x')", database: "app")
        let objects = try await refused(stage.source(.logical), stage, "1 large objects of app")
        try await stage.sql(try #require(objects.first?.remedy), database: "app")
        _ = try await stage.backup(stage.source(.logical))
    }
}
