import FoundationEssentials
import Sealing

/// One object of a timeline's chain: a segment of log, a closing, which says that others are in a snapshot by now, or a mend, which
/// says that others cannot be read.
///
/// Stored as a `SealedObject` of the kind `journal-segment`; its sequence is the running number, its predecessor the SHA-256 of
/// the stored bytes of the object before. Payload, numbers little-endian:
///
/// | offset | size | type | field |
/// |---|---|---|---|
/// | 0 | 4 | UInt32 | length of the JSON |
/// | 4 | a | JSON | `SegmentHeader`, `{"closing": Closing}` or `{"mend": Mend}` |
/// | 4 + a | rest | bytes | the log's own; none behind a closing or a mend |
enum JournalEntry: Sendable, Hashable {
    case segment(SegmentHeader, [UInt8])
    case closing(Closing)
    case mend(Mend)

    static let kind = "journal-segment"
    /// The longest JSON that is written or read, bytes.
    static let largestHeader = 4 << 20
    /// The most log bytes in one segment.
    static let largestByteCount = 64 << 20
    private static let lengthByteCount = 4

    /// The bytes of the payload.
    func payload() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json: Data
        var bytes = [UInt8]()
        switch self {
        case .segment(let header, let content):
            json = try encoder.encode(header)
            bytes = content
        case .closing(let closing): json = try encoder.encode(ClosingForm(closing: closing))
        case .mend(let mend): json = try encoder.encode(MendForm(mend: mend))
        }
        guard json.count <= Self.largestHeader, bytes.count <= Self.largestByteCount else {
            throw JournalError(
                .tooLarge, "\(bytes.count) bytes with a header of \(json.count) do not fit into a segment",
                subject: "journal",
                hint: "at most \(Self.largestByteCount) and \(Self.largestHeader) bytes do")
        }
        let length = (0..<Self.lengthByteCount).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
        return length + Array(json) + bytes
    }

    /// Reads a payload; `name` is for messages.
    init(payload: [UInt8], name: String) throws {
        guard payload.count >= Self.lengthByteCount else { throw Self.damaged(name, "ends within its header") }
        let length = Int(payload[..<Self.lengthByteCount].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        guard length <= Self.largestHeader, length <= payload.count - Self.lengthByteCount else {
            throw Self.damaged(name, "says that its header has \(length) bytes")
        }
        let json = Data(payload[Self.lengthByteCount..<Self.lengthByteCount + length])
        let bytes = Array(payload[(Self.lengthByteCount + length)...])
        if let form = try? JSONDecoder().decode(ClosingForm.self, from: json) {
            // Any other JSON is a segment's header, or is refused as one.
            try Self.checkFormat(form.closing.format, Closing.currentFormat, name)
            self = .closing(form.closing)
            return
        }
        if let form = try? JSONDecoder().decode(MendForm.self, from: json) {
            try Self.checkFormat(form.mend.format, Mend.currentFormat, name)
            self = .mend(form.mend)
            return
        }
        let header: SegmentHeader
        do {
            header = try JSONDecoder().decode(SegmentHeader.self, from: json)
        } catch {
            throw Self.damaged(name, "has a header that cannot be understood", error)
        }
        try Self.checkFormat(header.format, SegmentHeader.currentFormat, name)
        guard header.byteCount == UInt64(bytes.count) else {
            throw Self.damaged(name, "has \(bytes.count) bytes where its header says \(header.byteCount)")
        }
        guard !header.offset.addingReportingOverflow(header.byteCount).overflow else {
            throw Self.damaged(name, "says that it begins at byte \(header.offset)")
        }
        self = .segment(header, bytes)
    }

    private struct ClosingForm: Codable { var closing: Closing }
    private struct MendForm: Codable { var mend: Mend }

    private static func checkFormat(_ format: Int, _ current: Int, _ name: String) throws {
        guard format > current else { return }
        throw JournalError(
            .unsupportedVersion, "segment \(name) has format \(format), this program knows \(current)", subject: name,
            hint: "a newer release wrote it; use that")
    }

    static func damaged(_ name: String, _ what: String, _ cause: (any Error)? = nil) -> JournalError {
        JournalError(
            .damagedObject, "segment \(name) \(what)", subject: name,
            hint: "bring it back from a replica, or restore to a moment outside of it", cause: cause)
    }
}

/// Says that the files of a run of segments are in a snapshot by now, whole; the segments are then deleted.
public struct Closing: Sendable, Hashable, Codable {
    /// The format this program writes.
    public static let currentFormat = 1

    /// A log file in the snapshot.
    public struct File: Sendable, Hashable, Codable {
        /// What it holds: the whole file, from offset 0.
        public var header: SegmentHeader
        /// Its path in the snapshot, components divided by `/`.
        public var path: String

        /// A file.
        public init(header: SegmentHeader, path: String) {
            self.header = header
            self.path = path
        }
    }

    /// Segments with numbers in a row. Several of them where an older closing lies between.
    public struct Run: Sendable, Hashable, Codable {
        /// The first number.
        public var first: UInt64
        /// The last number.
        public var last: UInt64
        /// SHA-256, hexadecimal, of the stored bytes of `last`, which the object behind it names.
        public var lastDigest: String

        enum CodingKeys: String, CodingKey {
            case first, last
            case lastDigest = "last_digest"
        }

        /// Some segments.
        public init(first: UInt64, last: UInt64, lastDigest: String) {
            self.first = first
            self.last = last
            self.lastDigest = lastDigest
        }
    }

    /// 1.
    public var format = Closing.currentFormat
    /// What it replaces, ascending; at least one.
    public var replaced: [Run]
    /// The tree of the snapshot, hexadecimal.
    public var tree: String
    /// The files, in the log's order.
    public var files: [File]
    /// The newest segment of the chain when this was written: whoever continues the chain goes on from there.
    public var tail: SegmentHeader

    /// Describes a closing.
    public init(replaced: [Run], tree: String, files: [File], tail: SegmentHeader) {
        self.replaced = replaced
        self.tree = tree
        self.files = files
        self.tail = tail
    }
}
