import DataSources
import FoundationEssentials
import Glibc
import Journal
import Synchronization
import Testing
import Trees

@testable import Recovery

@Suite("A rewind in place")
struct RewindTests {
    static let steps = [
        "building", "fetch", "build", "log", "locate", "replay", "start", "check", "history", "handover", "verified",
        "flush",
        "stopped",
        "exchanged", "timeline", "finished",
    ]

    private static func source(_ stage: RecoveryStage) -> ProtectedSource {
        var source = stage.database
        source.stop = "echo stop >> \(stage.path)/service"
        source.start = "echo start >> \(stage.path)/service"
        source.optionFile = stage.path + "/server.cnf"
        return source
    }

    private static func restore(
        _ stage: RecoveryStage, _ target: LogTarget = .through("0-1-5"), source: ProtectedSource? = nil,
        change: (inout Rewind) -> Void = { _ in }, watch: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> InPlaceRestore {
        let source = source ?? Self.source(stage)
        let known = try await AnySecond.read(source, in: stage.context)
        let plan = try known.planner.plan(target)
        var rewind = known.rewind(plan, asked: "test")
        change(&rewind)
        return InPlaceRestore(
            try known.restore(plan, in: stage.context).entry, source: source, in: stage.context, rewind: rewind,
            watch: watch)
    }

    private static func expectRewound(_ stage: RecoveryStage, next: Int = 1008) async throws {
        #expect(stage.rows == AnySecondTests.rows(5))
        let options = try String(contentsOf: URL(filePath: stage.path + "/server.cnf"), encoding: .utf8)
        #expect(options.hasPrefix("[mariadbd]\nport = 3306\n# begin") && options.contains("server_id = 2\n"))
        let records = try await stage.timelines.tree().records
        #expect(records.count == 2 && records.last?.parent == 1 && records.last?.branchPosition == "0-1-5")
        #expect(
            records.last?.server == "2" && records.last?.reason == .rewind
                && records.last?.branch?.file == "binlog.000001")
        #expect(Rows.read(stage.path + "/service").last == "start")
        #expect(Rows.read(stage.path + "/db/history") == ["server 2 next \(next)"])
    }

    private static func stage() async throws -> RecoveryStage {
        let (stage, _) = try await AnySecondTests.stage()
        try Data("[mariadbd]\nport = 3306\n".utf8).write(to: URL(filePath: stage.path + "/server.cnf"))
        return stage
    }

    @Test("puts that moment in the place of what is live as a history of its own, and is taken back whole")
    func whole() async throws {
        let stage = try await Self.stage()
        let restore = try await Self.restore(stage)
        #expect(try await restore.outline().optionFile == stage.path + "/server.cnf")
        try await restore.run(confirmation: "db")
        try await Self.expectRewound(stage)
        let journal = try InPlaceJournal.read(stage.context.stateFolder, source: "db")
        #expect(journal?.rewind?.flushed == "0-1-8" && journal?.rewind?.stop?.position == "0-1-5")
        try await InPlaceUndo(source: Self.source(stage), in: stage.context).undo()
        #expect(stage.rows == AnySecondTests.rows(8))
        let options = try String(contentsOf: URL(filePath: stage.path + "/server.cnf"), encoding: .utf8)
        #expect(options == "[mariadbd]\nport = 3306\n")
        let tree = try await stage.timelines.tree()
        #expect(tree.live?.timeline == 1 && tree.record(2)?.undone != nil && tree.records.count == 2)
    }

    @Test("a server that goes on with its old number after the start is told of, and one that took the new one is not")
    func numberNotTaken() async throws {
        for isTaken in [true, false] {
            let stage = try await Self.stage()
            var source = Self.source(stage)
            // The pretended server's number is in `history`: one that was never restored there has number 1.
            if !isTaken { source.start = "rm \(stage.path)/db/history" }
            let alarms = Mutex<[String]>([])
            var context = stage.context
            context.alarm = { line in alarms.withLock { $0.append(line) } }
            let known = try await AnySecond.read(source, in: context)
            let plan = try known.planner.plan(.through("0-1-5"))
            let entry = try known.restore(plan, in: context).entry
            let rewind = known.rewind(plan, asked: "test")
            try await InPlaceRestore(entry, source: source, in: context, rewind: rewind).run(confirmation: "db")
            let told = alarms.withLock { $0 }
            #expect(told.contains { $0.contains("server_id 1 instead of 2") } == !isTaken, "\(told)")
        }
    }

