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

    @Test("waits for a journal that runs here and does not have yet what was counted", arguments: [true, false])
    func waits(journalRuns: Bool) async throws {
        let (stage, now) = try await AnySecondTests.stage()
        let entry = try await stage.store.find("latest")
        var position = SourcePosition()
        position.gtid = "0-1-9"
        let rows = AnySecondTests.rows(9)
        let pin = TablePin(
            database: "app", table: "rows", rowCount: UInt64(rows.count), hash: rows.joined(separator: "|"),
            method: "rows")
        let pins = ContentPins.SourcePins(
            position: position, time: "2026-11-21T00:00:00Z", pins: [pin], isOfBase: false, leftOut: [])
        try await stage.context.repository.store.delete([ContentPins.name(of: entry.point.id)])
        try await ContentPins(point: entry.point.id, sources: ["db": pins]).write(to: stage.context.repository)
        try stage.write(9, "row 9", at: now + 90, file: 2)
        let lock =
            journalRuns
            ? try FileLock(folder: stage.context.stateFolder, name: JournalRun.lockName("db"), what: "a journal") : nil
        defer { lock?.release() }
        let (lines, told) = AsyncStream.makeStream(of: String.self)
        var context = stage.context
        context.report = { told.yield($0) }
        let run = VerifyRun(entry, sources: [stage.database], in: context)
        async let record = run.verify()
        // What the journal would do: it stores what was written once somebody waits for it.
        for await line in lines where line.hasPrefix("db: ") {
            #expect(line.contains("waiting until the journal has") == journalRuns, "\(line)")
            if journalRuns { try await stage.ship() }
            break
        }
        let verdict = try await record.verdict
        #expect((verdict == .pass) == journalRuns, "\(verdict)")
    }
}
