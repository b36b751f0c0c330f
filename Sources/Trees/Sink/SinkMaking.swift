import CLinux
import Glibc

extension LocalTreeSink {
    /// Makes a directory, or keeps the one that is there (true). A symlink or file in its place is removed first, never
    /// followed. Without permissions for its owner an existing one is given them until it is finished.
    @discardableResult
    public func makeDirectory(_ path: [[UInt8]]) throws(TreeError) -> Bool {
        if path.isEmpty { return true }
        let (directory, name) = try parent(path)
        for _ in 0..<8 {
            if unsafe System.withCString(name, { unsafe mkdirat(directory.number, $0, 0o700) }) == 0 { return false }
            guard errno == EEXIST else { break }
            if let status = System.status(directory.number, name), status.st_mode & S_IFMT == S_IFDIR {
                if !isRoot, status.st_mode & 0o700 != 0o700 { makeAccessible(path) }
                return true
            }
            // Not `clear`: a directory that took the link's place meanwhile is what is wanted.
            let gone = unsafe System.withCString(name) { unsafe unlinkat(directory.number, $0, 0) } == 0
            if !gone, errno != ENOENT, errno != EISDIR { break }
        }
        throw TreeError.system(errno, "cannot make the directory", directories.printable(path))
    }

    /// Best effort: when it fails, so does what is written below, and says so.
    private func makeAccessible(_ path: [[UInt8]]) {
        guard let (directory, name) = try? parent(path) else { return }
        let number = System.open(directory.number, name, lb_o_path | O_DIRECTORY | O_NOFOLLOW)
        guard number >= 0 else { return }
        let opened = Descriptor(owning: number)
        _ = unsafe System.withCString(Array("/proc/self/fd/\(opened.number)".utf8)) { unsafe chmod($0, 0o700) }
    }

    /// Makes a symlink with any target but an empty one, replacing what is there.
    public func makeSymlink(_ path: [[UInt8]], target: [UInt8]) throws(TreeError) {
        guard !target.isEmpty, !target.contains(0) else {
            throw TreeError(
                .unsupported, "a symlink without a target, or with NUL in it, cannot be made",
                subject: directories.printable(path), hint: "the snapshot lost the target; restore an older one")
        }
        try unsafe System.withCStringThrowing(target) { target throws(TreeError) in
            try unsafe making(path, "cannot make the symlink") { unsafe symlinkat(target, $0, $1) }
        }
    }

    /// Makes a further name for a file that was restored before, replacing what is there. Both may be the same file already.
    public func makeHardLink(_ path: [[UInt8]], to existing: [[UInt8]]) throws(TreeError) {
        let (source, name) = try parent(existing)
        guard let status = System.status(source.number, name) else {
            throw TreeError.system(errno, "cannot link to", directories.printable(existing))
        }
        if let other = try self.existing(path), FileIdentity(other) == FileIdentity(status) { return }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw TreeError(
                .obstructed, "a directory cannot have a second name", subject: directories.printable(existing))
        }
        try unsafe System.withCStringThrowing(name) { name throws(TreeError) in
            // Flags 0: a symlink is linked itself, not followed.
            try unsafe making(path, "cannot make the hard link") { unsafe linkat(source.number, name, $0, $1, 0) }
        }
    }

    /// Makes a block or character device, replacing what is there; `device` is `st_rdev`. Needs privileges.
    public func makeDevice(_ path: [[UInt8]], kind: NodeKind, device: UInt64) throws(TreeError) {
        precondition(kind == .blockDevice || kind == .characterDevice, "a device of either kind")
        let mode = (kind == .blockDevice ? S_IFBLK : S_IFCHR) | 0o600
        try unsafe making(path, "cannot make the device") { unsafe mknodat($0, $1, mode, dev_t(device)) }
    }

    /// Makes a FIFO, replacing what is there.
    public func makeFIFO(_ path: [[UInt8]]) throws(TreeError) {
        try unsafe making(path, "cannot make the FIFO") { unsafe mkfifoat($0, $1, 0o600) }
    }
}
