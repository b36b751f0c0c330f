/// What a journal segment says of itself, before its bytes: which run of which log file it holds, and where the database stood.
///
/// Stored as JSON in front of the bytes, see `Segment`. Fields that a reader does not know are ignored.
public struct SegmentHeader: Sendable, Hashable, Codable {
    /// The format this program writes.
    public static let currentFormat = 1

    /// 1.
    public var format = SegmentHeader.currentFormat
    /// The log file as the server names it: `binlog.000007`, `0000000100000000000000A1`.
    public var file: String
    /// Where in that file the bytes begin.
    public var offset: UInt64
    /// How many there are.
    public var byteCount: UInt64
    /// The file ends with these bytes: the server has begun another one.
    public var endsFile: Bool
    /// SHA-256, hexadecimal, of the file's bytes from its beginning to the end of these: a server whose file begins otherwise is
    /// another one, or stands on another timeline.
    public var prefixDigest: String
    /// Where the database stood before and after the events that *end* in these bytes, in the engine's own words (GTID state or
    /// LSN); equal where none ends in them.
    public var from: String
    /// See `from`.
    public var to: String
    /// Earliest and latest time of these events, seconds since 1970: of the events themselves for MariaDB, of their arrival for
    /// PostgreSQL; nil where no event ends in these bytes.
    public var firstTime: Int64?
    /// See `firstTime`.
    public var lastTime: Int64?
    /// When it was sealed, RFC 3339.
    public var written: String

    enum CodingKeys: String, CodingKey {
        case format, file, offset, from, to, written
        case byteCount = "byte_count"
        case endsFile = "ends_file"
        case prefixDigest = "prefix_digest"
        case firstTime = "first_time"
        case lastTime = "last_time"
    }

    /// Describes a run of bytes.
    public init(
        file: String, offset: UInt64, byteCount: UInt64, endsFile: Bool, prefixDigest: String, from: String, to: String,
        firstTime: Int64?, lastTime: Int64?, written: String
    ) {
        self.file = file
        self.offset = offset
        self.byteCount = byteCount
        self.endsFile = endsFile
        self.prefixDigest = prefixDigest
        self.from = from
        self.to = to
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.written = written
    }

    /// Where the bytes end.
    public var end: LogPlace { LogPlace(file: file, offset: offset + byteCount) }
}

/// A place in the log of a server: a byte of one of its files. Files of one timeline are ordered by name.
public struct LogPlace: Sendable, Hashable, Codable, Comparable {
    /// The file.
    public var file: String
    /// Bytes from its beginning.
    public var offset: UInt64

    /// A place.
    public init(file: String, offset: UInt64) {
        self.file = file
        self.offset = offset
    }

    public static func < (one: LogPlace, other: LogPlace) -> Bool {
        (one.file, one.offset) < (other.file, other.offset)
    }
}
