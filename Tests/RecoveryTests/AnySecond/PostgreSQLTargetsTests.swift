import DataSources
import FoundationEssentials
import Journal
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite(
    "A PostgreSQL to what is asked for", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct PostgreSQLTargetsTests {
    private func restored(_ target: LogTarget, _ stage: ExploreStage) async throws -> [String?] {
        let known = try await AnySecond.read(stage.source, in: stage.context)
        let copy = try await known.restore(try known.planner.plan(target), in: stage.context).scratch()
        let rows = try await copy.server?.query("SELECT n FROM t ORDER BY n", database: nil)
        try await copy.end()
        return (rows ?? []).map { $0[0] }
    }

    @Test("a transaction is named by its number: through it, before it; one that never was is refused")
    func transactions() async throws {
        let stage = try await ExploreStage(.postgresql, schema: "CREATE TABLE t (n INT PRIMARY KEY)")
        var numbers = [String]()
        for number in 1...3 {
            let output = try await stage.sql("INSERT INTO t VALUES (\(number)); SELECT pg_current_xact_id()")
            numbers.append(output.filter { !$0.isNewline })
        }
        try await stage.reach()
        #expect(try await restored(.through("xid:\(numbers[1])"), stage) == ["1", "2"])
        #expect(try await restored(.before("xid:\(numbers[1])"), stage) == ["1"])
        let error = await #expect(throws: SourceError.self) { try await restored(.through("xid:4000000"), stage) }
        #expect(error?.code == .checkFailed, "\(error as Any)")
        try stage.expectClean()
        await stage.end()
    }

    // commit | written | a time in between | heard
    @Test(
        "a server that is quiet is reached behind its last commit, since it was heard from; what is not yet heard is refused"
    )
    func heard() async throws {
        let stage = try await ExploreStage(.postgresql, schema: "CREATE TABLE t (n INT PRIMARY KEY)")
        try await stage.sql("INSERT INTO t VALUES (1)")
        try await stage.reach()
        let end = ContinuousClock.now + .seconds(240)
        var known = try await AnySecond.read(stage.source, in: stage.context)
        while true {
            let parts = known.coverages.flatMap(\.spans).flatMap(\.parts)
            let written = parts.compactMap { Timestamp(rfc3339: $0.header.written)?.fraction }.max() ?? .infinity
            if let heard = known.planner.heardUntil, heard > written {
                let time = (heard + written) / 2
                #expect(try known.planner.plan(.time(time)).end.position == parts.last?.header.to)
                var deaf = known.planner
                deaf.heardUntil = nil
                let refusal = #expect(throws: RestoreRefusal.self) { try deaf.plan(.time(time)) }
                #expect(refusal?.reason == .afterEnd)
                let later = #expect(throws: RestoreRefusal.self) { try known.planner.plan(.time(heard + 3600)) }
                #expect(later?.reason == .afterEnd && later?.earlier?.position == parts.last?.header.to)
                #expect(try await restored(.time(time), stage) == ["1"])
                break
            }
            try #require(ContinuousClock.now < end, "nothing is heard: \(String(describing: known.planner.heardUntil))")
            try await Task.sleep(for: .milliseconds(100))
            known = try await AnySecond.read(stage.source, in: stage.context)
        }
        try stage.expectClean()
        await stage.end()
    }

    @Test("a search for a span of time finds what was committed in it, and nothing else")
    func spans() async throws {
        let stage = try await ExploreStage(.postgresql, schema: "CREATE TABLE t (n INT PRIMARY KEY)")
        for number in 1...4 {
            try await stage.sql("INSERT INTO t VALUES (\(number))")
            try await stage.sql("SELECT pg_switch_wal()")
            try await stage.reach()
        }
        let known = try await AnySecond.read(stage.source, in: stage.context)
        var question = EventQuestion()
        (question.actions, question.table) = ([.insert], "t")
        let search = EventSearch(known, in: stage.context)
        let all = try await search.find(question)
        #expect(all.transactions.count == 4 && all.missing.isEmpty, "\(all)")
        question.to = all.transactions[0].time
        let first = try await search.find(question)
        #expect(first.transactions == [all.transactions[0]], "\(first)")
        (question.from, question.to) = (all.transactions[1].time, all.transactions[2].time)
        #expect(try await search.find(question).transactions == Array(all.transactions[1...2]))
        #expect(try await search.find(question, limit: 1).transactions == [all.transactions[1]])
        question.from = all.transactions[3].time + 7200
        question.to = nil
        #expect(try await search.find(question).transactions.isEmpty)
        try stage.expectClean()
        await stage.end()
    }
}
