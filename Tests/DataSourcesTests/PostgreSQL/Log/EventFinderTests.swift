import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: finding transactions and places", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct EventFinderTests {
    @Test(
        "transactions are found by what they did to a table, and places that cannot be reached are refused with what can"
    )
    func find() async throws {
        let log = try await LogStage()
        let stage = log.stage
        try await log.makeSchema()
        try await log.write("row", "CREATE TABLE victim AS SELECT i, md5(i::text) t FROM generate_series(1, 400) i")
        try await log.write("row", "CREATE TABLE doomed(i int PRIMARY KEY); INSERT INTO doomed VALUES (1)")
        let (reading, snapshot) = try await stage.backup(log.source)
        let start = try #require(reading.position)
        let archive = stage.folder("archive")
        let follower = try Follower(log.source, first: nil, folder: stage.folder("follow-1"), archive: archive)
        try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        try await log.writeRows(5)
        try await log.write("delete", "DELETE FROM victim WHERE i <= 150")
        try await log.write("update", "SAVEPOINT a; UPDATE victim SET t = '' WHERE i > 390; RELEASE a")
        try await log.write("drop", "DROP TABLE doomed")
        try await log.write("truncate", "TRUNCATE victim; INSERT INTO victim VALUES (1, 'new')")
        try await log.write("alter", "ALTER TABLE victim ALTER COLUMN i TYPE bigint")
        try await stage.sql("BEGIN; DELETE FROM victim; ROLLBACK", database: "app")
        let steps = try await log.steps()
        try await follower.catchUp()
        await follower.stop()
        let server = try await stage.revive(snapshot)
        let names = try await PostgreSQLEventFinder.names(of: server)
        try await server.stop()
        #expect(names.values.contains("app.public.victim"))

        let finder = PostgreSQLEventFinder(
            settings: stage.settings(.physical), environment: stage.environment, names: names)
        let replayLog = Follower.log([archive], start: start)
        let restorer = stage.restorer()
        let wanted: [(EventQuestion.Action, String, UInt64?, String)] = [
            (.delete, "victim", 150, "delete"), (.update, "app.public.victim", 10, "update"),
            (.drop, "doomed", nil, "drop"), (.truncate, "app.victim", nil, "truncate"),
        ]
        for (action, table, rowCount, act) in wanted {
            var question = EventQuestion()
            question.actions = [action]
            question.table = table
            question.minimumRowCount = rowCount ?? 0
            let found = try await finder.find(question, in: replayLog, limit: 10)
            let step = try #require(steps.first { $0.act == act })
            #expect(found.count == 1, "\(act): \(found)")
            guard let only = found.first else { continue }
            #expect(only.time == step.time, "\(act)")
            #expect(only.changes.contains { $0.action == action.rawValue && $0.rowCount == rowCount })
            // It begins before the place that it noted itself, and its position is where its commit ends.
            let before = try await restorer.locate(.before(only.position), in: replayLog)
            let through = try await restorer.locate(.through(only.position), in: replayLog)
            #expect(through == (try await restorer.locate(.through("xid:\(step.xid)"), in: replayLog)))
            #expect(before == (try await restorer.locate(.before("xid:\(step.xid)"), in: replayLog)))
            #expect(through.lastTime == step.time)
        }
        #expect(try await finder.find(EventQuestion(), in: replayLog, limit: 3).count == 3)
        var late = EventQuestion()
        late.from = try #require(steps.last).time + 1
        #expect(try await finder.find(late, in: replayLog, limit: 10).isEmpty)
        try await refusals(restorer, replayLog, steps)
    }

    private func refusals(_ restorer: PostgreSQLRestorer, _ log: ReplayLog, _ steps: [LogStage.Step]) async throws {
        let end = try await restorer.locate(.end, in: log)
        #expect(end.next == nil)
        for target in [LogTarget.through("F/0"), .through("xid:1"), .before("0/28")] {
            let error = await #expect(throws: SourceError.self) { _ = try await restorer.locate(target, in: log) }
            #expect(error?.code == .checkFailed)
            let earliest = log.start.endLSN.flatMap { LSN($0) }
            #expect(error?.hint.contains("it can be replayed to any place from ") == true, "\(error as Any)")
            #expect(error?.hint.contains("to \(end.position)") == true && earliest != nil)
        }
        for position in ["0-1-5", "xid:x", ""] {
            let error = await #expect(throws: SourceError.self) {
                _ = try await restorer.locate(.through(position), in: log)
            }
            #expect(error?.code == .invalidSetting)
        }
        var holed = log
        holed.files.removeAll()
        let none = await #expect(throws: SourceError.self) { _ = try await restorer.locate(.end, in: holed) }
        #expect(none?.message == "there is no log")
    }
}
