import CLinux
import Glibc

extension LocalTreeSink {
    /// Removes what is at a path, of a directory everything below it when `recursively`; false when nothing was there.
    ///
    /// Throws `obstructed` for a directory that is not empty unless `recursively`. Symlinks are removed, never followed.
    @discardableResult
    public func remove(_ path: [[UInt8]], recursively: Bool) throws(TreeError) -> Bool {
        let (directory, name) = try parent(path)
        return try remove(name, in: directory, path, recursively: recursively)
    }

    @discardableResult
    func remove(
        _ name: [UInt8], in directory: OpenDirectory, _ path: [[UInt8]], recursively: Bool
    ) throws(TreeError) -> Bool {
        if unlink(directory.number, name) { return true }
        if errno == ENOENT { return false }
        guard errno == EISDIR else { throw TreeError.system(errno, "cannot remove", directories.printable(path)) }
        // Open descriptors of what goes are of no more use, whatever comes in its place.
        directories.forget()
        if unlink(directory.number, name, AT_REMOVEDIR) { return true }
        let number = errno
        guard number == ENOTEMPTY || number == EEXIST, recursively else {
            throw TreeError.system(number, "cannot remove the directory", directories.printable(path))
        }
        var removal = TreeRemoval(path: directories.printable(path))
        try removal.remove(name, in: directory.number)
        return true
    }

    /// Makes room for something that is not a directory.
    func clear(_ name: [UInt8], in directory: OpenDirectory, _ path: [[UInt8]]) throws(TreeError) {
        do throws(TreeError) {
            try remove(name, in: directory, path, recursively: options.replacesDirectories)
        } catch {
            guard error.code == .obstructed else { throw error }
            throw TreeError(
                .obstructed, "a directory that is not empty stands in the way", subject: directories.printable(path),
                hint: "restore elsewhere, or allow the restore to delete", errno: error.errno)
        }
    }

    /// Makes something under a name that must be free: clears the way and tries again when it is not.
    func making(
        _ path: [[UInt8]], _ what: String, _ call: (Int32, UnsafePointer<CChar>) -> Int32
    ) throws(TreeError) {
        let (directory, name) = try parent(path)
        // Somebody who puts things in the way again and again is not fought for ever.
        for _ in 0..<8 {
            let result = unsafe System.withCString(name) { name in
                System.retrying { unsafe call(directory.number, name) }
            }
            if result == 0 { return }
            guard errno == EEXIST else { break }
            try clear(name, in: directory, path)
        }
        throw TreeError.system(errno, what, directories.printable(path))
    }
}

private func unlink(_ directory: Int32, _ name: [UInt8], _ flags: Int32 = 0) -> Bool {
    unsafe System.withCString(name) { unsafe unlinkat(directory, $0, flags) } == 0
}

/// Removes a directory with all that is below it, however deep, with one open descriptor.
///
/// The way up is `..`, which leads elsewhere when somebody moves the directory meanwhile; so each directory is compared with
/// the one that was left, and nothing is removed in any other.
private struct TreeRemoval {
    private struct Level {
        let name: [UInt8]
        let identity: FileIdentity
        let names: NameList
        var next = 0
    }

    let path: String
    private var levels: [Level] = []

    init(path: String) {
        self.path = path
    }

    mutating func remove(_ name: [UInt8], in directory: Int32) throws(TreeError) {
        var current = try enter(name, directory)
        while true {
            if let next = try removeEntries(current.number) {
                current = try enter(next, current.number)
                continue
            }
            let done = levels.removeLast()
            guard let above = levels.last else { break }
            current = try ascend(current.number, to: above)
            try removeEmpty(done.name, current.number)
        }
        try removeEmpty(name, directory)
    }

    private mutating func enter(_ name: [UInt8], _ directory: Int32) throws(TreeError) -> Descriptor {
        var number = System.open(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        if number < 0, errno == EACCES, makeAccessible(name, directory) {
            number = System.open(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        }
        guard number >= 0 else { throw failure("cannot open a directory to remove") }
        let opened = Descriptor(owning: number)
        guard let status = System.status(of: number) else { throw failure("cannot look at a directory to remove") }
        if geteuid() != 0, status.st_mode & 0o700 != 0o700 { _ = fchmod(number, 0o700) }
        guard let names = NameList(readingDirectory: number) else { throw failure("cannot read a directory to remove") }
        levels.append(Level(name: name, identity: FileIdentity(status), names: names))
        return opened
    }

    /// Gives ourselves access to a directory of ours, without following a link that takes its place.
    private func makeAccessible(_ name: [UInt8], _ directory: Int32) -> Bool {
        let number = System.open(directory, name, lb_o_path | O_DIRECTORY | O_NOFOLLOW)
        guard number >= 0 else { return false }
        let opened = Descriptor(owning: number)
        return unsafe System.withCString(Array("/proc/self/fd/\(opened.number)".utf8)) { unsafe chmod($0, 0o700) } == 0
    }

    /// Removes entries of the lowest directory up to the next directory that is not empty, and gives its name.
    private mutating func removeEntries(_ directory: Int32) throws(TreeError) -> [UInt8]? {
        let last = levels.count - 1
        while levels[last].next < levels[last].names.count {
            let name = levels[last].names.name(levels[last].next)
            levels[last].next += 1
            if unlink(directory, name) || errno == ENOENT { continue }
            guard errno == EISDIR else { throw failure("cannot remove \(RawName.printable(name)) below") }
            if unlink(directory, name, AT_REMOVEDIR) { continue }
            guard errno == ENOTEMPTY || errno == EEXIST else {
                throw failure("cannot remove \(RawName.printable(name)) below")
            }
            return name
        }
        return nil
    }

    private func ascend(_ directory: Int32, to level: Level) throws(TreeError) -> Descriptor {
        let number = System.open(directory, [0x2E, 0x2E], O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard number >= 0 else { throw failure("cannot go back to a directory to remove") }
        let opened = Descriptor(owning: number)
        guard let status = System.status(of: number), FileIdentity(status) == level.identity else {
            throw TreeError(.obstructed, "a directory was moved while it was removed", subject: path)
        }
        return opened
    }

    private func removeEmpty(_ name: [UInt8], _ directory: Int32) throws(TreeError) {
        guard unlink(directory, name, AT_REMOVEDIR) || errno == ENOENT else {
            throw failure("cannot remove \(RawName.printable(name)) below")
        }
    }

    private func failure(_ what: String) -> TreeError { .system(errno, what, path) }
}
