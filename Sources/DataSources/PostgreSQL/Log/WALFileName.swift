/// Name of a file of PostgreSQL's write-ahead log: a segment, `000000010000000000000003`, or the history of a timeline,
/// `00000002.history`. By name, a history stands behind all segments of older timelines and before those of its own.
///
/// Source: PostgreSQL documentation, 30.6 "WAL Internals" and 26.3.5 "Timelines".
enum WALFileName: Hashable, Sendable, CustomStringConvertible {
    case segment(timeline: UInt32, high: UInt32, low: UInt32)
    case history(timeline: UInt32)

    /// Reads a name; nil for anything else, `.partial` too.
    init?(_ text: some StringProtocol) {
        let (head, tail) = (text.prefix(8), text.dropFirst(8))
        guard let timeline = WALFileName.number(head), timeline > 0 else { return nil }
        if tail == ".history" {
            self = .history(timeline: timeline)
        } else if tail.utf8.count == 16, let high = WALFileName.number(tail.prefix(8)),
            let low = WALFileName.number(tail.suffix(8))
        {
            self = .segment(timeline: timeline, high: high, low: low)
        } else {
            return nil
        }
    }

    /// The segment that holds the byte at `place`.
    init(at place: LSN, timeline: UInt32, segmentByteCount: UInt64) {
        let number = place.byteCount / segmentByteCount
        let perHigh = (1 << 32) / segmentByteCount
        self = .segment(
            timeline: timeline, high: UInt32(truncatingIfNeeded: number / perHigh),
            low: UInt32(truncatingIfNeeded: number % perHigh))
    }

    var timeline: UInt32 {
        switch self {
        case .segment(let timeline, _, _), .history(let timeline): timeline
        }
    }

    var isSegment: Bool {
        if case .segment = self { return true }
        return false
    }

    /// The place of a segment's first byte; nil for a history, and where there is no such segment.
    func begin(segmentByteCount: UInt64) -> LSN? {
        guard case .segment(_, let high, let low) = self, UInt64(low) < (1 << 32) / segmentByteCount else { return nil }
        return LSN(byteCount: UInt64(high) << 32 | UInt64(low) * segmentByteCount)
    }

    /// Can `next` be the segment behind this one, of whatever size they are?
    func isFollowed(by next: WALFileName) -> Bool {
        guard case .segment(let timeline, let high, let low) = self,
            case .segment(timeline, let nextHigh, let nextLow) = next
        else { return true }
        return nextHigh == high ? nextLow == low &+ 1 : nextHigh == high &+ 1 && nextLow == 0
    }

    var description: String {
        switch self {
        case .segment(let timeline, let high, let low): [timeline, high, low].map(WALFileName.digits).joined()
        case .history(let timeline): "\(WALFileName.digits(timeline)).history"
        }
    }

    private static func digits(_ number: UInt32) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func number(_ text: some StringProtocol) -> UInt32? {
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }
        return isPlain && text.utf8.count == 8 ? UInt32(text, radix: 16) : nil
    }
}
