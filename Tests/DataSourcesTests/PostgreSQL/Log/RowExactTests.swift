import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: replay to any transaction", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct RowExactTests {
    @Test(
        "a base and the followed log, replayed to random places, positions and times, have exactly the transactions before"
    )
    func rowExact() async throws {
        let log = try await LogStage()
        let stage = log.stage
        try await log.makeSchema()
        let archive = stage.folder("archive")
        var follower = try Follower(log.source, first: nil, folder: stage.folder("follow-1"), archive: archive)
        try await stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        async let load: Void = log.writeRows(300)
        let (reading, snapshot) = try await stage.backup(log.source)
        try await load
        let baseCount = try await log.steps().count
        try await log.writeMixture("a")
        try await follower.catchUp()
        // The server is restarted, then killed; each time the follower ends and another begins with its last file.
        for (number, round) in ["b", "c"].enumerated() {
            if number == 0 { try await stage.server.stop() } else { try await stage.server.kill() }
            #expect(await follower.end()?.code == .serverUnreachable)
            try follower.ship()
            try await stage.server.start()
            let first = FileTree.namesIfAny(in: archive).last
            follower = try Follower(log.source, first: first, folder: stage.folder("follow-\(round)"), archive: archive)
            try await log.writeMixture(round)
        }
        try await log.write("drop extra_a", "DROP TABLE extra_a")
        try await log.write("truncate", "TRUNCATE bulk")
        try await log.writeRows(20)
        let pins = try await log.source.pins(tables: [], budget: .seconds(60))
        try await log.write("drop extra_b", "DROP TABLE extra_b")
        try await log.writeLong()
        let steps = try await log.steps()
        try await follower.catchUp()
        await follower.stop()

        let start = try #require(reading.position)
        let replays = try await Replays(stage, snapshot)
        let replayLog = Follower.log([archive], start: start)
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        print("row-exact replay: \(seed)")
        let choices = (0..<20).map { _ in Int.random(in: baseCount + 1..<steps.count, using: &generator) }
        for (index, count) in choices.enumerated() {
            let (target, expected) = Self.target(index, count, steps)
            try await replays.check(replayLog, target, steps: steps[..<expected])
        }
        try await replays.check(replayLog, .end, steps: steps[...])
        // Neighbours within one second.
        let pair = try #require(
            (baseCount + 1..<steps.count - 1).first { Int(steps[$0 - 1].time) == Int(steps[$0].time) })
        for count in [pair, pair + 1] {
            try await replays.check(replayLog, .time(steps[count - 1].time), steps: steps[..<count])
        }
        // The place of pins is between two records.
        let place = try #require(pins.position.endLSN)
        let server = try await replays.replay(replayLog, .through(place))
        #expect(try await server.pins(like: pins.pins) == pins.pins)
        #expect(pins.pins.count == 5)
        try await server.stop()
    }

    /// A target, and how many transactions it leaves; `count` of them are wanted.
    private static func target(_ index: Int, _ count: Int, _ steps: [LogStage.Step]) -> (LogTarget, Int) {
        switch index % 5 {
        case 0: (.through("xid:\(steps[count - 1].xid)"), count)
        case 1: (.before("xid:\(steps[count].xid)"), count)
        case 2: (.time(steps[count - 1].time), count)
        case 3: (.time((steps[count - 1].time + steps[count].time) / 2), count)
        // Within the next transaction, which does not end there.
        default: (.through(steps[count].inside), count)
        }
    }
}
