import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Repository
import Retention
import Testing
import Trees

@testable import Recovery

@Suite("A restore to any second")
struct AnySecondTests {
    /// Rows one to three, a point, rows four to eight every ten seconds in two files, all of it shipped.
    static func stage() async throws -> (RecoveryStage, Int64) {
        let stage = try await RecoveryStage()
        let now = now().seconds
        try stage.setRows([])
        for number in 1...3 { try stage.write(UInt64(number), "row \(number)", at: now - 10) }
        try stage.setRows(["one"] + stage.rows)
        try await stage.timelines.write(
            TimelineRecord(
                timeline: 1, parent: nil, branch: nil, branchPosition: nil, reason: .first,
                created: "2026-01-01T00:00:00Z", server: "1", point: nil))
        try await stage.point()
        for number in 4...8 {
            try stage.write(UInt64(number), "row \(number)", at: now + Int64(number) * 10, file: number < 7 ? 1 : 2)
        }
        try await stage.ship()
        return (stage, now)
    }

    static func rows(_ last: Int) -> [String] { ["one"] + (1...last).map { "row \($0)" } }

    @Test(
        "gives the rows of that moment",
        arguments: [
            (LogTarget.through("0-1-5"), 5), (.before("0-1-5"), 4), (.through("0-1-3"), 3), (.before("0-1-4"), 3),
            (.end, 8), (.through("0-1-8"), 8),
        ])
    func positions(target: LogTarget, last: Int) async throws {
        let (stage, _) = try await Self.stage()
        try await Self.expect(target, last, stage)
    }

    @Test("by the clock too, to the second", arguments: [(39, 3), (40, 4), (41, 4), (69, 6), (70, 7), (80, 8)])
    func times(seconds: Int64, last: Int) async throws {
        let (stage, now) = try await Self.stage()
        try await Self.expect(.time(Double(now + seconds)), last, stage)
    }

    private static func expect(
        _ target: LogTarget, _ last: Int, _ stage: RecoveryStage, timeline: UInt32? = nil
    ) async throws {
        let known = try await AnySecond.read(stage.database, in: stage.context)
        let plan = try known.planner.plan(target, timeline: timeline)
        let copy = try await known.restore(plan, in: stage.context).scratch()
        #expect(Rows.read(copy.folder + "/rows") == rows(last), "\(target)")
        #expect(!Exchange.exists(copy.workspace.log))
        try await copy.end()
        #expect(try Exchange.names(in: stage.path + "/state/scratch").isEmpty)
    }

    @Test("into a folder: the data as it was then, marked, and nothing else")
    func folder() async throws {
        let (stage, _) = try await Self.stage()
        let known = try await AnySecond.read(stage.database, in: stage.context)
        let restore = try known.restore(try known.planner.plan(.through("0-1-6")), in: stage.context)
        mkdir(stage.path + "/out", 0o755)
        let replayed = try await restore.toFolder(stage.path + "/out").replayed
        #expect(replayed.stop?.position == "0-1-6" && replayed.report?.transactionCount == 3)
        #expect(Rows.read(stage.path + "/out/db/data/rows") == Self.rows(6))
        #expect(try Exchange.names(in: stage.path + "/out/db").sorted() == ["ERASURES-NOT-APPLIED.txt", "data"])
        let again = await #expect(throws: RecoveryError.self) { try await restore.toFolder(stage.path + "/out") }
        #expect(again?.code == .targetUnusable)
    }

    @Test("a segment that is lost stands in the way of what is behind it only, and is named")
    func lost() async throws {
        let (stage, _) = try await Self.stage()
        let names = try await stage.context.repository.store.list(prefix: "lifeboat/journal/").map(\.name).sorted()
        try await stage.context.repository.store.delete([names[names.count - 3]])
        let known = try await AnySecond.read(stage.database, in: stage.context)
        let refusal = #expect(throws: RestoreRefusal.self) { try known.planner.plan(.end) }
        #expect(
            refusal?.reason == .gap && refusal?.message.contains("missing") == true, "\(String(describing: refusal))")
        let earlier = try #require(refusal?.earlier?.position)
        try await Self.expect(.through(earlier), try #require(Int(earlier.dropFirst(4))), stage)
    }

