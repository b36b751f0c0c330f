import Glibc
import Sealing
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: a dump into a server that is there", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLTargetTests {
    private static let secret = "tar:get \\ 'secret'"

    /// A server that holds nothing, not even the account that staging makes; reached by TCP with a password.
    private func emptyServer() async throws -> (stage: PostgreSQLStage, target: ServerTarget) {
        let stage = try await PostgreSQLStage()
        try await stage.sql("DROP OWNED BY backup; DROP ROLE backup")
        try await stage.sql("ALTER ROLE postgres PASSWORD \(sqlText(Self.secret))")
        let port = try #require(Int(stage.server["PG_PORT"]))
        return (
            stage,
            ServerTarget(host: "127.0.0.1", port: port, user: "postgres") { SecretBytes(Self.secret.utf8) }
        )
    }

    private func origin() async throws -> PostgreSQLStage {
        let stage = try await PostgreSQLStage()
        try await stage.sql("CREATE ROLE owner; ALTER ROLE postgres PASSWORD 'of the origin'")
        try await stage.sql("CREATE DATABASE app OWNER owner")
        try await stage.sql(PhysicalTests.schema + "ALTER TABLE ballast OWNER TO owner", database: "app")
        try await stage.sql("CREATE TABLE here AS SELECT 1 a")
        return stage
    }

    @Test(
        "an empty server has every table equal to its pin afterwards, also when the dump holds passwords",
        arguments: [false, true])
    func load(withPasswords: Bool) async throws {
        let origin = try await origin()
        if !withPasswords {
            // pg_read_all_data reads the hashes of passwords too.
            try await origin.sql("REVOKE pg_read_all_data FROM backup; GRANT SELECT ON here TO backup")
            let grant = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO backup;"
            try await origin.sql("\(grant) \(grant.replacing("TABLES", with: "SEQUENCES"))", database: "app")
        }
        let before = try await origin.rowPins()
        let (reading, snapshot) = try await origin.backup(origin.source(.logical))
        let files = try await origin.restore(snapshot, to: "files")
        let (stage, target) = try await emptyServer()
        try await origin.restorer().load(files: files, into: target)
        let after = try await stage.rowPins()
        #expect(after.sorted { $0.key < $1.key } == before.sorted { $0.key < $1.key })
        #expect(reading.pins.count == before.count)
        #expect(reading.warnings.contains { $0.contains("the passwords of roles are not in it") } != withPasswords)
        #expect(
            try await stage.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'ballast'", database: "app")
                == "owner\n")
        let passwords = try await stage.sql("SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'backup'")
        #expect(passwords == (withPasswords ? "t\n" : "f\n"))
        // It is not empty any more.
        let error = await #expect(throws: SourceError.self) {
            try await origin.restorer().load(files: files, into: target)
        }
        #expect(error?.code == .targetOccupied, "\(error as Any)")
    }

    @Test(
        "a server that holds a database or a table is refused, named, and left as it was",
        arguments: [
            ("CREATE DATABASE theirs", "postgres", "the database theirs"),
            ("CREATE TABLE theirs(a int)", "postgres", "public.theirs in the database postgres"),
            ("CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1", "template1", "s.v in the database template1"),
        ])
    func occupied(_ sql: String, _ database: String, _ what: String) async throws {
        let origin = try await origin()
        let (_, snapshot) = try await origin.backup(origin.source(.logical))
        let files = try await origin.restore(snapshot, to: "files")
        let (stage, target) = try await emptyServer()
        try await stage.sql(sql, database: database)
        let error = await #expect(throws: SourceError.self) {
            try await origin.restorer().load(files: files, into: target)
        }
        #expect(error?.code == .targetOccupied)
        #expect(error?.message == "the server is not empty: it holds \(what)")
        #expect(try await stage.sql("SELECT count(*) FROM pg_roles WHERE rolname IN ('owner', 'backup')") == "0\n")
    }

    @Test("a server is loaded into by another superuser, whose account the origin has too")
    func otherSuperuser() async throws {
        let origin = try await origin()
        try await origin.sql("CREATE ROLE \"the admin\" LOGIN PASSWORD 'of the origin'")
        let before = try await origin.rowPins()
        let (_, snapshot) = try await origin.backup(origin.source(.logical))
        let files = try await origin.restore(snapshot, to: "files")
        let (stage, target) = try await emptyServer()
        try await stage.sql("CREATE ROLE \"the admin\" SUPERUSER LOGIN PASSWORD \(sqlText(Self.secret))")
        let admin = ServerTarget(
            host: target.host, port: target.port, user: "the admin", password: target.password)
        try await origin.restorer().load(files: files, into: admin)
        let after = try await stage.rowPins()
        #expect(after.sorted { $0.key < $1.key } == before.sorted { $0.key < $1.key })
        #expect(try await stage.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'the admin'") == "t\n")
    }

    @Test("a base is not loaded into a server, and a wrong password is said to be wrong")
    func refusals() async throws {
        let origin = try await origin()
        let (_, base) = try await origin.backup(origin.source(.physical))
        let (_, dump) = try await origin.backup(origin.source(.logical))
        let (_, target) = try await emptyServer()
        let files = try await origin.restore(base, to: "base")
        let physical = await #expect(throws: SourceError.self) {
            try await origin.restorer().load(files: files, into: target)
        }
        #expect(physical?.code == .invalidSetting)
        let wrong = ServerTarget(host: target.host, port: target.port, user: target.user) {
            SecretBytes("wrong".utf8)
        }
        let dumped = try await origin.restore(dump, to: "dump")
        let denied = await #expect(throws: SourceError.self) {
            try await origin.restorer().load(files: dumped, into: wrong)
        }
        #expect(denied?.code == .accessDenied, "\(denied as Any)")
    }
}
