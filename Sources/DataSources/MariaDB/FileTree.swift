import CLinux
import Glibc

/// Small work on trees of files of ours. No link is followed.
enum FileTree {
    /// Everything below `path`, folders before what is in them; `body` gets each path and whether it is a folder.
    ///
    /// - Throws: `malformedStream` for anything that is neither file nor folder: a data folder holds no links or devices, and
    ///   one that was planted would lead a server out of it.
    static func walk(_ path: String, _ body: (_ path: String, _ isFolder: Bool) throws -> Void) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("cannot look at it", path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: try body(path, false)
        case S_IFDIR:
            try body(path, true)
            for name in try names(in: path) { try walk("\(path)/\(name)", body) }
        default:
            throw SourceError(
                .malformedStream, "neither a file nor a folder, so no part of a data folder", subject: path)
        }
    }

    /// Names in a folder, sorted by their bytes.
    static func names(in path: String) throws -> [String] {
        guard let stream = opendir(path) else { throw failure("cannot open the folder", path) }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Gives everything to an account.
    static func give(_ path: String, to account: SystemAccount) throws {
        try walk(path) { path, _ in
            guard lchown(path, account.userID, account.groupID) == 0 else {
                throw failure("cannot give it to \(account.name)", path)
            }
        }
    }

    /// Writes everything that the file system of `path` holds back to the device.
    static func flush(_ path: String) throws {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("cannot open the folder", path) }
        defer { close(folder) }
        guard lb_sync_file_system(folder) == 0 else { throw failure("cannot flush it to disk", path) }
    }

    /// Removes it and what is in it, as well as can be.
    static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            // A folder that cannot be read is left where it is; it holds nothing of value.
            for name in (try? names(in: path)) ?? [] { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// A failure of a system call, just now.
    static func failure(_ what: String, _ path: String) -> SourceError {
        let number = errno
        return SourceError(number == ENOSPC ? .noSpace : .failed, "\(what): \(errorText(number))", subject: path)
    }
}
