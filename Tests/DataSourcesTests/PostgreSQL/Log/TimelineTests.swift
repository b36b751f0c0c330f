import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: timelines", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct TimelineTests {
    // timeline 1 | base | writes …………| standby ……| promoted
    // timeline 2 |                              | writes
    @Test("a server that is promoted while it is followed is followed onto its new timeline, which can be replayed")
    func promotion() async throws {
        let log = try await LogStage()
        let stage = log.stage
        try await log.makeSchema()
        // What was received once shall be there again, in the end.
        try await stage.sql("ALTER SYSTEM SET wal_keep_size = '1GB'")
        try await stage.sql("SELECT pg_reload_conf()")
        let (reading, snapshot) = try await stage.backup(log.source)
        let archive = stage.folder("archive")
        var follower = try Follower(log.source, first: nil, folder: stage.folder("follow-1"), archive: archive)
        try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        try await log.writeMixture("a")
        let before = try await log.steps().count
        try await follower.catchUp()
        try await stage.server.stop()
        _ = await follower.end()
        try SmallFile.write("\(stage.server["PG_DATA"])/standby.signal", [], permissions: 0o644)
        try await stage.server.start()
        let first = FileTree.namesIfAny(in: archive).last
        follower = try Follower(log.source, first: first, folder: stage.folder("follow-2"), archive: archive)
        try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        let standby = try await log.source.logState()
        #expect(standby.server.hasSuffix("/1"))
        try await stage.sql("SELECT pg_promote()")
        try await log.writeMixture("b")
        try await follower.catchUp()
        #expect(await follower.stop() == nil, "the same run went on")
        let names = FileTree.namesIfAny(in: archive)
        #expect(names.contains("00000002.history"))
        #expect(names == names.sorted() && names.last?.hasPrefix("00000002") == true)
        #expect(try await log.source.logState().server.hasSuffix("/2"))

        let steps = try await log.steps()
        let replays = try await Replays(stage, snapshot)
        let start = try #require(reading.position)
        let replayLog = Follower.log([archive], start: start)
        for count in [before - 3, before, before + 1, steps.count - 1] {
            try await replays.check(replayLog, .through("xid:\(steps[count - 1].xid)"), steps: steps[..<count])
        }
        try await replays.check(replayLog, .end, steps: steps[...])
        // A run that begins with the history, and one that begins before the promotion.
        for beginning in ["00000002.history", try #require(names.first)] {
            let again = stage.folder("again-\(beginning)")
            let other = try Follower(log.source, first: beginning, folder: "\(again)-spool", archive: again)
            try await other.catchUp()
            await other.stop()
            #expect(FileTree.namesIfAny(in: again) == names.filter { $0 >= beginning })
        }
        var lame = replayLog
        lame.files.removeAll { $0.name == "00000002.history" }
        let error = await #expect(throws: SourceError.self) {
            _ = try await replays.bring(lame, .through("xid:\(steps[steps.count - 1].xid)"))
        }
        #expect(error?.message == "the log ends on timeline 2, but its history is not there")
    }

    // timeline 1 | base | 0 … X … Y … end
    // timeline 2 |          X+1 …            rewound to X
    // timeline 3 |              Y+1 …        rewound to Y, from timeline 1 again
    @Test(
        "two rewinds of one history give two timelines, and each can be replayed",
        arguments: [true, false])
    func rewinds(namesAreKnownInTime: Bool) async throws {
        let log = try await LogStage()
        let stage = log.stage
        try await log.makeSchema()
        let (reading, snapshot) = try await stage.backup(log.source)
        let start = try #require(reading.position)
        let archive = stage.folder("archive")
        let follower = try Follower(log.source, first: nil, folder: stage.folder("follow-1"), archive: archive)
        try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        try await log.writeMixture("a")
        try await log.writeRows(30)
        try await follower.catchUp()
        var servers = [try await log.source.logState().server]
        let steps = try await log.steps()
        let replays = try await Replays(stage, snapshot)
        try await stage.server.stop()
        _ = await follower.end()
        for (round, count) in [steps.count - 25, steps.count - 7].enumerated() {
            let root = Follower.log([archive], start: start)
            let known = namesAreKnownInTime ? servers : []
            let (data, stop) = try await replays.bring(root, .through("xid:\(steps[count - 1].xid)"), names: known)
            let history = try await stage.restorer().beginHistory(
                data: data, run: "\(data)-run", highest: [], serverNames: servers)
            #expect(history.server.hasSuffix("/\(round + 2)"))
            #expect(history.optionLines == [] && LSN(history.position) != nil)
            servers.append(history.server)
            try putInPlace(data, stage, "aside-\(round)")
            try await stage.server.start()
            #expect(try await log.source.logState().server == history.server)
            let branch = stage.folder("archive-\(round + 2)")
            let follower = try Follower(
                log.source, first: nil, folder: stage.folder("branch-\(round)"), archive: branch)
            // It begins with the file that is the current one when it connects.
            try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
            try await log.writeMixture("b\(round)")
            try await follower.catchUp()
            await follower.stop()
            let branched = try await log.steps()
            #expect(branched.prefix(count).map(\.xid) == steps.prefix(count).map(\.xid))
            #expect(branched.count > count + 10)
            let replayLog = Follower.log(root, until: stop, then: branch)
            for last in [count - 2, count + 1, branched.count - 3] {
                try await replays.check(replayLog, .through("xid:\(branched[last - 1].xid)"), steps: branched[..<last])
            }
            try await replays.check(replayLog, .end, steps: branched[...])
            try await stage.server.stop()
        }
    }

    /// As a rewind in place does it.
    private func putInPlace(_ data: String, _ stage: PostgreSQLStage, _ aside: String) throws {
        let live = stage.server["PG_DATA"]
        try FileTree.move(live, to: "\(live)-\(aside)")
        try FileTree.move(data, to: live)
    }
}

extension Follower {
    /// A parent's log up to where it was left, and that of the branch.
    static func log(_ parent: ReplayLog, until stop: LogStop, then branch: String) -> ReplayLog {
        var log = parent
        log.files = parent.files.filter { $0.name <= stop.file }
        log.files = log.files.map { file in
            var file = file
            if file.name == stop.file { file.endOffset = stop.offset }
            return file
        }
        log.files += Follower.log([branch], start: parent.start).files.map { file in
            var file = file
            file.timeline = 2
            return file
        }
        return log
    }
}