    @Test("log that is not what the server had is refused, and nothing is left behind")
    func damaged() async throws {
        let (stage, _) = try await Self.stage()
        let known = try await AnySecond.read(stage.database, in: stage.context)
        var plan = try known.planner.plan(.end)
        plan.log[plan.log.count - 1].part.header.prefixDigest = String(repeating: "0", count: 64)
        let wrong = plan
        await #expect(throws: (any Error).self) { try await known.restore(wrong, in: stage.context).scratch() }
        #expect(try Exchange.names(in: stage.path + "/state/scratch").isEmpty)
    }

    @Test("a file of the log comes out of a snapshot as well as out of segments, and is compared")
    func snapshot() async throws {
        let (stage, _) = try await Self.stage()
        let folder = PretendLog(stage.path + "/db").folder
        let source = ProtectedSource(name: "log", settings: .files(FileSettings(paths: [folder])))
        let plan = Plan(name: "log", store: "main", sources: ["log"], keep: .init())
        let point = try await PlanRun(plan, sources: [source], in: stage.context).run()
        let tree = try #require(point.parts[0].snapshot?.tree)
        let known = try await AnySecond.read(stage.database, in: stage.context)
        var log = try known.planner.plan(.end).log
        let first = try #require(log.last { $0.part.header.file == "binlog.000001" })
        log.removeAll { $0.part.header.file == "binlog.000001" }
        var whole = first
        whole.part.header.offset = 0
        whole.part.header.byteCount = first.part.header.end.offset
        whole.part.location = .snapshot(tree: tree, path: folder + "/binlog.000001")
        let fetch = LogFetch("db", folder: stage.path + "/fetched", from: stage.context.repository)
        try await fetch.fetch([whole] + log)
        let files = fetch.log(from: SourcePosition()).files
        #expect(files.map(\.name) == ["binlog.000001", "binlog.000002"])
        for file in files {
            let live = try Data(contentsOf: URL(filePath: folder + "/" + file.name))
            #expect(try Data(contentsOf: URL(filePath: file.path)) == live && file.endOffset == UInt64(live.count))
        }
        whole.part.header.prefixDigest = String(repeating: "0", count: 64)
        let wrong = whole
        let other = LogFetch("db", folder: stage.path + "/other", from: stage.context.repository)
        let error = await #expect(throws: RecoveryError.self) { try await other.fetch([wrong]) }
        #expect(error?.code == .contentDiffers)
    }

    @Test("after a rewind both histories can be restored, and a moment that both have asks which is meant")
    func branches() async throws {
        let (stage, now) = try await Self.stage()
        // Left at row 5; rows 6 to 8 are another history. The new one begins at 1001.
        let log = PretendLog(stage.path + "/db")
        let fifth = try #require(PretendLog.events(log.folder + "/binlog.000001").first { $0.sequence == 5 })
        try await stage.timelines.write(
            TimelineRecord(
                timeline: 2, parent: 1, branch: LogPlace(file: "binlog.000001", offset: fifth.end),
                branchPosition: "0-1-5", reason: .rewind,
                created: Timestamp(seconds: now + 150, nanoseconds: 0).rfc3339, server: "2", point: nil))
        try FileManager.default.removeItem(atPath: log.folder)
        try stage.write(1001, "row new", at: now + 200)
        try stage.write(1002, "row newer", at: now + 210)
        try await stage.ship(2, from: "0-1-5")
        let known = try await AnySecond.read(stage.database, in: stage.context)
        let copy = try await known.restore(try known.planner.plan(.time(Double(now + 205))), in: stage.context)
            .scratch()
        #expect(Rows.read(copy.folder + "/rows") == Self.rows(5) + ["row new"])
        try await copy.end()
        let refusal = #expect(throws: RestoreRefusal.self) { try known.planner.plan(.time(Double(now + 70))) }
        #expect(refusal?.reason == .severalTimelines && refusal?.timelines == [1, 2])
        try await Self.expect(.time(Double(now + 70)), 7, stage, timeline: 1)
        try await Self.expect(.time(Double(now + 70)), 5, stage, timeline: 2)
        try await Self.expect(.time(Double(now + 45)), 4, stage)
        let elsewhere = #expect(throws: RestoreRefusal.self) { try known.planner.plan(.through("0-1-7")) }
        #expect(elsewhere?.timelines == [1])
    }
}
