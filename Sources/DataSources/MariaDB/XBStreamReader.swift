import Sealing
import Trees

/// Reads the stream of `mariadb-backup --stream=xbstream`: files cut into chunks, chunks of several files mixed.
///
/// | offset | size | field of a chunk |
/// | --- | --- | --- |
/// | 0 | 8 | `XBSTCK01` |
/// | 8 | 1 | flags; 1: may be ignored by a reader that does not know the type |
/// | 9 | 1 | type: `P` payload, `E` end of the file, `S` seek, `R` rename, `D` remove |
/// | 10 | 4 | length of the path, little-endian, at most 511 |
/// | 14 | n | path |
/// | | 8 | `P` only: length of the payload |
/// | | 8 | `P` only: offset of the payload in its file |
/// | | 4 | `P` only: CRC-32 of the payload |
/// | | | `P` only: payload |
///
/// (MariaDB, `extra/mariabackup/xbstream_write.cc`.) Seek, rename and remove are written only when tables are altered, renamed
/// or dropped while the backup runs; a snapshot has no way to take back what was stored, so they end the backup.
struct XBStreamReader {
    /// Fills a buffer from the front; fewer bytes than it holds only at the end of the stream.
    typealias Input = (UnsafeMutableRawBufferPointer) throws -> Int

    /// What the stream holds, in its order.
    protocol Receiver {
        /// A file begins. Its path was checked: relative, no component empty, `.` or `..`.
        mutating func begin(_ path: [[UInt8]]) throws
        /// The next bytes of a file that began.
        mutating func write(_ bytes: UnsafeRawBufferPointer, to path: [[UInt8]]) throws
        /// A file is complete.
        mutating func finish(_ path: [[UInt8]]) throws
    }

    private static let magic = Array("XBSTCK01".utf8)
    private static let headByteCount = 14
    private static let longestPath = 511
    private static let pieceByteCount = 1 << 20

    private let input: Input
    /// Position in the stream, for messages.
    private var offset: UInt64 = 0
    /// Bytes that each open file has so far.
    private var lengths: [[UInt8]: UInt64] = [:]
    private var finished = Set<[UInt8]>()

    init(_ input: @escaping Input) { self.input = input }

    /// Reads to the end of the stream.
    ///
    /// - Throws: `malformedStream` for anything that is not the format, a checksum that does not match, a hole, a file without
    ///   end, or bytes behind the last chunk; else what input or receiver throw.
    mutating func read(into receiver: inout some Receiver) throws {
        while let (kind, path) = try header() {
            switch kind {
            case UInt8(ascii: "P"): try payload(of: path, into: &receiver)
            case UInt8(ascii: "E"): try end(of: path, into: &receiver)
            default: throw malformed(XBStreamReader.meaning(of: kind), path)
            }
        }
        guard lengths.isEmpty else {
            let name = RawName.printable(lengths.keys.sorted { RawName.isAscending($0, $1) }[0])
            throw malformed("the stream ends within \(lengths.count) of its files, one is \(name)")
        }
        guard !finished.isEmpty else { throw malformed("the stream is empty") }
    }

    private static func meaning(of kind: UInt8) -> String {
        switch kind {
        case UInt8(ascii: "R"): "a table was renamed while the backup ran"
        case UInt8(ascii: "D"): "a table was dropped while the backup ran"
        case UInt8(ascii: "S"): "a table file was written anew while the backup ran"
        default: "a chunk of the unknown type \(kind)"
        }
    }

    // MARK: Chunks

    /// Type and path of the next chunk; nil at the end of the stream.
    private mutating func header() throws -> (kind: UInt8, path: [UInt8])? {
        let head = try bytes(upTo: XBStreamReader.headByteCount)
        if head.isEmpty { return nil }
        guard head.count == XBStreamReader.headByteCount else { throw malformed("the stream ends within a chunk") }
        guard head.starts(with: XBStreamReader.magic) else { throw malformed("no chunk begins here") }
        let flags = head[8]
        guard flags & ~1 == 0 else { throw malformed("a table file was written anew while the backup ran") }
        let length = XBStreamReader.number(head[10..<14])
        guard length > 0, length <= XBStreamReader.longestPath else {
            throw malformed("a path of \(length) bytes")
        }
        return (head[9], try exactly(Int(length)))
    }

    private mutating func payload(of path: [UInt8], into receiver: inout some Receiver) throws {
        let fields = try exactly(20)
        let length = XBStreamReader.number(fields[0..<8])
        let at = XBStreamReader.number(fields[8..<16])
        let checksum = UInt32(truncatingIfNeeded: XBStreamReader.number(fields[16..<20]))
        let components = try checked(path)
        if lengths[path] == nil {
            guard !finished.contains(path) else { throw malformed("a file goes on behind its end", path) }
            lengths[path] = 0
            try receiver.begin(components)
        }
        let before = lengths[path] ?? 0
        guard at == before else { throw malformed("a chunk for offset \(at) where \(before) was due", path) }
        let (after, overflows) = before.addingReportingOverflow(length)
        guard !overflows, after <= UInt64(Int64.max) else { throw malformed("a chunk of \(length) bytes", path) }
        var crc = CRC32()
        var left = length
        while left > 0 {
            let piece = try exactly(Int(min(left, UInt64(XBStreamReader.pieceByteCount))))
            try piece.withUnsafeBytes { bytes in
                crc.update(bytes)
                try receiver.write(bytes, to: components)
            }
            left -= UInt64(piece.count)
        }
        guard crc.value == checksum else { throw malformed("a chunk does not match its checksum", path) }
        lengths[path] = after
    }

    private mutating func end(of path: [UInt8], into receiver: inout some Receiver) throws {
        let components = try checked(path)
        if lengths.removeValue(forKey: path) == nil {
            // An empty file is its end alone.
            guard !finished.contains(path) else { throw malformed("a file ends twice", path) }
            try receiver.begin(components)
        }
        finished.insert(path)
        try receiver.finish(components)
    }

    private func checked(_ path: [UInt8]) throws -> [[UInt8]] {
        var components = path.split(separator: 0x2F, omittingEmptySubsequences: false).map { Array($0) }
        // The tool writes some as `./name`.
        if components.first == [0x2E] { components.removeFirst() }
        guard !components.isEmpty, components.allSatisfy({ RawName.isSafe($0) }) else {
            throw malformed("a path that leads out of the data folder", path)
        }
        return components
    }

    // MARK: Bytes

    private mutating func bytes(upTo count: Int) throws -> [UInt8] {
        let input = input
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try input(UnsafeMutableRawBufferPointer(buffer))
        }
        offset += UInt64(bytes.count)
        return bytes
    }

    private mutating func exactly(_ count: Int) throws -> [UInt8] {
        let bytes = try bytes(upTo: count)
        guard bytes.count == count else { throw malformed("the stream ends within a chunk") }
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func malformed(_ what: String, _ path: [UInt8]? = nil) -> SourceError {
        let place =
            path.map { "\(RawName.printable($0)), at byte \(offset) of the stream" } ?? "byte \(offset) of the stream"
        return SourceError(
            .malformedStream, what, subject: place, hint: "run the backup again; nothing of this one was kept")
    }
}
