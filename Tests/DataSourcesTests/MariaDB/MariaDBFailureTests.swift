import DataSources
import Glibc
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@Suite(
    "MariaDB, when something goes wrong",
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"), .serialized)
struct MariaDBFailureTests {
    /// What each way needs, as statements that take one thing away and what must be named then.
    private static let privileges: [(DatabaseMethod, String)] =
        ["RELOAD", "PROCESS", "BINLOG MONITOR"].map { (.physical, $0) }
        + ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"].map { (.logical, $0) }

    @Test("each privilege that is taken away is named by the failure, and by doctor before")
    func privileges() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin(
            """
            CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY);
            CREATE FUNCTION app.f() RETURNS INT DETERMINISTIC RETURN 1; CREATE VIEW app.v AS SELECT app.f() AS f;
            CREATE USER least@localhost;
            """)
        for (method, name) in MariaDBFailureTests.privileges {
            let needed = MariaDBFailureTests.privileges.filter { $0.0 == method }.map(\.1)
            try await stage.admin(
                """
                REVOKE ALL PRIVILEGES, GRANT OPTION FROM least@localhost;
                GRANT \(needed.joined(separator: ", ")) ON *.* TO least@localhost;
                """)
            let source = stage.source(method, user: "least")
            #expect(await source.examine().filter { $0.severity == .problem } == [], "\(method): all of \(needed)")
            _ = try await stage.backup(source)
            try await stage.admin("REVOKE \(name) ON *.* FROM least@localhost; GRANT USAGE ON *.* TO least@localhost;")
            if name == "SELECT" { try await stage.admin("GRANT SHOW DATABASES ON *.* TO least@localhost") }
            let problems = await source.examine().filter { $0.severity == .problem }
            let place = name == "EXECUTE" ? "`app`.*" : "*.*"
            let statement = "GRANT \(name) ON \(place) TO 'least'@'localhost';"
            #expect(problems.contains { $0.remedy == statement }, "\(name): \(problems)")
            let error = await #expect(throws: SourceError.self) { _ = try await stage.backup(source) }
            #expect(error?.code == .accessDenied)
            #expect(error?.hint.contains(statement) == true, "\(error.map(words) ?? "")")
            // The very statement mends it.
            try await stage.admin(statement)
            _ = try await stage.backup(source)
        }
    }

    @Test("a wrong password and a server that is gone are told apart, by doctor too")
    func reach() async throws {
        let stage = try await MariaDBStage()
        let wrong = stage.source(.logical) { $0.password = { SecretBytes("wrong".utf8) } }
        let denied = await #expect(throws: SourceError.self) { _ = try await stage.backup(wrong) }
        #expect(denied?.code == .accessDenied, "\(denied.map(words) ?? "")")
        #expect(await wrong.examine().map(\.severity) == [.problem])
        try await stage.server.stop()
        let gone = await #expect(throws: SourceError.self) { _ = try await stage.backup(stage.source(.physical)) }
        #expect(gone?.code == .serverUnreachable, "\(gone.map(words) ?? "")")
        #expect(await stage.source(.physical).examine().map(\.severity) == [.problem])
        // No option file, and so no password, is left behind.
        #expect(try await Tool.run("ls", ["-A", stage.folder("tmp")]) == "")
    }

    @Test(
        "a tool that is killed in the middle makes no snapshot",
        arguments: [(DatabaseMethod.physical, "mariadb-backup"), (.logical, "mariadb-dump")])
    func killed(_ method: DatabaseMethod, _ tool: String) async throws {
        let stage = try await MariaDBStage()
        try await fill(stage)
        let error = await #expect(throws: SourceError.self) { () async throws in
            _ = try await broken(stage, method) {
                // Ours alone, by its option file: tests of other suites have children of that name too.
                let pattern = "\(tool) .*\(stage.folder("tmp"))/"
                let children = try await Tool.run("pgrep", ["-P", String(getpid()), "-f", pattern])
                for child in children.split(separator: "\n").compactMap({ Int32($0) }) { kill(child, SIGKILL) }
            }
        }
        #expect(error?.code == .toolFailed, "\(error.map(words) ?? "")")
        #expect(error?.message.contains("signal 9") == true, "\(error.map(words) ?? "")")
        #expect(try await snapshotCount(stage) == 0)
    }

    @Test("a server that is killed in the middle makes no snapshot", arguments: [DatabaseMethod.physical, .logical])
    func serverKilled(_ method: DatabaseMethod) async throws {
        let stage = try await MariaDBStage()
        try await fill(stage)
        let error = await #expect(throws: SourceError.self) { () async throws in
            _ = try await broken(stage, method) {
                try await stage.server.kill()
                try await stage.server.start()
            }
        }
        #expect(error?.code == .toolFailed, "\(error.map(words) ?? "")")
        #expect(try await snapshotCount(stage) == 0)
        // And the next one works.
        _ = try await stage.backup(stage.source(method))
    }

    @Test(
        "a table that is dropped in the middle is a failure, or what was saved is whole",
        arguments: [DatabaseMethod.physical, .logical])
    func dropped(_ method: DatabaseMethod) async throws {
        let stage = try await MariaDBStage()
        try await fill(stage)
        // A transaction holds off DROP TABLE where it has read the table; the second one is read last.
        do {
            let (snapshot, reading) = try await broken(stage, method) {
                try await stage.admin(
                    "SET lock_wait_timeout = 1; DROP TABLE app.zz_last; CREATE TABLE app.zz_new (a INT)")
            }
            try await stage.withScratch(snapshot) { server in
                #expect(try await server.check().filter { !$0.isSound } == [])
                let count = try await server.query("SELECT COUNT(*), MIN(a) FROM app.big", database: nil)
                #expect(count == [["60000", "1"]])
                let pins = try await server.pins(like: reading.pins)
                #expect(Set(pins) == Set(reading.pins))
            }
        } catch let error as SourceError {
            #expect([.toolFailed, .malformedStream].contains(error.code), "\(words(error))")
            #expect(try await snapshotCount(stage) == 0)
        }
    }

    // MARK: Breaking

    private func fill(_ stage: MariaDBStage) async throws {
        try await stage.admin(
            """
            CREATE DATABASE app; USE app;
            CREATE TABLE big (a INT PRIMARY KEY, t CHAR(200));
            INSERT INTO big SELECT seq, REPEAT(MD5(seq), 6) FROM seq_1_to_60000;
            CREATE TABLE zz_last (a INT PRIMARY KEY); INSERT INTO zz_last VALUES (1);
            """)
    }

    private func snapshotCount(_ stage: MariaDBStage) async throws -> Int {
        let list = try await Tool.run("find", [stage.folder("repository"), "-path", "*/snapshots/*"])
        return list.split(separator: "\n").count
    }

    /// A backup within which `harm` is done once, when the first file arrives that is large.
    private func broken(
        _ stage: MariaDBStage, _ method: DatabaseMethod, _ harm: @escaping @Sendable () async throws -> Void
    ) async throws -> (Snapshot, SourceReading) {
        let gate = Gate()
        let harming = Task {
            guard await gate.waitUntilReached() else { return }
            defer { gate.open() }
            try await harm()
        }
        // However the backup ends, nobody waits at the gate for ever.
        defer {
            gate.abandon()
            gate.open()
        }
        let made = try await stage.backup(stage.source(method)) { GatedStream(inner: $0, gate: gate) }
        try #require(gate.isReached)
        // What cannot be done because the backup holds it off is a fine answer too.
        _ = await harming.result
        return (made.snapshot, made.reading)
    }
}
