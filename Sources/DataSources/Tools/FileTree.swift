import CLinux
import Glibc

/// Small work on files and folders of ours. No link is followed where something is walked, given away or removed. Calls block.
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

    /// Names in a folder, sorted by their bytes; none when it cannot be read, for callers that look for something in it.
    static func namesIfAny(in path: String) -> [String] { (try? names(in: path)) ?? [] }

    /// Gives it and all that is in it to an account; links themselves, never what they lead to.
    static func give(_ path: String, to account: SystemAccount) throws {
        guard lchown(path, account.userID, account.groupID) == 0 else {
            throw failure("cannot give it to \(account.name)", path)
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        for name in try names(in: path) { try give("\(path)/\(name)", to: account) }
    }

    /// Is anything of that name there, be it a dangling link?
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Makes a folder unless it is there.
    static func makeFolder(_ path: String, permissions: mode_t = 0o700) throws {
        guard mkdir(path, permissions) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    /// A new folder of ours, 0700, below `parent`; `purpose` stands in its name.
    static func makeTemporaryFolder(in parent: String, _ purpose: String) throws -> String {
        var template = Array("\(parent)/lifeboat-\(purpose)-XXXXXX".utf8CString)  // mkdtemp fills in the end
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw failure("cannot make a temporary folder", parent)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Renames; both must be on one file system.
    static func move(_ path: String, to target: String) throws {
        guard rename(path, target) == 0 else { throw failure("cannot move it to \(target)", path) }
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
            for name in namesIfAny(in: path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// A failure of a system call, just now.
    static func failure(_ what: String, _ path: String) -> SourceError {
        let number = errno
        return SourceError(
            number == ENOSPC || number == EDQUOT
                ? .noSpace : number == EACCES || number == EPERM ? .accessDenied : .failed,
            "\(what): \(errorText(number))", subject: path)
    }
}
