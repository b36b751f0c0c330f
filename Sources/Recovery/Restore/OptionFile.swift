import DataSources
import FoundationEssentials
import Glibc

/// Lines of ours in an option file of a server, between two marks; what else is in it stays.
enum OptionFile {
    private static let begin = "# begin of what lifeboat wrote; another restore in place replaces it"
    private static let end = "# end of what lifeboat wrote"
    /// An option file is not longer.
    private static let largestByteCount = 1 << 20

    /// Writes the content of `from`, which need not be there, with `lines` in place of those before, to `to`.
    static func write(_ lines: [String], kind: SourceKind, from: String, to: String) throws {
        var status = stat()
        let isThere = stat(from, &status) == 0
        guard !isThere || status.st_size <= largestByteCount else {
            throw RecoveryError(
                .notConfigured, "the option file is longer than any is: \(status.st_size) bytes", subject: from)
        }
        let old = isThere ? String(decoding: try Data(contentsOf: URL(filePath: from)), as: UTF8.self) : ""
        let text = content(old, lines, kind: kind)
        unlink(to)
        let file = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot make", to) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count,
            fchmod(file, isThere ? status.st_mode & 0o7777 : 0o644) == 0,
            !isThere || fchown(file, status.st_uid, status.st_gid) == 0, fsync(file) == 0
        else { throw RecoveryError.system(errno, "cannot write", to) }
    }

    /// `old` with our lines at its end; pure.
    static func content(_ old: String, _ lines: [String], kind: SourceKind) -> String {
        var kept = [Substring]()
        var isOurs = false
        for line in old.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == begin { isOurs = true }
            if !isOurs { kept.append(line) }
            if line == end { isOurs = false }
        }
        while kept.last?.isEmpty ?? false { kept.removeLast() }
        let needsGroup = kind == .mariadb && lines.first?.hasPrefix("[") != true
        let ours = [begin] + (needsGroup ? ["[mariadbd]"] : []) + lines + [end]
        return (kept.map(String.init) + ours).joined(separator: "\n") + "\n"
    }
}
