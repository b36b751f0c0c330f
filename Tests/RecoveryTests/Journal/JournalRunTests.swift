import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Synchronization
import TestSupport
import Testing

@testable import Recovery

@Suite("A journal's run")
struct JournalRunTests {
    private static let away = StoreError(.unreachable, "no route to host", subject: "test", isTransient: true)

    @Test("what the server writes is archived byte for byte, over rotations and restarts, without gap or overlap")
    func follows() async throws {
        let stage = try await JournalStage()
        try stage.server.commit(5)
        try await stage.running {
            try await stage.isFollowed()
            try stage.server.commit(500)
            try stage.server.rotate()
            try stage.server.commit(700)
            try await stage.caughtUp()
        }
        try stage.server.commit(3)
        try stage.server.rotate()
        try stage.server.commit(4)
        try await stage.running { try await stage.caughtUp() }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1 && coverage.timeline.reason == .first)
        let span = coverage.spans[0]
        #expect(span.from == "0" && span.to == "1212")
        #expect(span.parts.compactMap(\.header.firstTime).min() == 1)
        #expect(span.parts.compactMap(\.header.lastTime).max() == 1212)
        #expect(stage.stage.events.kinds == ["journal", "journal", "journal"])
        #expect(stage.alarmed.isEmpty)
    }

    @Test("nothing is written when nothing happens")
    func quiet() async throws {
        let stage = try await JournalStage()
        try await stage.running {
            try await stage.caughtUp()
            let before = try await stage.segments
            let looks = stage.faults.count(.put)
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await stage.segments == before && stage.faults.count(.put) == looks)
        }
    }

    @Test("the end of the order keeps what came last")
    func orderlyEnd() async throws {
        let stage = try await JournalStage { $0.flush = .seconds(3600) }
        try await stage.running {
            try stage.server.commit(3)
            // Spooled by the tool, and too young to be stored.
            try await stage.until { stage.spooled("log.000001") == stage.server.files["log.000001"] }
            #expect(try await stage.segments.isEmpty)
        }
        #expect(try await stage.archived() == stage.server.files)
    }

    @Test(
        "a store that fails at one call, before or after storing, leaves neither gap nor overlap",
        arguments: 0..<12, [true, false])
    func failures(call: Int, isStored: Bool) async throws {
        let stage = try await JournalStage()
        let outcome: FaultyStore.Outcome = isStored ? .failAfterStoring(Self.away) : .fail(Self.away)
        stage.faults.arm([
            .put: Array(repeating: .none, count: call) + [outcome, outcome],
            .list: Array(repeating: .none, count: call) + [.fail(Self.away)],
        ])
        try await stage.running {
            try await stage.isFollowed()
            for _ in 0..<4 {
                try stage.server.commit(300)
                try stage.server.rotate()
            }
            try await stage.caughtUp()
        }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1)
        #expect(try await stage.tree.records.count == 1)
    }

    @Test("what was spooled is archived by the next run, even when the server is gone for good")
    func serverGone() async throws {
        let stage = try await JournalStage()
        try await stage.running { try await stage.caughtUp() }
        stage.faults.arm([.put: Array(repeating: .fail(Self.away), count: 100_000)])
        try await stage.running(farewell: .zero) {
            try stage.server.commit(900)
            try stage.server.rotate()
            try stage.server.commit(50)
            try await stage.until { stage.spooled("log.000002") == stage.server.files["log.000002"] }
        }
        let wanted = stage.server.files
        #expect(try await stage.archived() != wanted)
        stage.server.state.withLock { $0.isUp = false }
        stage.faults.arm([:])
        try await stage.running { try await stage.until { try await stage.archived() == wanted } }
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
    }

    @Test("a tool that dies is started again, and the file that it begins anew joins what is archived")
    func toolDies() async throws {
        let stage = try await JournalStage()
        try await stage.running {
            for round in 1...5 {
                try stage.server.commit(40)
                if round % 2 == 0 { try stage.server.rotate() }
                stage.server.state.withLock { $0.isUp = false }
                try await stage.until {
                    JournalState.read(stage.context.stateFolder, source: "db")?.toolRestartCount ?? 0 >= round
                }
                stage.server.state.withLock { $0.isUp = true }
                try await stage.caughtUp()
            }
        }
        #expect(try await stage.coverage()?.spans.count == 1)
        #expect(try await stage.tree.records.count == 1)
    }

    @Test(
        "while the store is away bytes wait, alarms tell of it, the tool is stopped at the limit, and nothing is lost")
    func spoolLimit() async throws {
        let stage = try await JournalStage { $0.spoolLimit = 60_000 }
        try await stage.running {
            try await stage.caughtUp()
            stage.faults.arm([.put: Array(repeating: .fail(Self.away), count: 100_000)])
            for _ in 0..<4 {
                try stage.server.commit(1000, padding: 20)
                try stage.server.rotate()
            }
            try await stage.until { stage.alarmed.contains { $0.contains("the tool is stopped") } }
            #expect(stage.alarmed.contains { $0.contains("of at most 60000") })
            stage.faults.arm([:])
            try await stage.caughtUp()
        }
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
    }

    @Test("a server that has purged what is needed leaves a gap, named in an alarm, in coverage and in the ledger")
    func purged() async throws {
        let stage = try await JournalStage()
        try await stage.running { try await stage.caughtUp() }
        try stage.server.commit(5)
        try stage.server.rotate()
        try stage.server.rotate()
        try stage.server.commit(5)
        stage.server.purge()
        try await stage.running {
            try await stage.until { try await stage.archived()["log.000003"] == stage.server.files["log.000003"] }
        }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.spans.count == 2)
        #expect(coverage.gaps.map(\.after?.file) == ["log.000001"] && coverage.gaps[0].before?.file == "log.000003")
        #expect(stage.alarmed.count == 1 && stage.alarmed[0].contains("between log.000001 and log.000003"))
        #expect(JournalState.read(stage.context.stateFolder, source: "db")?.baseDue != nil)
    }

    @Test(
        "a server that is behind, another, or begun anew opens a timeline; the old one stays as it was",
        arguments: [("behind", 0), ("another", 50), ("anew", 900)])
    func timelines(how: String, count: Int) async throws {
        let stage = try await JournalStage()
        try stage.server.commit(100)
        try await stage.running { try await stage.caughtUp() }
        let old = stage.server.files
        try stage.server.reset(server: how == "another" ? "8" : nil)
        try stage.server.commit(count)
        try await stage.running { try await stage.caughtUp() }
        let tree = try await stage.tree
        let reason: TimelineRecord.Reason = how == "behind" ? .serverBehind : .serverDifferent
        #expect(tree.records.map(\.reason) == [.first, reason])
        #expect(tree.live?.parent == 1 && tree.live?.branch == nil)
        #expect(try await stage.archived(1) == old)
        #expect(stage.alarmed.count == 1 && stage.alarmed[0].contains("a new base is needed"))
    }

    @Test("a timeline that a rewind has begun for this server is taken up, from the server's oldest file")
    func rewind() async throws {
        let stage = try await JournalStage()
        try stage.server.commit(100)
        try await stage.running { try await stage.caughtUp() }
        try stage.server.reset(server: "9")
        try stage.server.commit(3)
        try stage.server.rotate()
        try await TimelineStore(stage.journal).write(
            TimelineRecord(
                timeline: 2, parent: 1, branch: LogPlace(file: "log.000001", offset: 10), branchPosition: "1",
                reason: .rewind, created: "2026-11-21T00:00:00Z", server: "9", point: nil))
        try await stage.running { try await stage.caughtUp() }
        #expect(try await stage.tree.records.count == 2 && stage.alarmed.isEmpty)
    }

    @Test("options with a password that a killed journal left are removed by the next, which puts its own there")
    func options() async throws {
        let stage = try await JournalStage()
        let options = stage.context.spoolFolder("db") + "/options"
        let left = options + "/lifeboat-binlog-killed"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        try await stage.running {
            try await stage.caughtUp()
            #expect(Exchange.exists(options) && !Exchange.exists(left))
            #expect(stage.temporaryFolders.withLock { $0.first } == options)
        }
    }

    @Test("two journals of one source: the second does not start")
    func twice() async throws {
        let stage = try await JournalStage()
        try await stage.running {
            try await stage.caughtUp()
            await #expect { try await stage.running {} } throws: { ($0 as? RecoveryError)?.code == .alreadyRunning }
        }
    }

    @Test("a journal on another machine that continues the same chain ends this one")
    func otherMachine() async throws {
        let stage = try await JournalStage()
        await #expect {
            try await stage.running {
                try await stage.caughtUp()
                let coverage = try #require(try await stage.coverage())
                let last = coverage.spans[0].parts[coverage.spans[0].parts.count - 1].header
                _ = try await JournalWriter(stage.journal, timeline: 1).append(
                    SegmentHeader(
                        file: last.file, offset: last.end.offset, byteCount: 1, endsFile: false, prefixDigest: "",
                        from: last.to, to: last.to, firstTime: nil, lastTime: nil, written: ""), [1])
                try stage.server.commit(1)
                try await stage.until { !stage.alarmed.isEmpty }
            }
        } throws: { ($0 as? JournalError)?.code == .otherWriter }
    }
}

extension JournalStage {
    /// What the tool has written of a file, in the newest folder that has it.
    func spooled(_ file: String) -> [UInt8]? {
        let folders = (try? SpoolFolder.all(in: context.spoolFolder("db"))) ?? []
        for folder in folders.reversed() {
            if let spooled = try? SpoolFile.ifThere("\(folder.path)/\(file)"),
                let bytes = try? spooled.read(at: 0, count: 1 << 22)
            {
                return bytes
            }
        }
        return nil
    }
}
