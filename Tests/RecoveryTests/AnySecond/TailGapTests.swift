import DataSources
import Journal
import Testing

@testable import Recovery

@Suite("A log whose end is damaged")
struct TailGapTests {
    private static let reason = "segment lifeboat/journal/x/1/000000000002 cannot be opened: too short"

    private static var planner: RestorePlanner {
        let header = SegmentHeader(
            file: "binlog.000001", offset: 0, byteCount: 100, endsFile: false, prefixDigest: "", from: "0-1-1",
            to: "0-1-5", firstTime: 1000, lastTime: 1005, written: "1970-01-01T00:16:46Z")
        let record = TimelineRecord(
            timeline: 1, parent: nil, branch: nil, branchPosition: nil, reason: .first,
            created: "1970-01-01T00:00:00Z", server: "1", point: nil)
        let span = Coverage.Span(parts: [.init(header: header, location: .segment(1), storedByteCount: 100)])
        let gap = Coverage.Gap(
            after: header.end, afterPosition: "0-1-5", before: nil, beforePosition: nil, reason: reason)
        let base = RestoreBase(
            point: "p", timeline: 1, place: LogPlace(file: "binlog.000001", offset: 4), position: "0-1-1", time: 999,
            byteCount: 1, start: SourcePosition())
        return RestorePlanner(
            source: "db", kind: .mariadb, bases: [base],
            coverages: [Coverage(timeline: record, spans: [span], gaps: [gap])], heardUntil: 2000)
    }

    @Test("is refused by the object's name, though the journal heard all", arguments: ["time", "end", "position"])
    func refused(how: String) {
        let targets: [String: LogTarget] = ["time": .time(1100), "end": .time(1005), "position": .through("0-1-7")]
        guard let target = targets[how] else { return }
        let refusal = #expect(throws: RestoreRefusal.self) { try Self.planner.plan(target) }
        #expect(refusal?.reason == .gap && refusal?.message == Self.reason, "\(String(describing: refusal))")
        #expect(refusal?.earlier?.position == "0-1-5" && refusal?.later == nil)
    }

    @Test("is reached before it, and its range says what is missing behind")
    func before() throws {
        #expect(try Self.planner.plan(.time(1003)).base.point == "p")
        #expect(Self.planner.ranges(on: 1).map(\.missing) == [Self.reason])
    }
}
