import Glibc
import Journal
import Trees

/// A log file that a tool writes, open for reading, so that it can be renamed meanwhile. Calls block.
final class SpoolFile: Sendable {
    /// Where it lay when it was opened.
    let path: String
    private let descriptor: Int32

    private init(_ path: String, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens a file; nil when there is none.
    static func ifThere(_ path: String) throws -> SpoolFile? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw RecoveryError.system(errno, "cannot open a log file", path) }
        return SpoolFile(path, descriptor)
    }

    deinit { close(descriptor) }

    /// How large it is now, bytes.
    func byteCount() throws -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw RecoveryError.system(errno, "cannot look at", path) }
        return UInt64(status.st_size)
    }

    /// The bytes from `offset` on, at most `count`; fewer only at its end.
    func read(at offset: UInt64, count: Int) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let more = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if more < 0, errno == EINTR { continue }
                if more < 0 { failure = errno }
                guard more > 0 else { return }
                filled += more
            }
        }
        guard failure == 0 else { throw RecoveryError.system(failure, "cannot read", path) }
        return bytes
    }

    /// What was written is there after a power cut.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw RecoveryError.system(errno, "cannot flush", path) }
    }
}

/// A run of bytes of a log file on this machine, to be archived.
struct LogPiece: Sendable {
    /// The file.
    let file: SpoolFile
    /// Where the file lay when the piece was cut.
    var path: String
    /// What a segment of these bytes would say, but for the time at which it is sealed.
    var header: SegmentHeader
    /// When the first of its bytes was seen.
    let seen: Timestamp

    /// This piece and the one behind it as one; nil when they are too large, or of different files.
    func joined(with next: LogPiece, limit: UInt64) -> LogPiece? {
        guard file === next.file, !header.endsFile,
            header.end == LogPlace(file: next.header.file, offset: next.header.offset),
            header.byteCount + next.header.byteCount <= limit
        else { return nil }
        var both = self
        both.path = next.path
        both.header.byteCount += next.header.byteCount
        both.header.endsFile = next.header.endsFile
        both.header.prefixDigest = next.header.prefixDigest
        both.header.to = next.header.to
        both.header.firstTime = [header.firstTime, next.header.firstTime].compactMap(\.self).min()
        both.header.lastTime = [header.lastTime, next.header.lastTime].compactMap(\.self).max()
        return both
    }
}

/// What is to be done with the store, in this order.
enum JournalStep: Sendable {
    /// A timeline begins with this folder.
    case begin(TimelineStart, SpoolFolder)
    /// Bytes are to be archived.
    case piece(LogPiece)
    /// Something is missing; one line.
    case gap(String)
    /// All of a folder was cut, and its tool has ended.
    case drained(SpoolFolder)
    /// Closed files have become a snapshot.
    case close(PreparedClosing)
}
