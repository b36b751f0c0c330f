import DataSources
import FoundationEssentials
import Testing

@testable import Recovery

/// What the ledger gets today is what readers of the ledger expect.
@Suite("events as readers see them")
struct RecordedEventTests {
    private struct Envelope<Detail: Encodable>: Encodable {
        let actor = "somebody"
        let detail: Detail
    }

    private func read<Detail: Decodable & Sendable>(_ event: some Encodable, as type: Detail.Type) throws -> Detail {
        let bytes = try JSONEncoder().encode(Envelope(detail: event))
        let recorded = try JSONDecoder().decode(RecordedEvent<Detail>.self, from: bytes)
        #expect(recorded.actor == "somebody")
        return recorded.detail
    }

    @Test("a backup")
    func backup() throws {
        var good = PointPart(source: "db", kind: .mariadb, outcome: .complete)
        (good.byteCount, good.addedByteCount) = (1000, 10)
        var bad = PointPart(source: "uploads", kind: .files, outcome: .failed)
        bad.failure = PointPart.Failure(kind: "gone", message: "it is gone", hint: "")
        let point = RecoveryPoint(
            id: "0123", service: "cloud", plan: "nightly", node: "web1", started: "s", ended: "e",
            programVersion: "1", parts: [good, bad], configuration: .init(digest: "d", text: "t"))
        let found = try read(BackupEvent(point), as: RecordedBackup.self)
        #expect(found.point == "0123" && found.plan == "nightly" && found.service == "cloud" && !found.isWhole)
        #expect(found.started == "s" && found.ended == "e" && found.configurationDigest == "d")
        #expect(found.parts.map(\.outcome) == ["complete", "failed"] && found.parts[1].failure == "it is gone")
        #expect(found.parts[0].bytes == 1000 && found.parts[0].addedBytes == 10)
    }

    @Test("a restore")
    func restore() throws {
        let event = RestoreEvent(
            point: "0123", sources: ["db"], target: "in-place", outcome: "undone", started: "s", timeline: 2,
            position: "0-1-2")
        let found = try read(event, as: RecordedRestore.self)
        #expect(found.point == "0123" && found.sources == ["db"] && found.target == "in-place")
        #expect(found.outcome == "undone" && found.started == "s" && found.timeline == 2 && found.position == "0-1-2")
    }

    @Test("a restore of several sources has no point of its own; one that was masked says so")
    func others() throws {
        let text =
            #"{"sources":["db","uploads"],"target":"folder","outcome":"finished","asked":"at now","skew_seconds":1.5,"#
            + #""handover":{"mask":"staging","erased_count":3,"masked_column_count":4}}"#
        let found = try JSONDecoder().decode(RecordedRestore.self, from: Data(text.utf8))
        #expect(found.point == nil && found.started == nil && found.sources == ["db", "uploads"])
        #expect(found.skewSeconds == 1.5 && found.handover?.mask == "staging" && found.handover?.erasedCount == 3)
    }

    @Test("what a journal tells of itself")
    func journal() throws {
        let event = JournalEvent(
            action: "gap", source: "db", timeline: 3, server: "s", reason: "a file is missing", isBaseDue: true)
        let found = try read(event, as: RecordedJournal.self)
        #expect(found.action == "gap" && found.source == "db" && found.timeline == 3 && found.isBaseDue)
        #expect(found.reason == "a file is missing")
    }

    @Test("a verification")
    func verification() throws {
        var part = VerifiedPart(source: "db", kind: .mariadb)
        part.worsen(to: .fail, "a row is missing")
        part.byteCount = 7
        let event = Verification(
            point: "0123", plan: "nightly", started: "s", ended: "e", verdict: .fail, parts: [part])
        let found = try read(event, as: RecordedVerification.self)
        #expect(found.point == "0123" && found.verdict == "fail" && found.parts.map(\.verdict) == ["fail"])
        #expect(found.parts[0].message == "a row is missing" && found.parts[0].byteCount == 7)
    }
}
