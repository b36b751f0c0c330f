import DataSources
import FoundationEssentials
import Journal
import Repository
import Retention
import Sealing
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("A PostgreSQL to any second", .enabled(if: StagingServer.Kind.postgres.isExpected, "install PostgreSQL 15"))
struct PostgreSQLAnySecondTests {
    private static func sql(_ server: StagingServer, _ text: String) async throws -> String {
        let output = try await Tool.run(
            "psql",
            [
                "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-p", server["PG_PORT"], "-U", "postgres", "-d",
                "postgres", "-c", text,
            ])
        return output.split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test("a journal that follows a real server, a base, and the log bring back each row by position and by time")
    func whole() async throws {
        let server = try await StagingServer(.postgres)
        let stage = try await RecoveryStage()
        var context = stage.context
        context.factory = .standard
        context.environment.temporaryFolder = "/tmp"
        let secret = try Data(contentsOf: URL(filePath: server.folder + "/backup.secret"))
        var settings = PostgreSQLSettings()
        settings.server = ServerAddress(host: "127.0.0.1", port: Int(server["PG_PORT"]))
        settings.user = "backup"
        settings.password = { SecretBytes(Array(String(decoding: secret, as: UTF8.self).prefix { $0 != "\n" }.utf8)) }
        var source = ProtectedSource(name: "pg", settings: .postgresql(settings))
        source.journal = JournalSettings()
        source.pins.isOn = false
        let (journaled, shared) = (source, context)
        _ = try await Self.sql(server, "CREATE TABLE t(n int)")
        let journal = Task { try await JournalRun(journaled, in: shared).run() }
        defer { journal.cancel() }
        try await Self.reach("0/0", source, context)
        let plan = Plan(name: "nightly", store: "main", sources: ["pg"], keep: RetentionPolicy())
        let point = try await PlanRun(plan, sources: [source], in: context).run()
        #expect(point.isWhole && point.parts[0].timeline == 1, "\(point.parts)")
        var moments = [(position: String, time: Double)]()
        for number in 1...5 {
            _ = try await Self.sql(server, "INSERT INTO t VALUES (\(number))")
            let time = try await Self.sql(server, "SELECT extract(epoch FROM clock_timestamp())")
            moments.append((try await Self.sql(server, "SELECT pg_current_wal_lsn()"), try #require(Double(time))))
        }
        _ = try await Self.sql(server, "DROP TABLE t")
        try await Self.reach(try await Self.sql(server, "SELECT pg_current_wal_lsn()"), source, context)
        let known = try await AnySecond.read(source, in: context)
        for (target, count) in [
            (LogTarget.through(moments[2].position), "3"), (.time(moments[3].time), "4"),
            (.through(moments[0].position), "1"),
        ] {
            let restore = try known.restore(try known.planner.plan(target), in: context)
            let copy = try await restore.scratch()
            let replayed = copy.replayed
            let rows = try? await copy.server?.query("SELECT count(*) FROM t", database: "postgres")
            #expect(rows == [[count]], "\(target): \(String(describing: replayed)), \(moments), \(restore.plan)")
            try await copy.end()
        }
        journal.cancel()
        _ = await journal.result
    }

    /// Waits until the journal has a position.
    private static func reach(_ position: String, _ source: ProtectedSource, _ context: RecoveryContext) async throws {
        let wanted = try #require(EnginePosition(position, kind: .postgresql))
        let writer = JournalWriter(
            store: context.repository.store, repositoryID: context.repository.config.id, key: context.repository.key,
            source: source.name, timeline: 1)
        for _ in 0..<200 {
            if let last = try await writer.resume().last?.to, !last.isEmpty,
                EnginePosition(last, kind: .postgresql)?.includes(wanted) ?? false
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the journal did not reach \(position)")
    }
}
