import DataSources
import ObjectStore
import Repository
import Testing

@testable import Recovery

@Suite("A verification with a journal")
struct VerifyReplayTests {
    @Test("replays to exactly where the tables were counted, and compares there")
    func replays() async throws {
        let (stage, _) = try await AnySecondTests.stage()
        let entry = try await stage.store.find("latest")
        var position = SourcePosition()
        position.gtid = "0-1-6"
        for (rows, verdict) in [(AnySecondTests.rows(6), Verdict.pass), (AnySecondTests.rows(5), .fail)] {
            let pin = TablePin(
                database: "app", table: "rows", rowCount: UInt64(rows.count), hash: rows.joined(separator: "|"),
                method: "rows")
            let pins = ContentPins.SourcePins(
                position: position, time: "2026-11-21T00:00:00Z", pins: [pin], isOfBase: false, leftOut: [])
            try await stage.context.repository.store.delete([ContentPins.name(of: entry.point.id)])
            try await ContentPins(point: entry.point.id, sources: ["db": pins]).write(to: stage.context.repository)
            let record = try await VerifyRun(entry, sources: [stage.database], in: stage.context).verify()
            #expect(record.verdict == verdict, "\(record)")
        }
    }
}