    @Test("killed after any step, the same command ends in the same place", arguments: steps)
    func killed(step: String) async throws {
        let stage = try await Self.stage()
        try await Self.kill(after: step, in: stage.path)
        if step != "finished" { try await Self.restore(stage).run(confirmation: "db") }
        try await Self.expectRewound(stage)
        try await InPlaceUndo(source: Self.source(stage), in: stage.context).undo()
        #expect(stage.rows == AnySecondTests.rows(8))
    }

    private static func kill(after step: String, in path: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path, step] in
            let stage = try await RecoveryStage(at: path)
            let restore = try await RewindTests.restore(stage) { _ in
            } watch: { reached in
                if reached == step { Glibc.kill(getpid(), SIGKILL) }
            }
            try await restore.run(confirmation: "db")
        }
    }

    @Test("another moment than the one that was begun is refused while that is pending")
    func pending() async throws {
        let stage = try await Self.stage()
        try await Self.restore(stage).run(confirmation: "db")
        let entry = try await stage.store.find("latest")
        let error = await #expect(throws: RecoveryError.self) {
            try await InPlaceRestore(entry, source: Self.source(stage), in: stage.context).outline()
        }
        #expect(error?.code == .restorePending)
    }

    @Test("what the journal does not have yet is waited for, and nothing live is touched when it does not come")
    func flush() async throws {
        let stage = try await Self.stage()
        try stage.write(9, "row 9", at: now().seconds + 90, file: 2)
        let short = try await Self.restore(stage) { $0.flushTimeout = .milliseconds(1) }
        let error = await #expect(throws: RecoveryError.self) { try await short.run(confirmation: "db") }
        #expect(error?.code == .flushMissing && error?.message.contains("0-1-9") == true)
        #expect(!Exchange.exists(stage.path + "/service") && stage.rows == AnySecondTests.rows(9))
        let path = stage.path
        let patient = try await Self.restore(stage) { _ in
        } watch: { step in
            guard step == "flush" else { return }
            Task { try await RecoveryStage(at: path).ship() }
        }
        try await patient.run(confirmation: "db")
        let journal = try InPlaceJournal.read(stage.context.stateFolder, source: "db")
        #expect(journal?.rewind?.flushed == "0-1-9")
    }

    @Test("without waiting, what was written last stays in the copy that is kept aside")
    func withoutFlush() async throws {
        let stage = try await Self.stage()
        try stage.write(9, "row 9", at: now().seconds + 90, file: 2)
        try await Self.restore(stage) { $0.flushTimeout = nil }.run(confirmation: "db")
        try await Self.expectRewound(stage, next: 1009)
        let aside = try #require(try Exchange.names(in: stage.path).first { $0.hasPrefix("db.lifeboat-aside-") })
        #expect(Rows.read(stage.path + "/" + aside + "/rows") == AnySecondTests.rows(9))
    }

    @Test("without an option file it is refused before anything is built, saying what to add")
    func noOptionFile() async throws {
        let stage = try await Self.stage()
        var source = Self.source(stage)
        source.optionFile = nil
        let restore = try await Self.restore(stage, source: source)
        let error = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "db") }
        #expect(error?.code == .notConfigured && error?.hint.contains("option-file:") == true)
        #expect(!Exchange.exists(stage.path + "/state/in-place-db.json"))
    }

    @Test("our lines in an option file are replaced, and what else is in it stays")
    func optionLines() {
        let first = OptionFile.content("[client]\nuser = a\n\n", ["server_id = 2"], kind: .mariadb)
        #expect(first.hasPrefix("[client]\nuser = a\n# begin") && first.contains("\n[mariadbd]\nserver_id = 2\n"))
        let second = OptionFile.content(first, ["server_id = 3"], kind: .mariadb)
        #expect(second == first.replacing("server_id = 2", with: "server_id = 3"))
        #expect(OptionFile.content("", ["[mysqld]", "a=1"], kind: .mariadb).contains("[mariadbd]") == false)
    }
}
