import Glibc
import Runbooks

/// The log of following a runbook, as a file that one process writes: each line is on the disk before anything else is done.
final class FollowLogFile: Sendable {
    static let largestByteCount = 64 << 20

    let path: String
    /// What it held when it was opened.
    let records: [FollowRecord]
    private let descriptor: Int32

    /// Opens it, makes it when need be, and cuts off a line that a crash left unfinished.
    ///
    /// - Throws: `CommandError` when it cannot be used, or another process follows with it.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError.system(
                errno, "cannot write the log", subject: path, hint: "name another place with --log; /tmp will do")
        }
        do {
            records = try FollowLogFile.read(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Is there a log already?
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Adds a line.
    func append(_ record: FollowRecord) throws {
        try TextFile.append(try FollowLog.line(record), to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw CommandError.system(errno, "cannot write the log", subject: path) }
    }

    private static func read(_ descriptor: Int32, _ path: String) throws -> [FollowRecord] {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandError(
                .fileUnusable, "somebody follows a runbook with this log right now", subject: path,
                hint: "look for the other terminal, or name another file with --log")
        }
        let bytes = try TextFile.bytes(path, called: "log", limit: largestByteCount)
        do {
            let (records, byteCount) = try FollowLog.read(bytes)
            if byteCount < bytes.count, ftruncate(descriptor, off_t(byteCount)) != 0 {
                throw CommandError.system(errno, "cannot write the log", subject: path)
            }
            return records
        } catch let error as FollowLog.Malformed {
            throw CommandError(
                .fileUnusable, "line \(error.line) of the log makes no sense", subject: path,
                hint: "is it the log of another program? name another file with --log")
        }
    }
}
