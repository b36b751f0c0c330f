import Glibc
import Journal
import ObjectStore
import Sealing
import TestSupport

/// A chain of segments in a folder: file `a` with bytes 0..<30 in three segments, the last of which ends it, then `b` with two.
final class Chain: Sendable {
    static let repositoryID = String(repeating: "ab", count: 32)

    let folder: TemporaryFolder
    let store: DirectoryStore
    let key = SealingKey.random()

    init() async throws {
        folder = try TemporaryFolder("journal")
        store = DirectoryStore(root: folder.path)
        try await TimelineStore(journal()).write(Self.record(1))
        let writer = JournalWriter(journal(), timeline: 1)
        for (header, bytes) in Self.segments { _ = try await writer.append(header, bytes) }
    }

    func journal(_ source: String = "db", repositoryID: String = Chain.repositoryID) -> SourceJournal {
        SourceJournal(store: store, repositoryID: repositoryID, key: key, source: source)
    }

    func coverage() async throws -> Coverage { try await JournalReader(journal()).coverage(of: Self.record(1)) }

    /// The name of a segment.
    func name(_ number: Int, _ timeline: Int = 1) -> String {
        "lifeboat/journal/\(journal().sourceID)/\(timeline)/" + String(String(1_000_000_000_000 + number).dropFirst())
    }

    static func record(_ timeline: UInt32, parent: UInt32? = nil, branch: LogPlace? = nil) -> TimelineRecord {
        TimelineRecord(
            timeline: timeline, parent: parent, branch: branch, branchPosition: nil, reason: .first,
            created: "2026-11-21T00:00:00Z", server: "1", point: nil)
    }

    static func header(
        _ file: String, _ offset: UInt64, _ count: UInt64, ends: Bool, _ from: String, _ to: String
    ) -> SegmentHeader {
        SegmentHeader(
            file: file, offset: offset, byteCount: count, endsFile: ends, prefixDigest: "\(file)\(offset + count)",
            from: from, to: to, firstTime: nil, lastTime: nil, written: "2026-11-21T00:00:00Z")
    }

    static let segments: [(SegmentHeader, [UInt8])] = [
        (header("a", 0, 10, ends: false, "0", "1"), Array(0..<10)),
        (header("a", 10, 10, ends: false, "1", "2"), Array(10..<20)),
        (header("a", 20, 10, ends: true, "2", "3"), Array(20..<30)),
        (header("b", 0, 5, ends: false, "3", "4"), Array(30..<35)),
        (header("b", 5, 5, ends: false, "4", "5"), Array(35..<40)),
    ]
}
