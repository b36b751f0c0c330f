import Glibc
import ObjectStore

extension SQLiteSource {
    public func examine() async -> [Finding] {
        let (file, folder) = (settings.file, environment.temporaryFolder)
        return await lane.run { SQLiteExamination(file: file, folder: folder).findings() }
    }
}

/// Looks at the file, without opening it as a database: that would leave journals behind.
/// Layout of the header: https://www.sqlite.org/fileformat2.html
private struct SQLiteExamination {
    private static let hugeLog: UInt64 = 256 << 20

    let file: String
    let folder: String

    func findings() -> [Finding] {
        var status = stat()
        guard stat(file, &status) == 0 else {
            return [Finding(.problem, "\(file): \(errorText(errno))", remedy: "check the path of the source")]
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return [Finding(.problem, "\(file) is no file")] }
        let header = Self.head(of: file)
        if status.st_size == 0 { return [Finding(.warning, "\(file) is empty: a database without a table")] }
        guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
            return [Finding(.problem, "\(file) is no SQLite database, or cannot be read")]
        }
        let page = Int(header[16]) << 8 | Int(header[17])
        let isLogged = header[18] == 2
        var findings = [
            Finding(
                .good, "page size \(page == 1 ? 65_536 : page), journal mode \(isLogged ? "wal" : "delete or alike")")
        ]
        if !isLogged {
            findings.append(
                Finding(
                    .warning, "writers wait while the copy is made, since the journal mode is not wal",
                    remedy: "PRAGMA journal_mode = wal"))
        }
        findings += log(byteCount: UInt64(clamping: status.st_size)) + fileSystem()
        return findings + room(byteCount: UInt64(clamping: status.st_size))
    }

    private func log(byteCount: UInt64) -> [Finding] {
        var status = stat()
        guard stat(file + "-wal", &status) == 0 else { return [] }
        let size = UInt64(clamping: status.st_size)
        guard size > Self.hugeLog, size > byteCount / 4 else { return [] }
        return [
            Finding(
                .warning, "the log \(file)-wal has grown to \(size >> 20) MiB: some reader keeps it from being emptied",
                remedy: "end long read transactions, then PRAGMA wal_checkpoint(TRUNCATE)")
        ]
    }

    private func fileSystem() -> [Finding] {
        guard let kind = FileSystemKind(of: file), kind.isNetwork else { return [] }
        return [
            Finding(
                .warning, "\(file) is on a network file system (\(kind.name)), where locks of SQLite do not hold",
                remedy: "move it to a local disk")
        ]
    }

    private func room(byteCount: UInt64) -> [Finding] {
        var space = statvfs()
        guard statvfs(folder, &space) == 0 else {
            return [
                Finding(.problem, "the folder for temporary files \(folder): \(errorText(errno))", remedy: "set TMPDIR")
            ]
        }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        guard free < byteCount + byteCount / 4 else { return [] }
        return [
            Finding(
                free < byteCount ? .problem : .warning,
                "the copy needs \(byteCount >> 20) MiB in \(folder), where \(free >> 20) MiB are free",
                remedy: "set TMPDIR")
        ]
    }

    private static func head(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = pread(file, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}
