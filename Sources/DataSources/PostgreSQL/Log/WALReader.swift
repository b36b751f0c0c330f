/// Finds out how much of a WAL segment is written: the file has its full length from the beginning, filled up with zeros.
///
/// Whole pages are told by the header of the page behind them; the last one ends with its last byte that is not zero, rounded up
/// to the 8 bytes that records are aligned to, or with the record that this byte is in, see `WALPage`. Should more zeros belong to
/// it, nothing is lost: a file that is filled up with zeros again is the same. Wants at least `smallestRead` bytes at once, where the file has so many, to get on.
///
/// | offset | size | field of a page header (little-endian) |
/// |---|---|---|
/// | 0 | 2 | magic, 0xD1 in its upper half |
/// | 2 | 2 | flags; 2: the header is a long one |
/// | 4 | 4 | timeline |
/// | 8 | 8 | place of the page in the log |
/// | 24 | 8 | long: system identifier |
/// | 32 | 4 | long: bytes of a segment |
/// | 36 | 4 | long: bytes of a page |
///
/// Source: PostgreSQL's `xlog_internal.h` (`XLogPageHeaderData`, `XLogLongPageHeaderData`), 13 to 17.
struct WALReader: LogReader {
    /// A page and the header of the next one.
    static let smallestRead = 1 << 14
    static let pageByteCount: UInt64 = 8192
    private static let headerByteCount: UInt64 = 24
    private static let longHeaderByteCount: UInt64 = 40

    private let file: String
    private var position: String
    private var validOffset: UInt64 = 0
    /// Where the file begins; known from its first header on.
    private var begin: LSN?
    /// What was read of the page that `validOffset` is in.
    private var page: [UInt8] = []

    init(file: String, position: String) {
        self.file = file
        self.position = position
    }

    mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress {
        let chunk = Chunk(offset: validOffset, bytes: bytes)
        if begin == nil {
            guard chunk.end >= WALReader.longHeaderByteCount else { return progress }
            if chunk.isZero(0, WALReader.longHeaderByteCount) { return progress }
            begin = try firstHeader(chunk)
        }
        guard let begin else { return progress }
        let content = try validEnd(chunk, begin)
        if content > validOffset {
            let (start, bytes) = lastPage(chunk, content)
            let end = start + WALPage(bytes: bytes).end(content: Int(content - start))
            validOffset = end
            page = end % WALReader.pageByteCount == 0 ? [] : Array(bytes.prefix(Int(end - start)))
            position = LSN(byteCount: begin.byteCount + end).description
        }
        return progress
    }

    private var progress: LogProgress { LogProgress(validOffset: validOffset, position: position) }

    /// The page that the byte before `end` is in, as far as it is there, and where it starts.
    private func lastPage(_ chunk: Chunk, _ end: UInt64) -> (start: UInt64, bytes: [UInt8]) {
        let start = (end - 1) / WALReader.pageByteCount * WALReader.pageByteCount
        let known = start < chunk.offset ? page : []
        let from = Int(max(start, chunk.offset) - chunk.offset)
        let to = Int(min(start + WALReader.pageByteCount, chunk.end) - chunk.offset)
        return (start, known + chunk.bytes.dropFirst(from).prefix(to - from))
    }

    /// Checks the header of the file and gives the file's place.
    private func firstHeader(_ chunk: Chunk) throws -> LSN {
        let (segment, page) = (chunk.number(32, 4), chunk.number(36, 4))
        guard chunk.number(1, 1) == 0xD1, chunk.number(2, 2) & 2 != 0, page == WALReader.pageByteCount,
            LSN.segmentByteCounts.contains(segment), let name = WALFileName(file),
            let begin = name.begin(segmentByteCount: segment), chunk.number(8, 8) == begin.byteCount
        else {
            throw SourceError(.malformedStream, "its first page is not that of this segment", subject: file)
        }
        return begin
    }

    /// How far the bytes are log.
    private func validEnd(_ chunk: Chunk, _ begin: LSN) throws -> UInt64 {
        var page = validOffset / WALReader.pageByteCount * WALReader.pageByteCount
        while true {
            let next = page + WALReader.pageByteCount
            guard next + WALReader.headerByteCount <= chunk.end else { break }
            if chunk.isZero(next, next + WALReader.headerByteCount) { break }
            guard chunk.number(next + 1, 1) == 0xD1, chunk.number(next + 8, 8) == begin.byteCount + next else {
                throw SourceError(.malformedStream, "the page at \(next) is no page of this segment", subject: file)
            }
            page = next
        }
        return chunk.lastContent(from: max(page, validOffset), to: page + WALReader.pageByteCount)
    }
}

/// Bytes of a file, by their offsets in it.
private struct Chunk {
    let offset: UInt64
    let bytes: ArraySlice<UInt8>

    var end: UInt64 { offset + UInt64(bytes.count) }

    func byte(_ at: UInt64) -> UInt8 { bytes[bytes.startIndex + Int(at - offset)] }

    func number(_ at: UInt64, _ count: UInt64) -> UInt64 {
        (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(byte(at + $1)) }
    }

    func isZero(_ from: UInt64, _ to: UInt64) -> Bool { (from..<to).allSatisfy { byte($0) == 0 } }

    /// Where content ends between two offsets, rounded up to 8 as far as there are bytes; `from` when there is none.
    func lastContent(from: UInt64, to: UInt64) -> UInt64 {
        let limit = min(to, end)
        var last = limit
        while last > from, byte(last - 1) == 0 { last -= 1 }
        return last == from ? from : min((last + 7) / 8 * 8, limit)
    }
}

/// Reads a timeline's history, which is written at once and moves nothing.
struct WALHistoryReader: LogReader {
    /// A history has a line for each timeline before; more than these bytes has none.
    private static let largestByteCount = 1 << 20
    private var position: String
    private var bytes: [UInt8] = []

    init(position: String) { self.position = position }

    mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress {
        self.bytes += bytes
        guard self.bytes.count <= Self.largestByteCount else {
            throw SourceError(.malformedStream, "it is longer than any history", subject: "history of a timeline")
        }
        // Its last line says where the timeline before was left. A line that is not whole yet says nothing.
        if let end = self.bytes.lastIndex(of: UInt8(ascii: "\n")) {
            let text = String(decoding: self.bytes[...end], as: UTF8.self)
            if let branch = try TimelineHistory(text, subject: "history of a timeline").entries.last {
                position = "\(branch.end)"
            }
        }
        return LogProgress(validOffset: UInt64(self.bytes.count), position: position)
    }
}
