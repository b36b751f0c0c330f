import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing

@testable import Recovery

@Suite("A journal whose newest segment is damaged")
struct DamagedTailTests {
    enum Harm: String, CaseIterable { case cut, flipped, empty, foreign }
    enum Source: String, CaseIterable { case spool, server }

    /// Archives some log in several segments; gives the name of the newest.
    private static func archive(_ stage: JournalStage) async throws -> String {
        try stage.server.commit(100)
        try await stage.running {
            try await stage.isFollowed()
            try stage.server.commit(200)
            try await stage.caughtUp()
            try stage.server.rotate()
            try stage.server.commit(400)
            try await stage.caughtUp()
            stage.keepSpool()
        }
        // What the journal itself leaves there is another question.
        stage.dropSpool()
        return try #require(try await stage.segments.max())
    }

    private static func harm(_ how: Harm, _ name: String, _ stage: JournalStage) async throws -> [UInt8] {
        let store = stage.stage.context.repository.store
        let good = try await store.get(name)
        var bytes = good
        switch how {
        case .cut: bytes.removeLast(bytes.count / 2)
        case .flipped: bytes[bytes.count / 2] ^= 1
        case .empty: bytes = []
        case .foreign:
            let header = SealedObject.Header(repositoryID: "other", kind: "journal-segment", name: name, sequence: 1)
            bytes = try SealedObject(header: header, payload: good).sealed(key: SealingKey.random())
        }
        try await store.put(name, bytes)
        return bytes
    }

    @Test(
        "goes on, stores what it had anew from the spool or the server, says so, and deletes nothing",
        arguments: Harm.allCases, Source.allCases)
    func shippedAgain(how: Harm, from: Source) async throws {
        let stage = try await JournalStage()
        let name = try await Self.archive(stage)
        let bad = try await Self.harm(how, name, stage)
        let before = try #require(try await stage.coverage())
        #expect(before.gaps.count == 1 && before.gaps[0].before == nil && before.gaps[0].reason.contains(name))
        let wanted = stage.server.files
        if from == .spool {
            stage.bringBackSpool()
            stage.server.state.withLock { $0.isUp = false }
        }
        try await stage.running { try await stage.until { try await stage.archived() == wanted } }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1, "\(coverage.gaps)")
        #expect(try await stage.tree.records.count == 1)
        #expect(stage.alarmed.contains { $0.contains(name) && $0.contains("is stored again from log.00000") })
        #expect(try await stage.stage.context.repository.store.get(name) == bad)
        stage.server.state.withLock { $0.isUp = true }
        try stage.server.commit(3)
        try await stage.running { try await stage.caughtUp() }
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
    }

    @Test("what nobody has any more is a gap with the object's name, which is closed when the object is brought back")
    func lost() async throws {
        let stage = try await JournalStage()
        let name = try await Self.archive(stage)
        let good = try await stage.stage.context.repository.store.get(name)
        _ = try await Self.harm(.cut, name, stage)
        try stage.server.rotate()
        try stage.server.commit(5)
        stage.server.purge()
        try await stage.running {
            try await stage.until { try await stage.archived()["log.000003"] == stage.server.files["log.000003"] }
        }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.spans.count == 2 && coverage.gaps.count == 1)
        #expect(
            coverage.gaps[0].reason.contains(name) && coverage.gaps[0].before?.file == "log.000003", "\(coverage.gaps)")
        #expect(JournalState.read(stage.context.stateFolder, source: "db")?.baseDue?.text.contains("between") == true)
        try await stage.stage.context.repository.store.put(name, good)
        let healed = try #require(try await stage.coverage())
        #expect(healed.spans[0].to == "700", "the rest of log.000002 that was never archived is still missing")
        #expect(healed.gaps.allSatisfy { !$0.reason.contains(name) })
    }

    @Test("several damaged segments in a row, and all there are", arguments: [2, 100])
    func several(count: Int) async throws {
        let stage = try await JournalStage()
        _ = try await Self.archive(stage)
        let names = try await stage.segments.sorted().suffix(count)
        for name in names { _ = try await Self.harm(.flipped, name, stage) }
        stage.bringBackSpool()
        try await stage.running { try await stage.caughtUp() }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.spans.count == 1)
        let isAll = try await stage.segments.count > 0 && count == 100
        #expect(coverage.gaps.allSatisfy { $0.after == nil } && coverage.gaps.count == (isAll ? 1 : 0))
        #expect(stage.alarmed.contains { alarm in names.allSatisfy { alarm.contains($0) } })
        let baseDue = JournalState.read(stage.context.stateFolder, source: "db")?.baseDue?.text
        #expect(baseDue?.contains("nobody knows where it began") == isAll)
    }

    @Test("damage that is found while it runs makes it begin again, and nothing is missing")
    func whileRunning() async throws {
        let stage = try await JournalStage()
        try await stage.running {
            try await stage.isFollowed()
            try stage.server.commit(300)
            try await stage.caughtUp()
            let name = try #require(try await stage.segments.max())
            stage.faults.arm([.put: [.fail(StoreError(.unreachable, "away", subject: "test", isTransient: true))]])
            _ = try await Self.harm(.cut, name, stage)
            try stage.server.commit(300)
            try await stage.caughtUp()
            #expect(stage.alarmed.contains { $0.contains(name) })
        }
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
    }

    @Test("its files are closed all the same, and a closing that is damaged keeps nothing from going on")
    func closing() async throws {
        let stage = try await JournalStage()
        let name = try await Self.archive(stage)
        _ = try await Self.harm(.empty, name, stage)
        var closing = stage.source
        closing.journal?.closeEvery = .zero
        try stage.server.rotate()
        try stage.server.commit(5)
        try await stage.running(closing) {
            try await stage.until { try await stage.closedFiles() == ["log.000001", "log.000002"] }
            try await stage.caughtUp()
        }
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
        let last = try #require(try await stage.segments.max())
        _ = try await Self.harm(.cut, last, stage)
        try stage.server.commit(5)
        try await stage.running {
            try await stage.until { try await stage.archived()["log.000003"] == stage.server.files["log.000003"] }
        }
    }

    @Test("a segment of a newer release is no damage: the journal ends and says so")
    func newer() async throws {
        let stage = try await JournalStage()
        try await stage.running { try await stage.caughtUp() }
        let header = SegmentHeader(
            file: "log.000001", offset: 4, byteCount: 1, endsFile: false, prefixDigest: "", from: "0", to: "0",
            firstTime: nil, lastTime: nil, written: "")
        var newer = header
        newer.format = SegmentHeader.currentFormat + 1
        _ = try await JournalWriter(stage.journal, timeline: 1).append(newer, [1])
        await #expect {
            try await JournalRun(stage.source, in: stage.context).run()
        } throws: { ($0 as? JournalError)?.code == .unsupportedVersion }
    }
}

extension JournalStage {
    private var kept: String { stage.path + "/kept-spool" }

    /// Keeps what the spool has now.
    func keepSpool() {
        try? FileManager.default.copyItem(atPath: context.spoolFolder("db"), toPath: kept)
    }

    func dropSpool() { try? FileManager.default.removeItem(atPath: context.spoolFolder("db")) }

    /// As if the journal had been killed when that was kept.
    func bringBackSpool() {
        dropSpool()
        try? FileManager.default.copyItem(atPath: kept, toPath: context.spoolFolder("db"))
    }
}
