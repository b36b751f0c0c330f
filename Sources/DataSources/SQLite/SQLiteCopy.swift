import Chunking
import GRDB
import Glibc
public import Trees

/// A consistent copy of an SQLite database that others may be writing to, made in one step with SQLite's online backup: one
/// read transaction, so the copy is the database as it was at one moment. A plain database file, removed when the value goes.
public final class SQLiteCopy: Sendable {
    /// Components of the original's absolute path.
    public let path: [[UInt8]]
    /// The copy.
    let file: String
    /// Its size.
    let byteCount: UInt64
    /// When the original changed last.
    let modified: Timestamp
    private let copied: Timestamp

    /// Copies the database at `path` into a new file in `folder`. Blocks: belongs on a thread of its own.
    ///
    /// - Parameters:
    ///   - now: when the copy is made; handed in, since this module knows no clock.
    ///   - busySeconds: how long to wait for a writer who has locked the database.
    /// - Throws: `notFound`, `accessDenied`, `noSpace` (the message names the folder), or `failed` when it is no database.
    public init(of path: String, in folder: String, now: Timestamp, busySeconds: Double = 60) throws(TreeError) {
        let original = try SQLiteCopy.resolve(path)
        let needed = try SQLiteCopy.inspect(original)
        try SQLiteCopy.refuseSmallFolder(folder, needed: needed.byteCount, original)
        let file = try SQLiteCopy.makeFile(in: folder)
        do {
            try SQLiteCopy.copy(original, to: file, busySeconds: busySeconds)
        } catch {
            SQLiteCopy.remove(file)
            throw SQLiteCopy.describe(error, original, folder)
        }
        self.file = file
        self.path = RawPath.clean(Array(original.utf8))
        modified = needed.modified
        copied = now
        var status = stat()
        byteCount = stat(file, &status) == 0 ? UInt64(clamping: status.st_size) : 0
    }

    deinit { SQLiteCopy.remove(file) }

    /// The copy, to be laid over the original in a tree. The original's journals are left out: they belong to it alone.
    public var overlay: Overlay {
        let name = path.last ?? []
        let journals = ["-wal", "-shm", "-journal"].map { name + Array($0.utf8) }
        return Overlay(
            path: path, hidden: Set(journals), byteCount: byteCount, modified: modified, copied: copied,
            chunking: .pages
        ) { () throws(TreeError) in
            try self.open()
        }
    }

    private func open() throws(TreeError) -> any SourceFile {
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TreeError(
                .failed, "the copy of the database is gone: \(errorText(errno))", subject: file, errno: errno)
        }
        let metadata = Metadata(kind: .file, permissions: 0o600, modified: modified, byteCount: byteCount)
        return OpenFile(owning: descriptor, metadata: metadata, subject: file)
    }
}

// MARK: - Steps

extension SQLiteCopy {
    /// The absolute path; where the file itself is a symlink, the path of what it leads to.
    private static func resolve(_ path: String) throws(TreeError) -> String {
        guard let resolved = realpath(path, nil) else {
            let number = errno
            throw TreeError(
                number == ENOENT ? .notFound : number == EACCES ? .accessDenied : .failed,
                "cannot back up the database: \(errorText(number))", subject: path,
                hint: number == ENOENT ? "check the path given to --sqlite" : "", errno: number)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Size of the database with what its log may add, and when either changed last.
    private static func inspect(_ path: String) throws(TreeError) -> (byteCount: UInt64, modified: Timestamp) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw TreeError(.failed, "cannot look at the database: \(errorText(errno))", subject: path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TreeError(.unsupported, "a database is a file, and this is none", subject: path)
        }
        var byteCount = UInt64(clamping: status.st_size)
        var modified = moment(status.st_mtim)
        if stat(path + "-wal", &status) == 0, status.st_size > 0 {
            byteCount += UInt64(clamping: status.st_size)
            modified = max(modified, moment(status.st_mtim))
        }
        return (byteCount, modified)
    }

    private static func moment(_ time: timespec) -> Timestamp {
        Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }

    private static func refuseSmallFolder(
        _ folder: String, needed: UInt64, _ original: String
    ) throws(TreeError) {
        var room = statvfs()
        guard statvfs(folder, &room) == 0 else {
            throw TreeError(
                .failed, "the folder for temporary files cannot be used: \(errorText(errno))", subject: folder,
                hint: "set TMPDIR to a folder that exists", errno: errno)
        }
        let free = UInt64(room.f_bavail) * UInt64(room.f_frsize)
        if free < needed {
            throw noSpace(original, folder, "\(needed >> 20) MiB are needed, \(free >> 20) MiB are free")
        }
    }

    private static func noSpace(_ original: String, _ folder: String, _ detail: String) -> TreeError {
        TreeError(
            .noSpace, "no space for a copy of the database \(RawName.printable(Array(original.utf8))): \(detail)",
            subject: folder, hint: "make room there, or set TMPDIR to a folder with more")
    }

    /// An empty file that only its owner can read.
    private static func makeFile(in folder: String) throws(TreeError) -> String {
        let file = "\(folder)/lifeboat-sqlite-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw TreeError(
                .failed, "cannot make a temporary file: \(errorText(errno))", subject: folder,
                hint: "set TMPDIR to a folder that can be written to", errno: errno)
        }
        close(descriptor)
        return file
    }

    private static func remove(_ file: String) {
        for name in [file, file + "-journal", file + "-wal", file + "-shm"] { unlink(name) }
    }

    private static func copy(_ original: String, to file: String, busySeconds: Double) throws {
        var reading = Configuration()
        reading.readonly = true
        reading.busyMode = .timeout(busySeconds)
        reading.label = "lifeboat-sqlite"
        let source = try DatabaseQueue(path: original, configuration: reading)
        let target = try DatabaseQueue(path: file)
        // The copy is thrown away after a crash, so nothing is gained by waiting for the disk.
        try target.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        }
        try source.backup(to: target)
        try target.close()
        try source.close()
    }

    private static func describe(_ error: any Error, _ original: String, _ folder: String) -> TreeError {
        guard let error = error as? DatabaseError else {
            return TreeError(.failed, "the database cannot be copied: \(error)", subject: original, cause: error)
        }
        switch error.resultCode {
        case .SQLITE_FULL: return noSpace(original, folder, "the disk is full")
        case .SQLITE_NOTADB:
            return TreeError(
                .failed, "this is no SQLite database", subject: original,
                hint: "--sqlite is for databases; give other files with --path", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return TreeError(
                .failed, "another program holds the database locked", subject: original,
                hint: "end its transaction, or try again later", cause: error)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            return TreeError(
                .accessDenied, "the database cannot be opened: \(error.message ?? "no reason given")",
                subject: original,
                hint: "check the owner and mode of the file, of its folder, and of its -wal and -shm beside it",
                cause: error)
        default:
            return TreeError(
                .failed, "the database cannot be copied: \(error.message ?? "no reason given")", subject: original,
                hint: "`sqlite3 FILE 'PRAGMA integrity_check'` tells whether it is sound", cause: error)
        }
    }
}
