public import DataSources
public import Journal
import Trees

/// A recovery point as far as a replay can begin with it: one physical copy of a database, and where in the log it stands.
public struct RestoreBase: Sendable, Hashable {
    /// The point's ID.
    public var point: String
    /// The timeline that it was read on.
    public var timeline: UInt32
    /// Where the log is needed from.
    public var place: LogPlace
    /// Where the database stands once it is consistent, in the engine's own words.
    public var position: String
    /// It holds nothing younger, seconds since 1970.
    public var time: Double
    /// Bytes of its files.
    public var byteCount: UInt64
    /// Where it stands, as the backup's own metadata says.
    public var start: SourcePosition

    /// A base.
    public init(
        point: String, timeline: UInt32, place: LogPlace, position: String, time: Double, byteCount: UInt64,
        start: SourcePosition
    ) {
        self.point = point
        self.timeline = timeline
        self.place = place
        self.position = position
        self.time = time
        self.byteCount = byteCount
        self.start = start
    }
}

extension RestoreBase {
    /// The bases of `source` among `points`, in their order: parts that are complete, physical, not broken, and say where they
    /// stand.
    public static func all(
        of source: String, kind: SourceKind, in points: [PointEntry], _ coverages: [Coverage]
    ) -> [RestoreBase] {
        points.compactMap { entry in
            guard let part = entry.point.part(source), part.kind == kind, part.outcome == .complete,
                entry.has(source), let reading = part.reading, reading.method == "physical"
            else { return nil }
            return base(entry.point, part, reading, coverages)
        }
    }

    private static func base(
        _ point: RecoveryPoint, _ part: PointPart, _ reading: SourceReading, _ coverages: [Coverage]
    ) -> RestoreBase? {
        guard let start = reading.position, let time = Timestamp(rfc3339: reading.consistentTo)?.fraction else {
            return nil
        }
        let timeline = part.timeline ?? timeline(at: point.moment, coverages)
        let place: LogPlace
        let position: String
        if let file = start.binlogFile, let offset = start.binlogOffset {
            place = LogPlace(file: file, offset: offset)
            position = start.gtid ?? ""
        } else if let begin = start.startLSN.flatMap({ LSN($0) }), let number = start.timeline {
            let size = segmentByteCount(coverages)
            place = WALFile.place(of: begin, timeline: number, segmentByteCount: size)
            position = start.endLSN ?? begin.description
        } else {
            return nil
        }
        return RestoreBase(
            point: point.id, timeline: timeline, place: place, position: position, time: time,
            byteCount: part.byteCount, start: start)
    }

    /// Points that were made before the journal ran do not say on which timeline: it is the newest that had begun by then, or
    /// else the first.
    private static func timeline(at moment: Timestamp, _ coverages: [Coverage]) -> UInt32 {
        let records = coverages.map(\.timeline).sorted { $0.timeline < $1.timeline }
        let begun = records.last { record in Timestamp(rfc3339: record.created).map { $0 <= moment } ?? false }
        return (begun ?? records.first)?.timeline ?? 1
    }

    /// The size of a whole segment of WAL, as the journal has seen them; 16 MiB where it has seen none.
    private static func segmentByteCount(_ coverages: [Coverage]) -> UInt64 {
        let ends = coverages.flatMap(\.spans).flatMap(\.parts).filter(\.header.endsFile).map(\.header.end.offset)
        return ends.filter(WALFile.segmentByteCounts.contains).max() ?? 16 << 20
    }
}

/// Names of PostgreSQL's segment files.
enum WALFile {
    /// All sizes there are: `initdb --wal-segsize`, 1 to 1024 MiB.
    static let segmentByteCounts = Set((20...30).map { UInt64(1) << $0 })

    /// Where a place in the log lies: the file's name is the timeline, then the number of the segment, 8 hexadecimal digits
    /// for each third. Source: PostgreSQL documentation, 30.6 WAL Internals.
    static func place(of lsn: LSN, timeline: UInt32, segmentByteCount: UInt64) -> LogPlace {
        let number = lsn.byteCount / segmentByteCount
        let perHigh = (1 << 32) / segmentByteCount
        let name = [UInt64(timeline), number / perHigh, number % perHigh].map { part in
            let digits = String(part, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        }.joined()
        return LogPlace(file: name, offset: lsn.byteCount % segmentByteCount)
    }
}

extension Timestamp {
    /// Seconds since 1970 with what is behind the point.
    var fraction: Double { Double(seconds) + Double(nanoseconds) / 1e9 }
}
