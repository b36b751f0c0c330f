import CLinux
import FoundationEssentials
import Glibc

/// Small work on files and folders of ours. Links are never followed where something is removed or given away.
enum PostgreSQLFiles {
    /// The whole of a file that should be small.
    static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot open it", path) }
        defer { close(file) }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read it", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw SourceError(.malformedStream, "longer than \(limit) bytes, which it never is", subject: path)
            }
        }
    }

    /// Makes a file, or replaces its content.
    static func write(_ path: String, _ bytes: [UInt8], permissions: mode_t = 0o600) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, permissions)
        guard file >= 0 else { throw failure("cannot make it", path) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write it", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Is anything of that name there, be it a dangling link?
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Names in a folder; none when it cannot be read.
    static func names(in path: String) -> [String] {
        // No folder, no names: callers look for something in it.
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Makes a folder unless it is there.
    static func makeFolder(_ path: String, permissions: mode_t = 0o700) throws {
        guard mkdir(path, permissions) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    /// A new folder of ours, 0700, below `parent`.
    static func makeTemporaryFolder(in parent: String) throws -> String {
        var template = Array("\(parent)/lifeboat-pg-XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw failure("cannot make a temporary folder", parent)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Renames; both must be on one file system.
    static func move(_ path: String, to target: String) throws {
        guard rename(path, target) == 0 else { throw failure("cannot move it to \(target)", path) }
    }

    /// Removes it and what is in it, as well as can be.
    static func remove(_ path: String) {
        // What cannot be removed holds nothing that anybody needs.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Gives it and all that is in it to an account.
    static func give(_ path: String, to account: SystemAccount) throws {
        try giveOne(path, to: account)
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        for name in names(in: path) { try give("\(path)/\(name)", to: account) }
    }

    private static func giveOne(_ path: String, to account: SystemAccount) throws {
        guard lchown(path, account.userID, account.groupID) == 0 else {
            throw failure("cannot give it to \(account.name)", path)
        }
    }

    /// Writes everything that the file system of `path` holds back to the device.
    static func flush(_ path: String) throws {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("cannot open the folder", path) }
        defer { close(folder) }
        guard lb_sync_file_system(folder) == 0 else { throw failure("cannot flush it to disk", path) }
    }

    /// A failure of a system call, just now.
    static func failure(_ what: String, _ path: String) -> SourceError {
        let number = errno
        return SourceError(number == ENOSPC ? .noSpace : .failed, "\(what): \(errorText(number))", subject: path)
    }
}
