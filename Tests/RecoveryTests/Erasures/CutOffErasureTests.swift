import DataSources
import Journal
import Recovery
import Testing
import Trees

@Suite("Erasures that a rewind cut off")
struct CutOffErasureTests {
    /// Timeline 1 was left at 100 by 2, and that at 250 by 3, each after it had gone on; nobody knows the way to 4.
    private static func tree(_ kind: SourceKind) throws -> TimelineTree {
        func record(_ number: UInt32, _ branch: Int?) -> TimelineRecord {
            TimelineRecord(
                timeline: number, parent: number > 1 ? number - 1 : nil,
                branch: branch.map { LogPlace(file: "log", offset: UInt64($0)) },
                branchPosition: branch.map { words($0, kind) },
                reason: number == 1 ? .first : branch == nil ? .serverDifferent : .rewind,
                created: "2026-11-0\(number)T00:00:00Z", server: "\(number)", point: nil)
        }
        return try TimelineTree([record(1, nil), record(2, 100), record(3, 250), record(4, nil)])
    }

    private static func words(_ position: Int, _ kind: SourceKind) -> String {
        kind == .mariadb ? "0-1-\(position)" : "0/" + String(position, radix: 16)
    }

    @Test(
        "one that was confirmed behind the place where the path leaves its timeline is due, whatever the positions say",
        arguments: [
            // On which timeline and where it was confirmed; what is restored; is it due?
            (1, 90, 1, 120, false), (1, 110, 1, 120, false), (1, 110, 1, 105, true),
            (1, 90, 2, 200, false), (1, 100, 2, 200, false), (1, 110, 2, 200, true), (1, 110, 2, 90, true),
            (1, 90, 3, 400, false), (1, 110, 3, 400, true), (2, 200, 3, 400, false), (2, 260, 3, 400, true),
            (2, 260, 2, 300, false), (2, 260, 1, 300, true), (3, 300, 2, 400, true), (3, 300, 3, 400, false),
            // Nothing was written yet where it was confirmed.
            (3, 250, 2, 260, false), (2, 100, 1, 120, false), (3, 250, 1, 400, true),
            (1, 90, 4, 900, true), (4, 700, 4, 900, false),
        ], [SourceKind.mariadb, .postgresql])
    func due(_ world: (confirmed: UInt32, at: Int, timeline: UInt32, position: Int, isDue: Bool), kind: SourceKind)
        throws
    {
        let entries = [
            ErasureEntry(number: 1, moment: .add, kind: "user", subject: "ann", time: "2026-11-01T10:00:00Z"),
            ErasureEntry(
                number: 2, moment: .confirm, kind: "user", subject: "ann", time: "2026-11-01T10:00:00Z",
                position: Self.words(world.at, kind), timeline: world.confirmed, confirms: 1),
        ]
        let restored = RestoredMoment(
            kind: kind, position: Self.words(world.position, kind),
            time: try #require(Timestamp(rfc3339: "2026-12-01T00:00:00Z")), timeline: world.timeline)
        let found = DueErasures.due(entries, kinds: ["user"], restored: restored, timelines: try Self.tree(kind))
        #expect(found.isEmpty == !world.isDue)
    }

    @Test("confirmed anew on the history that is live, it is part of that and still not of the one before")
    func anew() throws {
        let entries = [
            ErasureEntry(number: 1, moment: .add, kind: "user", subject: "ann", time: "2026-11-01T10:00:00Z"),
            ErasureEntry(
                number: 2, moment: .confirm, kind: "user", subject: "ann", time: "2026-11-01T10:00:00Z",
                position: "0-1-110", timeline: 1, confirms: 1),
            ErasureEntry(
                number: 3, moment: .confirm, kind: "user", subject: "ann", time: "2026-11-02T10:00:00Z",
                position: "0-2-150", timeline: 2, confirms: 1),
        ]
        for (timeline, position, isDue) in [(UInt32(2), 160, false), (2, 140, true), (1, 120, false), (3, 400, false)] {
            let restored = RestoredMoment(
                kind: .mariadb, position: "0-1-\(position)",
                time: try #require(Timestamp(rfc3339: "2026-12-01T00:00:00Z")), timeline: timeline)
            let found = DueErasures.due(
                entries, kinds: ["user"], restored: restored, timelines: try Self.tree(.mariadb))
            #expect(found.isEmpty == !isDue, "\(timeline) \(position)")
        }
    }
}
