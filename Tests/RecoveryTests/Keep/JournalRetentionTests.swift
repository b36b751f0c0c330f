import DataSources
import Journal
import ObjectStore
import Repository
import Sealing
import Testing

@testable import Recovery

@Suite("Log that no point needs")
struct JournalRetentionTests {
    private static func base(_ timeline: UInt32, _ file: String) -> RestoreBase {
        RestoreBase(
            point: "\(timeline)\(file)", timeline: timeline, place: LogPlace(file: file, offset: 7), position: "",
            time: 0, byteCount: 0, start: SourcePosition())
    }

    private static func coverage(_ timeline: UInt32, parent: UInt32?, branch: String?) -> Coverage {
        Coverage(
            timeline: TimelineRecord(
                timeline: timeline, parent: parent, branch: branch.map { LogPlace(file: $0, offset: 0) },
                branchPosition: nil, reason: .rewind, created: "2026-01-01T00:00:00Z", server: "1", point: nil),
            spans: [], gaps: [])
    }

    // 1 -d-> 2 -h-> 3, the live one.
    @Test("is what is before the oldest base of a timeline, and timelines that nothing leads to")
    func needs() {
        let all = [
            Self.coverage(1, parent: nil, branch: nil), Self.coverage(2, parent: 1, branch: "d"),
            Self.coverage(3, parent: 2, branch: "h"),
        ]
        #expect(
            JournalNeed.of(all, bases: [Self.base(1, "c"), Self.base(1, "b")]) == [1: .from("b"), 2: .all, 3: .all])
        #expect(JournalNeed.of(all, bases: [Self.base(1, "e")]) == [1: .from("e"), 2: .none, 3: .all])
        #expect(JournalNeed.of(all, bases: [Self.base(2, "f")]) == [1: .none, 2: .from("f"), 3: .all])
        #expect(JournalNeed.of(all, bases: [Self.base(3, "k")]) == [1: .none, 2: .none, 3: .from("k")])
        #expect(JournalNeed.of(all, bases: []) == [1: .none, 2: .none, 3: .all])
        #expect(JournalNeed.of([], bases: [Self.base(1, "a")]).isEmpty)
    }

    /// Two points, one in the first file and one in the second.
    private func stage() async throws -> (RecoveryStage, RecoveryPoint) {
        let (stage, _) = try await AnySecondTests.stage()
        let first = try #require(try await stage.store.list().entries.first?.point)
        for number in 4...8 { try stage.setRows(stage.rows + ["row \(number)"]) }
        try await stage.point()
        return (stage, first)
    }

    private func end(_ stage: RecoveryStage) async throws -> [String] {
        let known = try await AnySecond.read(stage.database, in: stage.context)
        let gaps = known.coverages.flatMap { $0.gaps }
        #expect(gaps.isEmpty)
        let copy = try await known.restore(try known.planner.plan(.end), in: stage.context).scratch()
        let rows = Rows.read(copy.folder + "/rows")
        try await copy.end()
        return rows
    }

    @Test("goes with the point that needed it, what is left can be restored, and a kill in between is made good")
    func apply() async throws {
        let (stage, first) = try await stage()
        let retention = JournalRetention(stage.database, in: stage.context)
        let none = try await retention.apply()
        #expect(none.isEmpty, "the oldest point needs all: \(none)")
        let before = try await end(stage)
        let entries = try await stage.store.list().entries
        let left = entries.filter { $0.point.id != first.id }
        #expect(left.count == 1 && entries.count == 2)
        let simulated = try await retention.simulate(left)
        #expect(simulated.count == 1 && simulated[0].objectCount > 0, "\(simulated)")
        try await stage.context.repository.locked(.exclusive, stage.context.locks) { _ in
            try await stage.store.remove(entries.filter { $0.point.id == first.id })
        }

        // Killed between the trim and the deletion.
        let journal = SourceJournal(
            store: stage.context.repository.store, repositoryID: stage.context.repository.config.id,
            key: stage.context.repository.key, source: stage.database.name)
        let members = try await JournalReader(journal).chain(of: 1)
        let kept = simulated[0].first
        try await JournalTrimmer(journal, timeline: 1).write(
            JournalTrim(
                first: kept, predecessor: members.first { $0.number + 1 == kept }?.digest.hex,
                time: "2026-11-21T00:00:00Z"))
        let killed = try await end(stage)
        #expect(killed == before)

        let applied = try await retention.apply()
        #expect(applied == simulated)
        #expect(stage.events.last.contains("\"object_count\""))
        let again = try await retention.apply()
        #expect(again.isEmpty)
        let number = try await JournalReader(journal).chain(of: 1).first?.number
        #expect(number == kept)
        let after = try await end(stage)
        #expect(after == before)
    }
}
