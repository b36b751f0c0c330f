import Glibc

/// The paths to back up as one tree: `/srv/data` and `/srv/www` become `srv` with `data` and `www` in it. Paths within each
/// other are merged.
struct PathPlan: Sendable {
    /// What is named below, by name.
    var children: [[UInt8]: PathPlan] = [:]
    /// Is this itself one of the paths, so that all of it is backed up?
    var isTarget = false
    /// Was it named with a slash at its end, so that a symlink there is followed?
    var followsLink = false
    /// The file system of a path, which the walk may be told not to leave.
    var deviceID: UInt64 = 0

    /// Is it a directory on the way to a path? Symlinks are followed there.
    var isWay: Bool { !children.isEmpty }

    /// Names of what is below, in order.
    var names: [[UInt8]] { children.keys.sorted(by: RawName.isAscending) }

    /// Adds a path, of which `components` are left; `leaf` describes its end.
    mutating func add(_ components: ArraySlice<[UInt8]>, _ leaf: PathPlan) {
        guard let first = components.first else {
            isTarget = true
            followsLink = followsLink || leaf.followsLink
            deviceID = leaf.deviceID
            return
        }
        children[first, default: PathPlan()].add(components.dropFirst(), leaf)
    }
}

/// A path to back up, absolute.
struct SourcePath {
    let components: [[UInt8]]
    let leaf: PathPlan

    /// Finds out where a path leads. A symlink at its end is meant itself, unless a slash follows it.
    ///
    /// Throws `notFound` when nothing is there, `obstructed` when a slash follows what is no directory.
    init(_ path: [UInt8], workingDirectory: [UInt8]) throws(TreeError) {
        let subject = RawName.printable(path)
        guard !path.isEmpty, !path.contains(0) else {
            throw TreeError(.unsafeName, "a path is empty or holds NUL", subject: subject)
        }
        let absolute = path.first == 0x2F ? path : workingDirectory + [0x2F] + path
        components = RawPath.clean(absolute)
        let hasSlash = path.last == 0x2F || path.suffix(2) == [0x2F, 0x2E]
        let flags = hasSlash ? 0 : AT_SYMLINK_NOFOLLOW
        guard let status = System.status(AT_FDCWD, RawPath.absolute(components), flags: flags) else {
            let error = TreeError.system(errno, "cannot back up", subject)
            throw TreeError(
                error.code, error.message, subject: subject,
                hint: error.code == .notFound ? "mend the path, or take it out of the source" : error.hint,
                errno: error.errno)
        }
        if hasSlash, status.st_mode & S_IFMT != S_IFDIR {
            throw TreeError(
                .obstructed, "a path that ends with a slash is no directory", subject: subject,
                hint: "leave the slash out")
        }
        leaf = PathPlan(isTarget: true, followsLink: hasSlash, deviceID: UInt64(status.st_dev))
    }

    /// The working directory of the process, links resolved.
    static func currentDirectory() throws(TreeError) -> [UInt8] {
        guard let path = unsafe realpath(".", nil) else {
            throw TreeError.system(errno, "cannot find the working directory", ".")
        }
        defer { unsafe free(path) }
        return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }
}
