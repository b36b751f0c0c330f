/// A place in PostgreSQL's write-ahead log: a count of bytes since its beginning, written `16/B374D848`.
public struct LSN: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The count.
    public let byteCount: UInt64

    /// That many bytes into the log.
    public init(byteCount: UInt64) { self.byteCount = byteCount }

    /// Reads `16/B374D848`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...8).contains($0.utf8.count) }),
            parts.allSatisfy({ $0.utf8.first != 0x2B && $0.utf8.first != 0x2D }),
            let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16)
        else { return nil }
        byteCount = UInt64(high) << 32 | UInt64(low)
    }

    public static func < (one: LSN, other: LSN) -> Bool { one.byteCount < other.byteCount }

    public var description: String {
        let low = UInt32(truncatingIfNeeded: byteCount)
        return String(byteCount >> 32, radix: 16, uppercase: true) + "/" + String(low, radix: 16, uppercase: true)
    }

    /// All sizes of a segment that there are: `initdb --wal-segsize`, 1 to 1024 MiB.
    static let segmentByteCounts = Set((20...30).map { UInt64(1) << $0 })

    /// Names of the segment files from this place up to, not including, `end`: 24 hexadecimal digits each, the timeline first.
    /// They are made one by one as they are asked for: a server can claim a stretch of more of them than memory holds.
    /// Source: `XLogFileName` as described in the PostgreSQL documentation, 30.6 WAL Internals.
    func segmentNames(to end: LSN, timeline: UInt32, segmentByteCount: UInt64) -> some Collection<String> {
        precondition(LSN.segmentByteCounts.contains(segmentByteCount), "segments are of a size that there is")
        let first = byteCount / segmentByteCount
        let afterLast = end > self ? (end.byteCount - 1) / segmentByteCount + 1 : first
        let perHigh = (1 << 32) / segmentByteCount
        return (first..<afterLast).lazy.map { number in
            [UInt64(timeline), number / perHigh, number % perHigh].map { part in
                let digits = String(part, radix: 16, uppercase: true)
                return String(repeating: "0", count: 8 - digits.count) + digits
            }.joined()
        }
    }
}
