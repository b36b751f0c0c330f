import CLinux
import Glibc

/// Putting restored files where a server wants them. Calls block.
enum PlacedFiles {
    /// Makes a folder, with those above it, unless it is there and empty or `account`'s run folder; gives it to `account`.
    static func makeFolder(_ path: String, account: SystemAccount?) throws(SourceError) {
        if mkdir(path, 0o700) != 0, errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]), account: nil)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw FileTree.failure("cannot make the folder", path)
            }
        } else if access(path, F_OK) != 0 {
            throw FileTree.failure("cannot make the folder", path)
        }
        try give(path, to: account)
    }

    /// Renames a file to a name that is free; where source and target are on two file systems it is copied.
    static func move(
        _ from: String, to target: String, account: SystemAccount?, mode: mode_t? = 0o600
    ) throws(SourceError) {
        guard access(target, F_OK) != 0 else {
            throw SourceError(.targetOccupied, "there is a file already", subject: target, hint: "name an empty folder")
        }
        if rename(from, target) != 0 {
            guard errno == EXDEV else { throw FileTree.failure("cannot place the file", from) }
            try copy(from, to: target)
            guard unlink(from) == 0 else { throw FileTree.failure("cannot remove the file", from) }
        }
        if let mode, chmod(target, mode) != 0 { throw FileTree.failure("cannot set the mode of", target) }
        try give(target, to: account)
        try sync(target)
    }

    /// Everything of the file, or the names in the folder, is on disk when this returns.
    static func sync(_ path: String) throws(SourceError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileTree.failure("cannot open", path) }
        defer { close(file) }
        guard fsync(file) == 0 || errno == EINVAL else { throw FileTree.failure("cannot sync", path) }
    }

    private static func give(_ path: String, to account: SystemAccount?) throws(SourceError) {
        guard let account else { return }
        guard lchown(path, account.userID, account.groupID) == 0 else {
            throw FileTree.failure("cannot give away", path)
        }
    }

    private static func copy(_ from: String, to target: String) throws(SourceError) {
        let source = open(from, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileTree.failure("cannot open", from) }
        defer { close(source) }
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileTree.failure("cannot make", target) }
        defer { close(file) }
        var status = stat()
        guard fstat(source, &status) == 0, fchown(file, status.st_uid, status.st_gid) == 0,
            fchmod(file, status.st_mode & 0o7777) == 0
        else { throw FileTree.failure("cannot set owner and mode of", target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileTree.failure("cannot read", from) }
            if count == 0 { return }
            try SmallFile.append(buffer[..<count], to: file, target)
        }
    }
}
