/// What a tar header tells of one member.
struct TarEntry: Hashable {
    enum Kind: Hashable {
        case file
        case directory
        case symlink(target: [UInt8])
    }

    /// Components of its path; empty for the root itself.
    var path: [[UInt8]]
    var kind: Kind
    var permissions: UInt32
    var userID: UInt32
    var groupID: UInt32
    /// Seconds since 1970.
    var modified: Int64
    var byteCount: UInt64

    var name: String { path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/") }
}

/// Takes a tar archive apart while it streams by: POSIX ustar with GNU's binary sizes, which is all that PostgreSQL writes.
/// Anything else (long names, extended headers, hard links, devices) is refused by name.
///
/// Format: POSIX.1-1988 `ustar`; sizes of 8 GiB and more as in GNU tar's manual, "Basic Tar Format".
struct TarReader {
    static let blockByteCount = 512
    /// A server that claims more than this for one file is not believed: PostgreSQL cuts tables into files of 1 GiB, and
    /// `--with-segsize` is the exception that has its limit here.
    static let largestFile: UInt64 = 1 << 44

    /// Fills the buffer; fewer bytes only at the end.
    private let fill: (UnsafeMutableRawBufferPointer) throws -> Int
    private let subject: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    /// Content and padding of the member that `next` gave and nobody read yet.
    private var unread: UInt64 = 0
    private var padding = 0

    init(subject: String, fill: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) {
        self.subject = subject
        self.fill = fill
    }

    /// The next member; nil after the two zero blocks at the end.
    mutating func next() throws -> TarEntry? {
        precondition(unread == 0, "the content comes before the next member")
        let block = try takeBlock()
        if block.allSatisfy({ $0 == 0 }) {
            guard try takeBlock().allSatisfy({ $0 == 0 }) else {
                throw malformed("a zero block stands between members")
            }
            return nil
        }
        let entry = try TarHeader.read(block, subject: subject)
        unread = entry.byteCount
        padding = Int((512 - entry.byteCount % 512) % 512)
        return entry
    }

    /// Hands the content of the member to `body`, piece by piece.
    mutating func content(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while unread > 0 {
            let wanted = Int(min(unread, UInt64(buffer.count)))
            guard try fillBuffer(wanted) == wanted else { throw malformed("the archive ends within a file") }
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<wanted])) }
            unread -= UInt64(wanted)
        }
        guard try fillBuffer(padding) == padding else { throw malformed("the archive ends within a file's padding") }
        padding = 0
    }

    /// The content of a member that should be small.
    mutating func smallContent(of entry: TarEntry, limit: UInt64) throws -> [UInt8] {
        guard entry.byteCount <= limit else {
            throw malformed("\(entry.name) has \(entry.byteCount) bytes, at most \(limit) are believable")
        }
        var bytes = [UInt8]()
        try content { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Proves that nothing comes behind the archive.
    mutating func finish() throws {
        guard try fillBuffer(1) == 0 else { throw malformed("something comes behind the end of the archive") }
    }

    private mutating func takeBlock() throws -> [UInt8] {
        guard try fillBuffer(512) == 512 else { throw malformed("the archive ends without its two zero blocks") }
        return Array(buffer[..<512])
    }

    private mutating func fillBuffer(_ count: Int) throws -> Int {
        if count == 0 { return 0 }
        let fill = fill
        return try buffer.withUnsafeMutableBytes { try fill(UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
    }

    private func malformed(_ message: String) -> SourceError {
        SourceError(.malformedStream, message, subject: subject)
    }
}
